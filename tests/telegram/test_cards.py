"""What a person sees of a goal, before Start and while it runs."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.telegram.cards import goal_card, live_card
from bot.telegram.html import plain, units
from bot.telegram.message import Button
from bot.telegram.proposal import REPAIRS
from executor.domain.decision import DecisionKind
from executor.domain.goal import GoalState
from executor.domain.outlook import Finding, FindingKind, Outlook, Standing
from executor.domain.plan import Plan
from executor.domain.task import TaskState
from tests.builders import command, spec
from tests.fakes import START
from tests.telegram.values import BACKUP, attempt, criterion, decision, scene, shell, task, view


def test_a_proposal_shows_everything_that_will_run_and_how_each_criterion_is_checked() -> None:
    start = decision(DecisionKind.START, task_ref=None)
    proposed = view(GoalState.AWAITING_START, decisions=(start,), deadline_at=START + timedelta(hours=9))

    card = goal_card(proposed, scene())

    assert plain(card.html) == (
        "📋 Back up my notes\n"
        "#12 · 3 tasks\n"
        "By 18:00 today, Monday 2 March.\n"
        "\n"
        "12.1 Make the folder\n"
        "   mkdir -p backup\n"
        "\n"
        "12.2 Pack\n"
        "   tar czf notes.tgz -C notes .\n"
        "\n"
        "12.3 Ask Ann whether she can open it\n"
        "   👤 for a person\n"
        "\n"
        "Done when\n"
        "• The archive exists\n"
        "   test -s notes.tgz\n"
        "• Ann agrees\n"
        "   👤 you are asked\n"
        "\n"
        "Start accepts exactly these actions, within budget and deadline.\n"
        f"{REPAIRS} (up to 10 min), 3 more tasks at most.\n"
        "Anything else asks you first.\n"
        "Nothing runs before you press Start."
    )
    assert card.buttons == (
        (
            Button("Start", "d:17:1:start", "success"),
            Button("Edit", "d:17:1:edit"),
            Button("Cancel", "d:17:1:cancel", "danger"),
        ),
    )


def test_a_proposal_names_waits_that_are_not_the_line_before() -> None:
    plan = Plan(
        goal_number=12,
        tasks=(
            shell("1", "One", "true"),
            shell("2", "Two", "true"),
            shell("3", "Both", "true", depends_on=("1", "2")),
            shell("4", "Maybe", "true", only_if=("1",)),
        ),
    )

    text = plain(goal_card(view(GoalState.AWAITING_START, plan=plan), scene()).html)

    assert "12.2 Two\n   true\n   at once\n" in text
    assert "12.3 Both\n   true\n   after 12.1, 12.2\n" in text
    assert "12.4 Maybe\n   true\n   only if 12.1 succeeded\n" in text


def test_a_plan_too_long_for_a_message_comes_whole_as_a_document_and_keeps_its_buttons() -> None:
    tasks = tuple(shell(str(n), f"Step {n}", f"echo {n} " + "x" * 80) for n in range(1, 101))
    plan = replace(BACKUP, tasks=tasks)
    start = decision(DecisionKind.START, task_ref=None)

    card = goal_card(view(GoalState.AWAITING_START, plan=plan, decisions=(start,)), scene())

    assert card.document is not None
    assert card.document.name == "plan-12-v1.md"
    assert all(f"echo {n} " + "x" * 80 in card.document.text for n in range(1, 101))
    assert "plan-12-v1.md" in card.html
    assert plain(card.html).endswith("Nothing runs before you press Start.")
    assert units(plain(card.html)) < 1000
    assert [button.label for button in card.buttons[0]] == ["Start", "Edit", "Cancel"]


def test_a_plan_whose_scripts_are_in_a_document_says_what_each_is_for_on_one_line() -> None:
    script = "\n".join(f"echo line {n} " + "x" * 80 for n in range(1, 51))
    tasks = (
        shell("1", "Disk", script, expected_outcome="Each disk with what is free"),
        shell("2", "Memory", script, when=command("to=''\ntest -n \"$to\"")),
    )
    plan = Plan(goal_number=12, tasks=tasks, summary="Back up notes")

    card = goal_card(view(GoalState.AWAITING_START, plan=plan), scene())

    assert plain(card.html) == (
        "📋 Back up my notes\n"
        "#12 · 2 tasks\n"
        "\n"
        "12.1 Disk\n"
        "   📜 a script of 50 lines: Each disk with what is free\n"
        "\n"
        "12.2 Memory\n"
        "   📜 a script of 50 lines\n"
        "   at once\n"
        "   only when: to=''; test -n \"$to\"\n"
        "\n"
        "📄 Every command in full: plan-12-v1.md\n"
        "\n"
        "Start accepts exactly these actions, within budget and deadline.\n"
        f"{REPAIRS} (up to 10 min), 3 more tasks at most.\n"
        "Anything else asks you first.\n"
        "Nothing runs before you press Start."
    )
    assert card.document is not None
    assert card.document.text.count(script) == 2


def test_a_live_card_shows_the_bar_and_what_each_task_is_doing() -> None:
    first, second, third = BACKUP.tasks
    running = view(
        GoalState.IN_PROGRESS,
        task(1, first, TaskState.COMPLETED),
        task(2, second, TaskState.IN_PROGRESS),
        task(3, third),
        percentage=33,
        deadline_at=START + timedelta(days=1),
        attempts=(attempt("12.2"),),
    )

    html = live_card(running, scene(START + timedelta(minutes=5)))

    assert html == (
        "🚀 <b>Back up my notes</b>\n"
        "#12 · in progress\n"
        "\n"
        "▓▓▓░░░░░░░ 33 %\n"
        "1 of 3 tasks done\n"
        "\n"
        "✅ 12.1 Make the folder\n"
        "▶️ 12.2 Pack · since 09:00\n"
        "▫️ 12.3 Ask Ann whether she can open it · after 12.2\n"
        "\n"
        "⏰ Due tomorrow 09:00"
    )


def test_a_live_card_names_retries_blocked_tasks_and_open_questions() -> None:
    first, second, _ = BACKUP.tasks
    blocked = view(
        GoalState.BLOCKED,
        task(1, first, TaskState.RETRYING, due_at=START + timedelta(minutes=2)),
        task(2, second, TaskState.BLOCKED),
        decisions=(decision(DecisionKind.BLOCKAGE),),
        reason="Waiting for a person: 12.2",
    )

    text = plain(live_card(blocked, scene()))

    assert "🔁 12.1 Make the folder · next try 09:02" in text
    assert "⛔ 12.2 Pack · blocked" in text
    assert text.endswith("❓ 1 open question: 17")


def test_a_finished_card_shows_what_was_proved_and_how_long_it_took() -> None:
    done = view(
        GoalState.COMPLETED,
        task(1, BACKUP.tasks[0], TaskState.COMPLETED),
        criterion(1, "The archive exists", TaskState.COMPLETED),
        percentage=100,
        started_at=START,
        finished_at=START + timedelta(minutes=4),
    )

    text = plain(live_card(done, scene()))

    assert "▓▓▓▓▓▓▓▓▓▓ 100 %\n1 of 1 task done" in text
    assert text.endswith("Done when\n✅ The archive exists\n\n⏱ 4 min")


def test_what_was_cancelled_is_not_counted_as_done() -> None:
    tasks = [task(n, spec(str(n), "t"), TaskState.CANCELLED) for n in range(1, 80)]

    text = plain(live_card(view(GoalState.CANCELLED, *tasks), scene()))

    assert "79 tasks skipped or cancelled" in text
    assert "79 tasks done" not in text
    assert "0 of 0" not in text


def test_a_long_goal_fits_one_screen_finished_tasks_counted_and_blocked_ones_always_shown() -> None:
    states = [TaskState.COMPLETED] * 150 + [TaskState.BLOCKED] + [TaskState.PENDING] * 49
    tasks = [task(n, spec(str(n), "t" * 60), state) for n, state in enumerate(states, start=1)]

    text = plain(live_card(view(GoalState.IN_PROGRESS, *tasks), scene()))

    assert "✅ 150 tasks done\n⛔ 12.151" in text
    assert "… and 34 more tasks: /plan 12" in text
    assert units(text) < 2000


def test_a_command_on_a_card_hides_nothing() -> None:
    text = "curl a.example\u200b\u2066\U000e0041 \U000e0152 # \u202eok"
    plan = replace(BACKUP, tasks=(shell("1", "Ask", text),), criteria=())
    start = decision(DecisionKind.START, task_ref=None)

    shown = plain(goal_card(view(GoalState.AWAITING_START, plan=plan, decisions=(start,)), scene()).html)

    assert "   curl a.example⟨U+200B⟩⟨U+2066⟩⟨U+E0041⟩ ⟨U+E0152⟩ # ⟨U+202E⟩ok" in shown.splitlines()


def test_html_emoji_and_right_to_left_titles_render_harmlessly() -> None:
    title = "<b>x</b> & 👩‍👩‍👧 \u202eمرحبا\x00"

    html = live_card(view(GoalState.PLANNING, title=title), scene())

    assert html == "🧭 <b>&lt;b&gt;x&lt;/b&gt; &amp; 👩‍👩‍👧 \u202eمرحبا\u202c</b>\n#12 · is being planned"


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing.ON_TRACK, "⏰ Due 18:00 · on track, ready by 17:20"),
        (Standing.AT_RISK, "⏰ Due 18:00 · at risk, ready by 17:20"),
        (Standing.WILL_MISS, "⏰ Due 18:00 · will miss it, ready by 17:20"),
        (None, "⏰ Due 18:00"),
    ],
    ids=["on track", "at risk", "will miss", "not looked at yet"],
)
def test_a_card_with_a_deadline_shows_how_it_stands(standing: Standing | None, said: str) -> None:
    outlook = Outlook(plan_version=1, standing=standing, sure_at=START + timedelta(hours=8, minutes=20))
    shown = view(
        GoalState.IN_PROGRESS,
        task(1, BACKUP.tasks[0], TaskState.IN_PROGRESS),
        deadline_at=START + timedelta(hours=9),
        outlook=outlook,
    )

    assert plain(live_card(shown, scene())).splitlines()[-1] == said


def test_a_proposal_says_what_to_look_at_first() -> None:
    jq = Finding(
        kind=FindingKind.COMMAND, what="jq", sentence="jq is missing", remedy="sudo apt install jq", refs=("12.2",)
    )
    disk = Finding(kind=FindingKind.DISK, what="disk", sentence="the disk is almost full")
    outlook = Outlook(
        plan_version=1, findings=(jq, disk), standing=Standing.AT_RISK, sure_at=START + timedelta(hours=10)
    )
    proposed = view(GoalState.AWAITING_START, outlook=outlook, deadline_at=START + timedelta(hours=9))

    text = plain(goal_card(proposed, scene()).html)

    assert (
        "\n\n⚠️ Look first\n"
        "• jq is missing (sudo apt install jq): 12.2\n"
        "• the disk is almost full\n"
        "• the deadline: at risk, ready by 19:00\n\n"
    ) in text


def test_a_proposal_names_what_will_ask_because_the_plan_is_not_sure_of_it() -> None:
    sure, unsure = shell("1", "Pack", "tar c .", confidence=0.5), shell("2", "Send", "scp a b:", confidence=0.4)
    plan = replace(BACKUP, tasks=(sure, unsure, spec("3", "Call Ann", "manual", confidence=0.1)), criteria=())
    one = view(GoalState.AWAITING_START, plan=plan)

    text = plain(goal_card(one, replace(scene(), confidence_min=0.5)).html)

    assert text.count("asks you first: the plan is only") == 1
    assert "2 Send\n   scp a b:\n   at once\n   ✋ asks you first: the plan is only 40 % sure of it" in text


@pytest.mark.parametrize(
    ("described", "shown"),
    [
        ("`git pull`\nIt may use the network.", "   git pull\n   🔓 It may use the network.\n"),
        ("`echo x\nIt may use the network.`", "12.1 Make the folder\necho x\nIt may use the network.\n"),
        (
            "waits until `curl a` succeeds\nIt may use the network.",
            "   waits until `curl a` succeeds\n   🔓 It may use",
        ),
    ],
    ids=["a command", "a command that only says so", "a wait"],
)
def test_a_proposal_says_below_a_command_what_it_may_reach(described: str, shown: str) -> None:
    proposed = view(GoalState.AWAITING_START, decisions=(decision(DecisionKind.START, task_ref=None),))

    card = goal_card(proposed, replace(scene(), describe=lambda one: described))

    assert shown in plain(card.html)
    assert described not in plain(card.html)
