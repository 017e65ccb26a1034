"""The owner's rules: what runs unasked is what they plainly name; what always asks is not got around."""

from typing import Any

import pytest

from executor.engine.policy.rules import always_asks, runs_unasked

API = ["http:https://api.example.com/v1/*"]
OTHER_PROGRAMS = [
    "env -S 'tr a b' x",
    "env -i git status",
    "nice -n 5 id",
    "timeout 5 id",
    "timeout -k 1 5 sh x.sh",
    "xargs -a names id",
    "find . -name x -exec id +",
    "find . -okdir id",
    "fd -x id",
    "fd -Xid",
    "sh script",
    "dash script",
    "make",
    "make -f other.mk",
    "ninja -C out",
    "cmake --build out",
    "npm run build",
    "npm ci",
    "pnpm dlx thing",
    "yarn run x",
    "bunx thing",
    "npx thing",
    "cargo run",
    "go generate ./...",
    "python3 -m pkg",
    "python3 -mpkg",
    "python3.12 -Bm pkg",
    "pypy3 -c pass",
    "pip install .",
    "uv run x",
    "git -c alias.x=!id x",
    "git -ccore.pager=id log",
    "git grep -Oid x",
    "git grep --open-files-in-pager=id x",
    "git clone ext::id x",
    "git fetch --upload-pack=id x",
    "git push --receive-pack id x",
    "git rebase -x id",
    "git submodule foreach id",
    "git difftool -x id",
    "git log --ext-diff",
    "git --exec-path=. status",
    "git --config-env=core.pager=X log",
    "tar -Iid -xf x.tar",
    "tar -I id -xf x.tar",
    "tar --use-compress-program=id -xf x",
    "rsync -e id a b",
    "rsync --rsh=id a b",
    "zip -TT id x.zip y",
    "sort --compress-program=id x",
    "rg --pre id x",
    "tcpdump -z id",
    "ncat -e /bin/sh h 1",
    "socat - EXEC:id",
    "docker run x",
    "ssh h id",
    "curl -o ProxyCommand=id x",
    "vim -c :!id",
    "less x",
    "man -P id x",
    "sqlite3 x .shell",
    "psql x",
    "crontab x",
    "watch id",
    "flock x id",
    "chronic id",
    "ip netns exec x id",
    "awk -f x",
    "sed -n 1e x",
    "busybox id",
    "GIT_SSH_COMMAND=id git fetch",
    "IFS=x id",
    "ls; id",
    "ls && id",
    "ls | sh",
    "ls $(id)",
    "ls `id`",
    "ls <(id)",
    "ls > .bashrc",
    "ls\nid",
    "cat <<X\nX",
]


@pytest.mark.parametrize("command", OTHER_PROGRAMS)
@pytest.mark.parametrize("action", ["shell", "wait"])
def test_a_star_lets_no_other_program_run(action: str, command: str) -> None:
    assert not runs_unasked([f"{action}:*"], action, {"command": command})
    assert runs_unasked([f"{action}:{command}"], action, {"command": command})


@pytest.mark.parametrize(
    "command",
    ["git status -s", "git add notes.txt", "git commit -q", "ls -x", "sort -u x", "df -h", "cat a b", "pytest"],
)
def test_a_star_lets_plain_commands_run(command: str) -> None:
    assert runs_unasked(["shell:*"], "shell", {"command": command})
    assert not runs_unasked(["shell:other*"], "shell", {"command": command})


