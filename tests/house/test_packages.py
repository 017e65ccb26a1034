"""What a tool server's command loads, and whether it is the same tomorrow."""

import pytest

from bot.packages import package_of, passes_for, unpinned


@pytest.mark.parametrize(
    ("command", "package"),
    [
        (("npx", "-y", "@a/b"), "@a/b"),
        (("npx", "-y", "@a/b@latest"), "@a/b@latest"),
        (("npx", "-y", "@a/b@1"), "@a/b@1"),
        (("npx", "-y", "@a/b@^1.0.0"), "@a/b@^1.0.0"),
        (("npx", "-y", "@a/b@1.0.0"), ""),
        (("npx", "-y", "b@1.0.0-beta.2"), ""),
        (("npx", "-y", "--package=@a/b", "b"), "@a/b"),
        (("npx", "-p", "@a/b@1.0.0", "b"), ""),
        (("npx", "--registry", "http://r", "b"), "b"),
        (("npx", "github:a/b"), "github:a/b"),
        (("npx", "github:a/b#0123456789012345678901234567890123456789"), ""),
        (("npm", "exec", "b"), "b"),
        (("pnpm", "dlx", "b@1.0.0"), ""),
        (("npm", "start"), ""),
        (("/usr/bin/uvx", "mcp-server-time"), "mcp-server-time"),
        (("uvx", "mcp-server-time==2026.10.19"), ""),
        (("uvx", "mcp-server-time==2026.*"), "mcp-server-time==2026.*"),
        (("uvx", "mcp-server-time>=2026.1"), "mcp-server-time>=2026.1"),
        (("uvx", "mcp-server-time@2026.10.19"), ""),
        (("uvx", "mcp-server-time@latest"), "mcp-server-time@latest"),
        (("uvx", "notes[all]==1.0"), ""),
        (("uvx", "--from", "notes", "notes-server"), "notes"),
        (("uvx", "--with", "x", "--from", "notes==1.0", "notes-server"), ""),
        (("uvx", "--exclude-newer", "2026-11-01", "notes"), "notes"),
        (("uvx", "--from", "git+https://example.com/a/b", "b"), "git+https://example.com/a/b"),
        (("uv", "tool", "run", "notes"), "notes"),
        (("uv", "run", "server.py"), ""),
        (("pipx", "run", "notes"), "notes"),
        (("pipx", "run", "--spec", "notes==1.0", "notes"), ""),
        (("env", "A=1", "npx", "b"), "b"),
        (("sh", "-c", "exec npx -y b"), "b"),
        (("bash", "-lc", "npx -y b@1.0.0"), ""),
        (("docker", "run", "-i", "notes"), "the image of docker"),
        (("docker", "run", "-i", "notes@sha256:0a"), ""),
        (("docker", "exec", "box", "notes"), ""),
        (("npx", "./server"), ""),
        (("notes-server",), ""),
        (("npx",), ""),
        ((), ""),
    ],
)
def test_a_package_is_pinned_by_one_version_and_nothing_else(command: tuple[str, ...], package: str) -> None:
    assert unpinned(command) == package


@pytest.mark.parametrize(
    ("command", "known"),
    [
        (("npx", "-y", "@modelcontextprotcol/server-filesystem@1.0.0"), "@modelcontextprotocol/server-filesystem"),
        (("npx", "-y", "@modelcontextprotocol/server-filesytem"), "@modelcontextprotocol/server-filesystem"),
        (("npx", "-y", "playwright/mcp"), "@playwright/mcp"),
        (("uvx", "mcp-sevrer-time==1.0"), "mcp-server-time"),
        (("uvx", "mcp-server-fetch==1.0"), ""),
        (("uvx", "mcp-server-gitlab==1.0"), ""),
        (("npx", "-y", "@playwright/mcp@0.0.83"), ""),
        (("npx", "-y", "something-else"), ""),
        (("notes-server",), ""),
    ],
)
def test_a_name_that_passes_for_a_known_one_is_noticed(command: tuple[str, ...], known: str) -> None:
    assert passes_for(command) == known


def test_where_a_package_comes_from_is_known() -> None:
    assert (package_of(("npx", "b")), package_of(("uvx", "b"))) == (("b", True), ("b", False))
