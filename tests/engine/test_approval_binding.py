"""An approval is for exactly what was shown: whatever is otherwise by a byte does not run."""

import contextlib
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from executor.actions.launcher import PlainLauncher
from executor.actions.registry import Registry
from executor.actions.standard import standard_actions
from executor.domain.attempt import Attempt
from executor.domain.errors import WrongInput
from executor.domain.goal import Goal
from executor.domain.grant import Grant
from executor.domain.outcome import Blocked, NeedsApproval, Outcome
from executor.domain.plan import Check, CheckKind, TaskSpec
from executor.domain.task import Task
from executor.engine.policy.approval import Approval, together
from executor.engine.policy.policy import Policy
from executor.ports import Assignment
from tests.builders import command
from tests.fakes import START

SEED = 20260302
MUTATIONS = 10_000
STRANGE = "abz 0.-/\\'\"`$;|&<>\n\t\u200b\u202e\u0430\u00a0\U000e0041é"
ACTIONS = Registry(standard_actions(PlainLauncher(), START.tzinfo, ()))
APPROVED = (
    TaskSpec(
        key="1",
        title="x",
        action="shell",
        parameters={"command": "python3 deploy.py --to prod"},
        check=command("test -e ok"),
    ),
    TaskSpec(
        key="1",
        title="x",
        action="http",
        parameters={"method": "POST", "url": "https://a.example/pay", "headers": {"X-To": "ann"}, "body": "1 EUR"},
        when=Check(kind=CheckKind.HTTP, url="https://a.example/open", status=200),
    ),
    TaskSpec(key="1", title="x", action="write", parameters={"path": "notes/a.txt", "content": "hello\nworld"}),
    TaskSpec(key="1", title="x", action="install", parameters={"packages": ["requests", "httpx"]}),
)


def approval(
    spec: TaskSpec, *, approved: str = "", environment: Mapping[str, str] | None = None, **goal: Any
) -> Approval:
    task = Task(ref="1.1", goal_number=1, position=1, spec=spec, approved=approved, created_at=START)
    attempt = Attempt(task_ref="1.1", number=1, goal_number=1, executor_id="x", lease_until=START, started_at=START)
    whole = Goal(number=1, title="x", created_at=START, updated_at=START, **goal)
    assignment = Assignment(goal=whole, task=task, attempt=attempt, environment=environment or {})
    names = [*ACTIONS.names()]
    return Approval(
        assignment=assignment, actions=ACTIONS, policy=Policy(always_ask=names), folder=lambda number: Path()
    )


def verdict(one: Approval, folder: Path) -> Outcome | None:
    spec = one.assignment.task.spec
    return one.compared(one.pieces(ACTIONS.get(spec.action).check(spec.parameters)), folder)


def asked(one: Approval, folder: Path) -> NeedsApproval:
    outcome = verdict(one, folder)
    assert isinstance(outcome, NeedsApproval)
    return outcome


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deploy.py").write_text("print('good')")
    return tmp_path


@pytest.mark.parametrize("spec", APPROVED, ids=lambda spec: spec.action)
def test_exactly_what_was_approved_runs(folder: Path, spec: TaskSpec) -> None:
    digest = asked(approval(spec), folder).digest

    assert verdict(approval(spec, approved=digest), folder) is None


def test_of_ten_thousand_mutated_actions_none_runs(folder: Path) -> None:
    chance, ran, tried = random.Random(SEED), [], 0
    digests = [asked(approval(spec), folder).digest for spec in APPROVED]
    while tried < MUTATIONS:
        place = chance.randrange(len(APPROVED))
        spec = mutated(APPROVED[place], chance)
        if spec == APPROVED[place]:
            continue
        tried += 1
        one = approval(spec, approved=digests[place])
        with contextlib.suppress(WrongInput):  # it is no action at all: nothing runs either
            if one.compared(one.pieces(spec.parameters), folder) is None:
                ran.append(spec)

    assert ran == []