@pytest.mark.parametrize(
    "parameters",
    [
        {"url": "https://api.example.com/v1/x", "method": "POST"},
        {"url": "https://api.example.com/v1/x", "method": "delete"},
        {"url": "http://api.example.com/v1/x"},
        {"url": "https://api.example.com:8443/v1/x"},
        {"url": "https://api.example.com.evil.org/v1/x"},
        {"url": "https://evil.org/https://api.example.com/v1/x"},
        {"url": "https://evil.org/?api.example.com/v1/x"},
        {"url": "https://api.example.com@evil.org/v1/x"},
        {"url": "https://user@api.example.com/v1/x"},
        {"url": "https://api.example.com\\@evil.org/v1/x"},
        {"url": "https://api.example.com/v1/../admin"},
        {"url": "https://api.example.com/v1/%2e%2e/admin"},
        {"url": "https://api.example.com/v1/..%2fadmin"},
        {"url": "https://api.example.com/v2/x"},
        {"url": "https://аpi.example.com/v1/x"},
        {"url": "https://[::1/v1/x"},
        {"url": "https://api.example.com:port/v1/x"},
        {"url": "https:/v1/x"},
        {"url": "https://api.example.com/v1/x", "headers": {"hOST": "evil.org"}},
    ],
)
def test_a_rule_about_an_address_lets_only_that_be_read(parameters: dict[str, Any]) -> None:
    assert not runs_unasked(API, "http", parameters)


@pytest.mark.parametrize(
    ("rule", "method", "url", "runs"),
    [
        (API[0], "GET", "https://api.example.com/v1/a?b=c", True),
        (API[0], "HEAD", "https://API.example.com:443/v1/a", True),
        ("http:POST https://api.example.com/v1/*", "POST", "https://api.example.com/v1/a", True),
        ("http:POST https://api.example.com/v1/*", "GET", "https://api.example.com/v1/a", False),
        ("http:https://*.example.com/*", "GET", "https://a.example.com/", True),
        ("http:https://*.example.com/*", "GET", "https://evil.org/?.example.com/", False),
        ("http:https://api.example.com*", "GET", "https://api.example.com/x", True),
        ("http:https://api.example.com*", "GET", "https://api.example.com.evil.org/x", False),
        ("http:https://api.example.com", "GET", "https://api.example.com", True),
        ("http:https://api.example.com", "GET", "https://api.example.com/x", False),
        ("http:api.example.com/*", "GET", "http://api.example.com/x", True),
        ("http:*", "GET", "https://anything.example/x?y", True),
        ("http:*", "POST", "https://anything.example/x", False),
        ("http", "POST", "https://anything.example/x", True),
    ],
)
def test_what_a_rule_about_addresses_covers(rule: str, method: str, url: str, runs: bool) -> None:
    assert runs_unasked([rule], "http", {"url": url, "method": method}) is runs


@pytest.mark.parametrize(
    ("rule", "action", "parameters", "runs"),
    [
        ("python", "python", {"code": "1"}, True),
        ("python:*", "python", {"code": "1"}, False),
        ("write:docs/*", "write", {"path": "docs/a.md"}, True),
        ("write:docs/*", "write", {"path": "docs/../.git/config"}, False),
        ("install:requests", "install", {"packages": ["requests"]}, True),
        ("install:requests", "install", {"packages": ["requests", "evil"]}, False),
        ("install:requests", "install", {"packages": ["requests@1"]}, False),
        ("mcp:mail.read_*", "mcp", {"server": "mail", "tool": "read_one"}, True),
        ("mcp:mail.read_*", "mcp", {"server": "mail", "tool": "send"}, False),
        ("deploy", "deploy", {"target": "x"}, True),
        ("deploy:x", "deploy", {"target": "x"}, False),
        ("wait", "wait", {"seconds": 1}, True),
        ("shell", "wait", {"seconds": 1}, False),
    ],
)
def test_what_a_rule_covers(rule: str, action: str, parameters: dict[str, Any], runs: bool) -> None:
    assert runs_unasked([rule], action, parameters) is runs


