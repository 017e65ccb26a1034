"""What the doctor says about tool servers and about actions that are not Milepost's own."""

from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from bot.tool_findings import tools
from executor.domain.errors import Unconfigured


def lines(found: dict[str, Any], **settings: Any) -> list[str]:
    return [finding.line() for finding in tools(Settings(**settings), lambda _: found)]


def test_a_place_without_any_hears_nothing() -> None:
    assert lines({}) == []


def test_each_server_is_a_line_with_what_is_wrong_and_what_to_do() -> None:
    servers = [
        {"server": "good", "problem": "", "tools": ["a", "b"], "changed": []},
        {"server": "new", "problem": "", "tools": ["a"], "changed": ["a"]},
        {"server": "gone", "problem": "ended by itself: no key", "tools": [], "changed": []},
    ]

    assert lines({"servers": servers}) == [
        "ok    mcp good: 2 tools",
        "note  mcp new: 1 tools; changed since accepted: a → each asks before it runs",
        "WRONG mcp gone: ended by itself: no key → try its command by hand; its keys belong into env or headers",
    ]


GONE = {"servers": [{"server": "notes", "problem": "ended by itself", "tools": [], "changed": []}]}


@pytest.mark.parametrize(
    ("server", "remedy"),
    [
        ({"command": ("no-such-program", "x")}, "install no-such-program, or write its whole path"),
        ({"command": ("uvx", "a==1.0.0"), "env": {"PATH": "/nowhere"}}, "install uv: it brings uvx"),
        ({"command": ("env", "a"), "network": False}, "try its command by hand; its keys belong into env or headers"),
    ],
)
def test_a_server_that_does_not_start_gets_the_remedy_that_fits(server: dict[str, Any], remedy: str) -> None:
    assert lines(GONE, mcp={"notes": server}) == [f"WRONG mcp notes: ended by itself → {remedy}"]


def test_a_package_that_has_to_be_loaded_needs_the_network(tmp_path: Path) -> None:
    (tmp_path / "npx").touch(mode=0o755)
    server = {"command": ("npx", "-y", "a@1.0.0"), "env": {"PATH": str(tmp_path)}}

    remedies = [
        lines(GONE, mcp={"notes": server | {"network": network}})[-1].partition(" → ")[2] for network in (False, True)
    ]

    assert remedies == [
        "let it load its program: network = true in [mcp.notes]",
        "try its command by hand; its keys belong into env or headers",
    ]


def test_what_looks_like_orders_is_quoted_and_makes_the_place_no_worse() -> None:
    orders = {
        "add": ["title poses as the system: “<SYSTEM>”", *(f"a{n} hides characters: “⟨U+200B⟩”" for n in range(4))]
    }
    servers = [{"server": "notes", "problem": "", "tools": ["add"], "changed": [], "orders": orders}]

    assert lines({"servers": servers}) == [
        "ok    mcp notes: 1 tools",
        "note  mcp notes: what it says of add looks like orders: title poses as the system: “<SYSTEM>”; a0 hides "
        "characters: “⟨U+200B⟩”; a1 hides characters: “⟨U+200B⟩”; and 2 more → it asks before each call, and models "
        "are not told; remove the server, or trust the tool if you know why",
    ]


def test_actions_of_ones_own_and_those_that_can_not_be_used_are_named() -> None:
    found = {"own": ["deploy"], "installed": ["greet"], "problems": ["The action x (y) can't be loaded: E: z"]}

    assert lines(found) == [
        "WRONG actions: The action x (y) can't be loaded: E: z → correct the package, or remove it",
        "ok    actions: beside Milepost's own: deploy, greet",
    ]


def test_a_server_that_would_be_loaded_in_any_version_is_noted() -> None:
    mcp = {"notes": {"command": ("npx", "-y", "notes-server")}}

    assert lines({}, mcp=mcp) == [
        "note  mcp notes: notes-server is loaded in whatever version is newest → name the version that you trust, like "
        "notes-server@1.2.3"
    ]


def test_what_the_owner_should_know_of_a_server_is_a_note() -> None:
    server = {"server": "near", "problem": "", "tools": [], "changed": [], "notes": ["it is reached at home"]}

    assert lines({"servers": [server]}) == ["ok    mcp near: 0 tools", "note  mcp near: it is reached at home"]


def test_a_milepost_that_can_not_ask_says_why() -> None:
    def refuse(settings: Settings) -> dict[str, Any]:
        raise Unconfigured("The SDK is missing.")

    assert [finding.line() for finding in tools(Settings(), refuse)] == ["WRONG tools: The SDK is missing."]


def test_a_server_from_an_image_that_may_change_is_noted() -> None:
    mcp = {"notes": {"command": ("docker", "run", "-i", "--rm", "notes:latest")}}

    assert lines({}, mcp=mcp) == [
        "note  mcp notes: the image of docker is loaded in whatever version is newest → name the version that you "
        "trust, like IMAGE@sha256:…"
    ]


def test_a_package_that_is_almost_called_as_a_known_one_is_noted() -> None:
    mcp = {"notes": {"command": ("npx", "-y", "@playwrihgt/mcp@0.0.83")}}

    assert lines({}, mcp=mcp) == [
        "note  mcp notes: @playwrihgt/mcp@0.0.83 is almost called @playwright/mcp → look whether that is the one that "
        "you meant"
    ]
