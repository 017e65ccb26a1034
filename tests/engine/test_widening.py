"""What a sandbox kept from a command is offered to a person, and never taken without a word."""

import pytest

from executor.domain.envelope import envelope_of, is_risky, outside
from executor.domain.limits import Limits
from executor.domain.outcome import Result
from executor.domain.plan import Plan, TaskSpec
from executor.engine.blockages.fix import Fix
from executor.engine.blockages.widening import wider
from executor.engine.classification import classify

LOST = "curl: (6) Could not resolve host: example.org"


def failed(stderr: str, command: str = "curl example.org", *, sandbox: bool = True, network: bool = False) -> Result:
    known: dict[str, object] = {"exit_code": 6, "command": command, "stderr": stderr}
    if sandbox:
        known["sandbox"] = True
    if not network:
        known["network"] = False
    return Result(success=False, result="exit code 6", error="exit code 6", metadata=known)


def task(command: str = "curl example.org", **more: object) -> TaskSpec:
    return TaskSpec(key="1", title="Fetch", action="shell", parameters={"command": command, **more})


def offered(spec: TaskSpec, result: Result) -> Fix | None:
    return wider(spec, result, classify(result))


def test_a_command_without_a_network_is_offered_one() -> None:
    fix = offered(task(), failed(LOST))

    assert fix is not None
    assert fix.what == "It has no network in its sandbox: letting this task use the network"
    assert fix.spec == task(network=True)


@pytest.mark.parametrize(
    ("spec", "result"),
    [
        (task(network=True), failed(LOST, network=True)),
        (task(), failed(LOST, sandbox=False, network=True)),
        (task(), failed("curl: (22) The requested URL returned error: 404")),
    ],
    ids=["it had one", "no sandbox", "another fault"],
)
def test_what_the_sandbox_did_not_cause_is_not_mended_by_more_rights(spec: TaskSpec, result: Result) -> None:
    assert offered(spec, result) is None


def test_a_folder_that_can_only_be_read_is_offered_for_writing() -> None:
    command = "python3 save.py /data/reports/x"
    fix = offered(task(command), failed("OSError: [Errno 30] Read-only file system: '/data/reports/x'", command))

    assert fix is not None
    assert fix.spec == task(command, writes=["/data/reports"])


@pytest.mark.parametrize("path", ["/etc/hosts", "/x", "/home/x", "/usr/local/x"])
def test_the_systems_own_folders_are_not_offered_for_writing(path: str) -> None:
    command = f"python3 save.py {path}"

    assert offered(task(command), failed(f"OSError: [Errno 30] Read-only file system: '{path}'", command)) is None


def test_a_file_of_this_machine_is_offered_for_reading_where_the_command_names_it() -> None:
    command = "python3 read.py /data/a"
    said = "FileNotFoundError: [Errno 2] No such file or directory: '{}'"
    fix = offered(task(command), failed(said.format("/data/a"), command))

    assert fix is not None
    assert fix.spec == task(command, machine=True)
    assert offered(task(command), failed(said.format("/data/b"), command)) is None


@pytest.mark.parametrize("path", ["/home/ann/.ssh/id_rsa", "/root/.aws/credentials", "/home/ann/.netrc"])
def test_where_keys_lie_nothing_is_offered_because_it_would_not_help(path: str) -> None:
    missing = failed(f"FileNotFoundError: [Errno 2] No such file or directory: '{path}'", f"python3 read.py {path}")
    closed = failed(f"OSError: [Errno 30] Read-only file system: '{path}'", f"python3 save.py {path}")

    assert offered(task(f"python3 read.py {path}"), missing) is None
    assert offered(task(f"python3 save.py {path}"), closed) is None


def test_more_reach_is_outside_of_what_was_accepted_and_is_told_in_words() -> None:
    accepted = Plan(tasks=(task(),))
    wanted = Plan(tasks=(task(network=True, machine=True, writes=["/data"]),))

    assert outside(envelope_of(accepted, Limits()), wanted) == [
        "“Fetch” would get the network, all of it and this machine's files, to read and /data, to write to"
    ]
    assert is_risky(wanted.tasks[0])
    assert not is_risky(accepted.tasks[0])


def test_a_folder_that_is_missing_in_the_goals_own_folder_is_none_of_this_machines() -> None:
    command = "tar czf - notes > backup/notes.tgz"

    assert offered(task(command), failed("bash: line 1: backup/notes.tgz: No such file or directory", command)) is None