def mutated(spec: TaskSpec, chance: random.Random) -> TaskSpec:
    """One text of it, somewhere: of the action, of its condition or of its check; or another action altogether."""
    ways: list[Callable[[], TaskSpec]] = [lambda: replace(spec, parameters=_somewhere(spec.parameters, chance))]
    for name in ("check", "when"):
        if (check := getattr(spec, name)) is not None:
            ways.append(lambda name=name, check=check: replace(spec, **{name: _looked(check, chance)}))
        ways.append(lambda name=name: replace(spec, **{name: command(_text("test -e ok", chance) + "!")}))
    ways.append(lambda: replace(spec, action=chance.choice([one for one in ACTIONS.names() if one != spec.action])))
    return chance.choice(ways)()


def _looked(check: Check, chance: random.Random) -> Check:
    if check.kind is CheckKind.COMMAND:
        return replace(check, command=_text(check.command, chance))
    return replace(check, url=_text(check.url, chance))


def _somewhere(value: Any, chance: random.Random) -> Any:
    if isinstance(value, str):
        return _text(value, chance)
    if isinstance(value, Mapping):
        key = chance.choice(list(value))
        if chance.random() < 0.1:
            return {**value, _text(key, chance): value[key]}
        return {**value, key: _somewhere(value[key], chance)}
    place = chance.randrange(len(value))
    if chance.random() < 0.2:
        return [*value, _text(value[place], chance)]
    return [*value[:place], _somewhere(value[place], chance), *value[place + 1 :]]


def _text(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text) + 1)
    strange = chance.choice(STRANGE) if chance.random() < 0.8 else ""
    return text[:place] + strange + text[place + chance.randrange(2) :]


def test_a_script_that_is_replaced_after_the_approval_does_not_run(folder: Path) -> None:
    digest = asked(approval(APPROVED[0]), folder).digest
    (folder / "deploy.py").write_text("print('evil')")

    outcome = asked(approval(APPROVED[0], approved=digest), folder)

    assert outcome.why.startswith("It has changed since it was approved.")


def test_another_secret_that_it_would_be_given_asks_again(folder: Path) -> None:
    digest = asked(approval(APPROVED[0], environment={"TOKEN": "x"}), folder).digest

    assert verdict(approval(APPROVED[0], approved=digest, environment={"TOKEN": "y"}), folder) is None
    assert verdict(approval(APPROVED[0], approved=digest, environment={"TOKEN": "x", "ADMIN": "z"}), folder) is not None


def test_a_grant_is_for_this_and_not_for_more_of_it(folder: Path) -> None:
    simple = replace(APPROVED[0], check=None)
    granted = {asked(approval(simple), folder).digest: Grant(allowed=True)}
    longer = replace(simple, parameters={"command": "python3 deploy.py --to prod --force"})

    assert verdict(approval(simple, grants=granted), folder) is None
    assert verdict(approval(longer, grants=granted), folder) is not None
    assert (
        verdict(approval(replace(simple, action="python", parameters={"code": "1"}), grants=granted), folder)
        is not None
    )


def test_never_holds_whatever_is_put_beside_it(folder: Path) -> None:
    simple = replace(APPROVED[0], check=None)
    never = {asked(approval(simple), folder).parts[0]: Grant(allowed=False)}

    assert isinstance(verdict(approval(APPROVED[0], grants=never), folder), Blocked)


def test_all_of_an_action_is_shown(folder: Path) -> None:
    shown = {spec.action: asked(approval(spec), folder) for spec in APPROVED}

    assert shown["write"].what.endswith("content: hello\nworld")
    assert shown["http"].what == "POST https://a.example/pay\nX-To: ann\n1 EUR"
    assert shown["http"].beside == ("runs only when: https://a.example/open",)
    assert shown["shell"].beside == ("then checked by: test -e ok",)


def test_its_numbers_are_shown_as_well(folder: Path) -> None:
    limited = {**APPROVED[0].parameters, "timeout_s": 86_400}

    assert asked(approval(replace(APPROVED[0], parameters=limited)), folder).what.endswith("\ntimeout_s: 86400")
    assert "timeout_s" not in asked(approval(APPROVED[0]), folder).what


def test_what_it_is_given_is_shown_by_name(folder: Path) -> None:
    assert asked(approval(APPROVED[0], environment={"TOKEN": "value"}), folder).what.endswith("\nis given: TOKEN")


def test_parts_in_another_order_are_something_else() -> None:
    assert together(["a", "b"]) != together(["b", "a"])
    assert together(["a"]) == "a"
