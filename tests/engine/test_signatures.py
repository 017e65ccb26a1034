"""What makes two failures the same, and what does not."""

import pytest

from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec
from executor.engine.blockages.signatures import parameters_of, plan_signature, signature_of
from tests.builders import spec


def said(stderr: str, *, error: str = "exit code 1", output: str = "") -> str:
    return signature_of(Result(success=False, error=error, output=output, metadata={"stderr": stderr}))


SAME = {
    "times": ("2026-03-02 09:00:01,123 ERROR boom", "2026-03-03 10:20:31,999 ERROR boom"),
    "times with a zone": ("[2026-03-02T09:00:01Z] boom", "[2026-03-02T11:30:41+02:00] boom"),
    "syslog": ("Mar  2 09:00:01 box app[123]: boom", "Mar 12 19:00:01 box app[4567]: boom"),
    "durations": ("timed out after 10 s", "timed out after 1.25 s"),
    "minutes": ("real 1m3.2s", "real 12m0.1s"),
    "ids": ("job 6f1b5e0a-9c0d-4c9e-8a2b-0a1b2c3d4e5f failed", "job 00000000-9c0d-4c9e-8a2b-ffffffffffff failed"),
    "request ids": ("request id: abc123", "request id: xyz789"),
    "addresses": ("<object at 0x7f1a2b>", "<object at 0x55ffee>"),
    "commits": ("at 1a2b3c4d5e", "at 99887766ff"),
    "process numbers": ("bash: line 1: 4321 Killed  ./big", "bash: line 1: 99 Killed  ./big"),
    "pids": ("process 4321 failed (pid=17)", "process 88 failed (pid=99999)"),
    "ports": ("connect to 127.0.0.1:8000 refused, port 8000", "connect to 127.0.0.1:8001 refused, port 8001"),
    "ports of a name": ("http://wiki.internal:8080/ is down", "http://wiki.internal:9090/ is down"),
    "a workspace": ("/srv/a/workspaces/7/app.py: boom", "/home/b/workspaces/12/app.py: boom"),
    "temporary folders": ("/tmp/tmpab12_x/app.py: boom", "/tmp/tmpzz99_y/app.py: boom"),
    "colours": ("\x1b[31mboom\x1b[0m", "boom"),
}
DIFFERENT = {
    "names": ("No module named 'numpy'", "No module named 'pandas'"),
    "counts": ("3 failed, 5 passed", "2 failed, 6 passed"),
    "lines": ('File "app.py", line 3', 'File "app.py", line 4'),
    "lines of a file": ("app.py:12: error", "app.py:13: error"),
    "files": ("cannot open out/a.txt", "cannot open out/b.txt"),
    "named temporary files": ("cannot open /tmp/first", "cannot open /tmp/second"),
    "statuses": ("HTTP 404", "HTTP 500"),
    "hosts": ("http://one.example:80/ is down", "http://two.example:80/ is down"),
    "words": ("permission denied", "no such file"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_what_means_nothing_makes_no_difference(one: str, other: str) -> None:
    assert said(one) == said(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_in_meaning_stays_different(one: str, other: str) -> None:
    assert said(one) != said(other)


def test_an_exit_code_and_a_success_are_part_of_it() -> None:
    assert said("boom", error="exit code 1") != said("boom", error="exit code 2")
    assert signature_of(Result(success=True, output="boom")) != signature_of(Result(success=False, output="boom"))


def test_only_the_end_of_what_was_said_counts() -> None:
    beginnings = ["".join(f"{word} {line}\n" for line in range(40)) for word in ("copying", "moving")]

    assert said(beginnings[0] + "x\n" * 20 + "boom") == said(beginnings[1] + "x\n" * 20 + "boom")


def work(command: str, **more: object) -> TaskSpec:
    return spec("1", action="shell", parameters={"command": command, **more})


def test_the_same_work_on_another_port_and_with_more_time_is_the_same_work() -> None:
    assert parameters_of(work("serve --port 8000")) == parameters_of(work("serve --port 8001", timeout_s=60))
    assert parameters_of(work("serve --port 8000")) != parameters_of(work("serve --port 8000 --fast"))
    assert parameters_of(work("head -n 10 a")) != parameters_of(work("head -n 20 a"))


def test_plans_are_the_same_whatever_the_order_in_which_they_are_written() -> None:
    one, two = spec("1", parameters={"a": 1, "b": 2}), spec("2")

    assert plan_signature([one, two]) == plan_signature([two, spec("1", parameters={"b": 2, "a": 1})])
    assert plan_signature([one, two]) != plan_signature([one, spec("2", depends_on=("1",))])