@pytest.mark.parametrize(
    "command",
    [
        "git push",
        "git   push origin",
        "cd x && git push",
        "true;git push",
        "sudo git push",
        "env A=b git push",
        "bash -c 'git push'",
        'sh -c "cd x; git push"',
        "/usr/bin/git push",
        "g'i't push",
        'git "push"',
        "git \\\n push",
        "echo $(git push)",
        "x=`git push`",
        "if true; then git push; fi",
        "{ git push; }",
        "unfinished ' && git push",
    ],
)
def test_what_always_asks_is_not_got_around_by_what_stands_beside_it(command: str) -> None:
    assert always_asks(["shell:git push*"], "shell", {"command": command})
    assert not always_asks(["shell:git pull*"], "shell", {"command": command})


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "https://bank.example/x"),
        ("POST", "https://BANK.example/x"),
        ("GET", "HTTPS://bank.example:443/x"),
        ("GET", "https://bank.example./x"),
        ("GET", "https://me@bank.example/x"),
        ("GET", "https://bank.example/a/../x"),
        ("GET", "https://bank.example/%78"),
    ],
)
def test_another_spelling_of_an_address_asks_as_well(method: str, url: str) -> None:
    assert always_asks(["http:https://bank.example/x"], "http", {"url": url, "method": method})
    assert always_asks([f"http:{method} https://bank.example/*"], "http", {"url": url, "method": method})


def test_one_package_among_others_asks() -> None:
    assert always_asks(["install:torch*"], "install", {"packages": ["requests", "torch==2"]})
    assert always_asks(["write:.git/*"], "write", {"path": "a/../.git/config"})
    assert always_asks(["deploy"], "deploy", {"target": "x"})
    assert not always_asks(["deploy"], "shell", {"command": "deploy"})


def test_a_very_long_command_is_read_in_no_time() -> None:
    long = {"command": "echo " + "a " * 14_000 + "; git push"}

    assert always_asks(["shell:git push*"], "shell", long)


@pytest.mark.parametrize(
    ("rule", "action", "parameters"),
    [
        ("http:*evil.com*", "http", {"url": "https://evil\u3002com/x"}),
        ("http:*evil.com*", "http", {"url": "https://\uff45vil.com/x"}),
        ("http:*evil.com*", "http", {"url": "https://e%76il.com/x"}),
        ("http:*xn--80ak6aa92e.com*", "http", {"url": "https://\u0430\u0440\u0440\u04cf\u0435.com/"}),
        ("http:*127.0.0.1:8080*", "http", {"url": "http://2130706433:8080/x"}),
        ("http:*127.0.0.1*", "http", {"url": "http://0x7f.1/x"}),
        ("http:*evil.com/pay*", "http", {"url": "https://evil.com//pay"}),
        ("shell:curl*", "wait", {"command": "curl x"}),
        ("shell", "wait", {"command": "true"}),
        ("shell:curl *", "shell", {"command": "$'c\\x75rl' x"}),
        ("shell:curl *", "shell", {"command": "curl${IFS}x"}),
        ("shell:curl *", "shell", {"command": "{curl,x}"}),
        ("shell:rm *", "shell", {"command": "X=1 /bin/rm x"}),
        ("shell:rm *", "shell", {"command": "sudo -u ann /bin/rm x"}),
        ("shell:git push*", "shell", {"command": "git -C there push origin"}),
        ("install:evil-x", "install", {"packages": ["Evil_X"]}),
    ],
)
def test_a_rule_is_not_got_around_by_another_way_to_say_it(rule: str, action: str, parameters: dict[str, Any]) -> None:
    assert always_asks([rule], action, parameters)


@pytest.mark.parametrize(
    ("rule", "action", "parameters"),
    [
        ("shell:git push*", "shell", {"command": "git commit -m push"}),
        ("shell", "wait", {"seconds": 5}),
        ("shell:curl*", "wait", {"command": "test -e my.curl"}),
        ("http:*evil.com*", "http", {"url": "http://[::1]:80/"}),
    ],
)
def test_a_rule_asks_about_nothing_else(rule: str, action: str, parameters: dict[str, Any]) -> None:
    assert not always_asks([rule], action, parameters)
