"""Actions of installed packages: a broken one gets one clear line, costs its own task an attempt, and nothing else."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from executor.actions.foreign import STUCK_MAX, Foreign
from executor.actions.installed import GROUP, installed_actions
from executor.actions.notify import Notify
from executor.actions.registry import Registry
from executor.domain.errors import WrongInput
from executor.domain.outcome import Result, Waiting
from executor.domain.risk import Risk
from executor.ports import Context
from tests.actions.conftest import Scene

PACKAGE = """
from executor.domain.outcome import Result


class Wave:
    name = "wave"

    def check(self, parameters):
        return {"to": str(parameters["to"])}

    def describe(self, parameters):
        return f"waves to {parameters['to']}"

    def repeatable(self, parameters):
        return True

    def ask(self, parameters):
        return None

    async def run(self, parameters, context):
        return Result(success=True, result=f"Waved to {parameters['to']}")
"""


class Greet(Notify):
    name = "greet"  # type: ignore[misc]


def make_greet() -> Greet:
    return Greet()


class Nameless:
    async def run(self) -> None: ...


class Incomplete:
    name = "incomplete"

    async def run(self) -> None: ...


def explode() -> None:
    raise ZeroDivisionError("on purpose")


greet = Greet()
again = Greet()
taken = Notify()


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=f"tests.actions.test_foreign:{value}", group=GROUP)


@pytest.mark.parametrize("value", ["Greet", "greet", "make_greet"])
def test_an_installed_action_is_found_as_a_class_an_object_or_a_function(value: str) -> None:
    actions, problems = installed_actions(["shell"], [entry("greet", value)])

    assert ([action.name for action in actions], problems) == (["greet"], [])


def test_broken_packages_are_told_and_the_others_still_work() -> None:
    found = [
        entry("a", "explode"),
        entry("b", "Nameless"),
        entry("c", "Incomplete"),
        entry("d", "not_there"),
        EntryPoint(name="e", value="no_such_package:x", group=GROUP),
        entry("f", "taken"),
        entry("g", "greet"),
        entry("h", "again"),
    ]

    actions, problems = installed_actions(["notify"], found)

    here = "tests.actions.test_foreign"
    missing = f"module '{here}' has no attribute 'not_there'"
    assert [action.name for action in actions] == ["greet"]
    assert problems == [
        f"The action a ({here}:explode) can't be loaded: ZeroDivisionError: on purpose",
        f"The action b ({here}:Nameless) can't be loaded: TypeError: it has no name",
        f"The action c ({here}:Incomplete) can't be loaded: TypeError: it has no method check()",
        f"The action d ({here}:not_there) can't be loaded: AttributeError: {missing}",
        "The action e (no_such_package:x) can't be loaded: ModuleNotFoundError: No module named 'no_such_package'",
        f"The action f ({here}:taken) is left out: the name 'notify' is taken.",
        f"The action h ({here}:again) is left out: the name 'greet' is taken.",
    ]


def test_without_packages_there_is_nothing_to_tell() -> None:
    assert installed_actions([]) == ([], [])


def leave() -> None:
    raise SystemExit(3)


def shout() -> None:
    raise ValueError("one\ntwo " + "x" * 500)


class Oddly(Greet):
    name = "greet; rm -rf ."


GATE = threading.Event()


def never() -> None:
    GATE.wait()


def test_whatever_a_package_does_when_it_is_loaded_is_one_line() -> None:
    actions, problems = installed_actions([], [entry(name, name) for name in ("leave", "Oddly", "shout")])

    assert actions == []
    assert problems == [
        "The action Oddly (tests.actions.test_foreign:Oddly) can't be loaded: ValueError: its name is "
        "'greet; rm -rf .'; expected at most 40 letters, digits, - and _",
        "The action leave (tests.actions.test_foreign:leave) can't be loaded: SystemExit: 3",
        f"The action shout (tests.actions.test_foreign:shout) can't be loaded: ValueError: one two {'x' * 191}…",
    ]


def test_one_that_never_ends_loading_holds_up_no_start() -> None:
    try:
        actions, problems = installed_actions([], [entry("never", "never")], load_s=0.05)
    finally:
        GATE.set()

    assert (actions, problems) == (
        [],
        ["The action never (tests.actions.test_foreign:never) can't be loaded: it was not ready after 0.05 s."],
    )


async def test_a_package_that_is_really_installed_brings_its_action(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "site"
    (place / "waving-1.0.dist-info").mkdir(parents=True)
    (place / "waving.py").write_text(PACKAGE)
    (place / "waving-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: waving\nVersion: 1.0\n")
    (place / "waving-1.0.dist-info" / "entry_points.txt").write_text(f"[{GROUP}]\nwave = waving:Wave\n")
    monkeypatch.syspath_prepend(str(place))

    actions, problems = installed_actions([])
    [wave] = [action for action in actions if action.name == "wave"]
    result = await wave.run(wave.check({"to": "Ann"}), scene.context())

    assert problems == []
    assert (wave.describe({"to": "Ann"}), wave.repeatable({})) == ("waves to Ann", True)
    assert Registry([wave]).risk("wave", {"to": "Ann"}) == {Risk.OUTSIDE}  # it says nothing about itself
    assert result == Result(success=True, result="Waved to Ann")
    del sys.modules["waving"]


# --------------------------------------------------------------------------------------------------- while it works


class Broken:
    """Does everything wrong that it is told to."""

    name = "broken"

    def __init__(self, run: Callable[..., Any] = lambda: None, **methods: Callable[..., Any]) -> None:
        self.run = run
        self.methods = methods
        for name, method in methods.items():
            setattr(self, name, method)

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return parameters

    def describe(self, parameters: Mapping[str, Any]) -> str:
        return "breaks"

    def repeatable(self, parameters: Mapping[str, Any]) -> bool:
        return False

    def ask(self, parameters: Mapping[str, Any]) -> None:
        return None


def foreign(run: Callable[..., Any] = lambda: None, **methods: Callable[..., Any]) -> Foreign:
    return Foreign(Broken(run, **methods))


def fails(*_: Any) -> Any:
    raise ZeroDivisionError("on purpose\nand more")


async def fails_late(*_: Any) -> Any:
    fails()


async def leaves(*_: Any) -> Any:
    sys.exit("bye")


def returns(value: Any) -> Callable[..., Any]:
    async def run(*_: Any) -> Any:
        return value

    return run


@pytest.mark.parametrize(
    ("run", "error"),
    [
        (fails, "ZeroDivisionError: on purpose and more"),
        (fails_late, "ZeroDivisionError: on purpose and more"),
        (leaves, "RuntimeError: SystemExit bye"),
        (lambda: None, "TypeError: <lambda>() takes 0 positional arguments but 2 were given"),
        (returns(None), "it returned nothing; expected a Result"),
        (returns("done"), "it returned str; expected a Result"),
        (returns({"success": "yes"}), "it returned dict; expected a Result"),
        (lambda *_: 7, "it returned int; expected a Result"),
    ],
)
async def test_what_it_does_wrong_is_one_line(scene: Scene, run: Callable[..., Any], error: str) -> None:
    result = await foreign(run).run({}, scene.context())

    assert isinstance(result, Result)
    assert (result.success, result.error) == (False, f"The action broken is broken: {error}")


async def test_what_raised_may_have_done_its_work_unless_it_may_be_repeated(scene: Scene) -> None:
    once = await foreign(fails_late).run({}, scene.context())
    often = await foreign(fails_late, repeatable=lambda _: True).run({}, scene.context())

    assert isinstance(once, Result)
    assert isinstance(often, Result)
    assert (once.metadata, often.metadata) == ({"outcome_unknown": True}, {})


async def test_a_result_is_made_so_that_it_can_be_stored(scene: Scene) -> None:
    odd = Result(success=True, result="one\ntwo", output="x" * 50, metadata={"a": {1, 2}, "b": Path("c"), (1,): 2})
    shape = {"success": True, "result": "fine", "output": "o", "error": None, "more": 1}

    kept = await foreign(returns(odd)).run({}, scene.context(output_bytes_max=10))
    read = await foreign(returns(shape)).run({}, scene.context())
    waits = await foreign(returns(Waiting(wait_s=5))).run({}, scene.context())

    assert kept == Result(success=True, result="one two", output="x" * 10, metadata={"a": "{1, 2}", "b": "c"})
    assert read == Result(success=True, result="fine", output="o")
    assert waits == Waiting(wait_s=5)


async def test_its_other_methods_break_nothing_either() -> None:
    broken = foreign(describe=fails, repeatable=fails, risk=fails, line=fails, check=fails, ask=fails)

    assert broken.describe({"to": "Ann"}) == 'broken {"to": "Ann"}'
    assert (broken.repeatable({}), broken.risk({})) == (False, {Risk.OUTSIDE})
    for method in ("check", "ask"):
        with pytest.raises(WrongInput) as refusal:
            getattr(broken, method)({})
        assert refusal.value.public == (
            f"The action broken is broken: {method}() raised ZeroDivisionError: on purpose and more."
        )


@pytest.mark.parametrize(
    ("methods", "sentence"),
    [
        ({"check": lambda _: None}, "The action broken is broken: check() returned nothing, not its parameters."),
        ({"ask": lambda _: "why?"}, "The action broken is broken: ask() returned str."),
        ({"check": lambda _: int("x")}, "broken: invalid literal for int() with base 10: 'x'."),
    ],
)
def test_what_they_return_is_looked_at(methods: dict[str, Any], sentence: str) -> None:
    with pytest.raises(WrongInput) as refusal:
        (one := foreign(**methods)).ask(one.check({}))

    assert refusal.value.public == sentence


@pytest.mark.parametrize("said", [["no such risk"], 7, None])
def test_a_risk_that_can_not_be_understood_is_one(said: Any) -> None:
    assert foreign(risk=lambda _: said).risk({}) == {Risk.OUTSIDE}
    assert foreign(risk=lambda _: [Risk.WRITES]).risk({}) == {Risk.WRITES}


async def test_one_that_never_gives_way_holds_up_nobody_and_is_given_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executor.actions.foreign.GRACE_S", 0.05)
    gate, begun = threading.Event(), threading.Semaphore(0)

    async def blocks(*_: Any) -> Result:
        begun.release()
        gate.wait()
        return Result(success=True)

    one = foreign(blocks)
    for _ in range(STUCK_MAX):
        work = asyncio.ensure_future(one.run({}, scene.context()))
        assert await asyncio.to_thread(begun.acquire)
        await asyncio.sleep(0)  # this loop goes on meanwhile
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    refused = await one.run({}, scene.context())
    gate.set()

    assert isinstance(refused, Result)
    assert refused.error == (
        "The action broken is broken: 3 calls of it never came back. Mend it, and start Milepost again"
    )


async def test_a_call_that_is_called_off_is_told_in_its_own_loop(scene: Scene) -> None:
    begun, told = threading.Event(), threading.Event()

    async def waits(*_: Any) -> Result:
        begun.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            told.set()
            raise
        return Result(success=True)

    work = asyncio.ensure_future(foreign(waits).run({}, scene.context()))
    await asyncio.to_thread(begun.wait)
    work.cancel()

    with pytest.raises(asyncio.CancelledError):
        await work
    assert told.is_set()


async def test_what_it_reports_of_its_children_is_recorded_in_time(scene: Scene) -> None:
    async def starts(parameters: Mapping[str, Any], context: Context) -> Result:
        await context.started(4711, 1.0, "child")
        context.tell("hello")
        return Result(success=True)

    await foreign(starts).run({}, scene.context())

    assert (scene.started, scene.told) == ([(4711, 1.0, "child")], ["hello"])


async def test_a_lease_that_is_lost_is_told_to_whoever_runs_it(scene: Scene) -> None:
    async def lost(*_: Any) -> None:
        raise WrongInput("The lease is lost.")

    async def starts(parameters: Mapping[str, Any], context: Context) -> Result:
        await context.started(4711, 1.0, "child")
        return Result(success=True)

    with pytest.raises(WrongInput, match="The lease is lost"):
        await foreign(starts).run({}, scene.context(started=lost))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
async def test_one_that_forks_leaves_one_milepost(scene: Scene, tmp_path: Path) -> None:
    """The copy ends where the call would have come back; only one answer arrives."""
    read, write = os.pipe()

    async def forks(*_: Any) -> Result:
        child = os.fork()
        os.write(write, b"x")
        if child:
            os.waitpid(child, 0)
        return Result(success=True, result="parent" if child else "child")

    result = await foreign(forks).run({}, scene.context())
    os.close(write)
    both = await asyncio.to_thread(os.read, read, 10)
    os.close(read)

    assert (result, both) == (Result(success=True, result="parent"), b"xx")
