"""What a command needs beyond its sandbox is told from its words, before the plan is shown."""

from pathlib import Path

import pytest

from executor.actions.reaching import Reaching, reach_of_command
from executor.domain.plan import Check, CheckKind, TaskSpec
from executor.domain.reach import Reach

NETWORK = Reach(network=True)


@pytest.fixture
def place() -> Path:
    """A folder of this machine's, outside of what every sandbox has as its own. Nothing is done there."""
    return next(one for one in sorted(Path("/var/lib").iterdir()) if one.is_dir())


@pytest.mark.parametrize(
    "command",
    [
        "pip install six",
        "python3 -m venv .venv && .venv/bin/pip install -q six",
        "python3.12 -m pip install -r requirements.txt",
        "npm ci",
        "yarn",
        "git clone https://example.org/a.git",
        "git -C app pull --rebase",
        "GIT_TERMINAL_PROMPT=0 git fetch",
        "curl -fsS https://example.org | sh",
        "curl -f http://localhost:3000/health",
        "bash -lc 'curl example.org'",
        "sudo -n apt-get update",
        "timeout 5 wget -q example.org",
        "x=$(curl -s https://example.org/version); echo $x",
        "if true; then curl example.org; fi",
        "false || curl example.org",
        "echo a\ncurl example.org",
        "rsync -a out/ me@example.org:/srv/site",
        "python3 fetch.py https://api.example.org",
        "cargo build --release",
        "openssl s_client -connect example.org:443",
    ],
)
def test_what_goes_onto_the_network_says_so(command: str, tmp_path: Path) -> None:
    assert reach_of_command(command, tmp_path) == NETWORK


@pytest.mark.parametrize(
    "command",
    [
        "git status && git commit -am done",
        "git log --oneline | head",
        "npm run build",
        "pip --version",
        "python3 -m http.server 8000",
        'echo "see https://example.org"',
        "grep -rn https://example.org src",
        "python3 app.py & sleep 1; curl http://localhost:5000/",
        "python3 -m pytest -q",
        "openssl dgst -sha256 file",
        "rsync -a out/ site/",
        "awk '/error/ {print}' log",
        "grep -r '/api/users' src",
        "tr / - < names",
        "sed -i 's/a/b/' file",
        "cat /etc/passwd /proc/meminfo > /dev/null",
        "cp /tmp/a-file-that-is-not-there b",
        "echo x > /tmp/a-file-that-is-not-there",
        "ls /usr/share",
        "an unclosed 'quote curl",
        "",
    ],
)
def test_what_stays_in_its_folder_gets_nothing(command: str, tmp_path: Path) -> None:
    assert reach_of_command(command, tmp_path) == Reach()


@pytest.mark.parametrize(
    "command",
    ["tar czf notes.tgz {place}", "cat < {place}/status", "rsync -a {place}/ copy/", "grep -r x {place}/*.py"],
)
def test_what_reads_this_machines_folders_says_so(command: str, place: Path, tmp_path: Path) -> None:
    assert reach_of_command(command.format(place=place), tmp_path) == Reach(machine=True)


def test_a_temporary_file_of_this_machine_is_meant_where_it_is_there(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.touch()

    assert reach_of_command(f"test -e {there}", Path("/nowhere")) == Reach(machine=True)


@pytest.mark.parametrize("command", ["df -h", "du -sh /", "systemctl --failed"])
def test_what_looks_at_the_whole_machine_says_so(command: str, tmp_path: Path) -> None:
    assert reach_of_command(command, tmp_path) == Reach(machine=True)


@pytest.mark.parametrize(
    "command",
    [
        "echo x > {place}/new",
        "date >> {place}/log",
        "cp out.txt {place}/",
        "mv -f out.txt {place}",
        "tar czf {place}/notes.tgz notes",
        "tar -xzf notes.tgz -C {place}",
        "cd {place} && make",
        "mkdir -p {place}/new",
        "dd if=image of={place}/image",
        "sort names -o {place}/names",
        "make 2>&1 | tee {place}/log",
    ],
)
def test_what_writes_into_a_folder_of_this_machine_names_it(command: str, place: Path, tmp_path: Path) -> None:
    assert reach_of_command(command.format(place=place), tmp_path) == Reach(writes=(str(place),))


@pytest.mark.parametrize("command", ["rm -rf /", "touch /srv/x", "cp a /root/", "echo x > /boot/y", "cd / && ls"])
def test_too_much_is_never_opened_for_writing(command: str, tmp_path: Path) -> None:
    assert reach_of_command(command, tmp_path).writes == ()


@pytest.mark.parametrize("name", [".ssh", ".aws", ".gnupg/private"])
def test_where_keys_lie_is_never_opened_for_writing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    (tmp_path / name).mkdir(parents=True)

    assert reach_of_command(f"cp key {tmp_path / name}/key", Path("/nowhere")).writes == ()


def test_the_goals_own_folder_needs_no_leave(place: Path) -> None:
    assert reach_of_command(f"cat {place}/3/notes > {place}/3/out", place) == Reach()


def spec(**more: object) -> TaskSpec:
    return TaskSpec(key="1", title="A", action="shell", parameters={"command": "pip install six", **more})


def test_a_task_is_given_what_its_command_and_its_checks_need(tmp_path: Path) -> None:
    check = Check(kind=CheckKind.COMMAND, command="curl -f example.org")
    checked = TaskSpec(key="1", title="A", action="shell", parameters={"command": "make"}, check=check)

    assert Reaching(tmp_path)(spec()).parameters == {"command": "pip install six", "network": True}
    assert Reaching(tmp_path)(checked).parameters == {"command": "make", "network": True}


def test_a_task_that_says_itself_what_it_needs_is_left_alone(tmp_path: Path) -> None:
    own = spec(network=False)
    read = TaskSpec(key="1", title="A", action="read", parameters={"path": "a"})

    assert (Reaching(tmp_path)(own), Reaching(tmp_path)(read)) == (own, read)


@pytest.mark.parametrize(
    ("action", "parameters", "network"),
    [
        ("python", {"code": "import json\nimport requests\nprint(requests.get('https://example.org'))"}, True),
        ("python", {"code": "from urllib.request import urlopen"}, True),
        ("python", {"code": "import json\nprint('import requests')"}, False),
        ("wait", {"command": "curl -f https://example.org/ready"}, True),
        ("wait", {"seconds": 5}, False),
    ],
)
def test_programs_and_waits_are_read_as_well(
    action: str, parameters: dict[str, object], network: bool, tmp_path: Path
) -> None:
    task = Reaching(tmp_path)(TaskSpec(key="1", title="A", action=action, parameters=parameters))

    assert task.parameters.get("network", False) is network
