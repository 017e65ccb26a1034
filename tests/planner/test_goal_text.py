from decimal import Decimal

import pytest

from executor.domain.limits import TITLE_CHARACTERS_MAX
from executor.domain.plan import Criterion, GoalDraft, TaskSpec
from tests.planner.reading import berlin, by_hand, checked, read, refusal, shell

BACKUP = """/goal Back up my notes by 18:00 p8 $0.50
- The archive exists: `test -s notes.tgz`
- Ann has confirmed
1. Make the folder: `mkdir -p backup`
2. Pack: `tar czf notes.tgz -C notes .` after 1
3. Ask Ann whether she can open it after 2
"""


def test_the_goal_of_the_contract_is_read_whole() -> None:
    assert read(BACKUP) == GoalDraft(
        title="Back up my notes",
        criteria=(checked("The archive exists", "test -s notes.tgz"), Criterion(text="Ann has confirmed")),
        tasks=(
            shell("1", "Make the folder", "mkdir -p backup"),
            shell("2", "Pack", "tar czf notes.tgz -C notes .", "1"),
            by_hand("3", "Ask Ann whether she can open it", "2"),
        ),
        deadline_at=berlin("2026-11-20 18:00"),
        priority=8,
        budget_usd=Decimal("0.50"),
        reading=("Deadline: Friday 20 Nov 2026, 18:00 (Europe/Berlin)", "Budget: $0.50", "Priority 8 of 10"),
    )


@pytest.mark.parametrize("before", ["", "/goal ", "/goal@milepost_bot ", "/goal\n", "\n\n /GOAL  \r\n"])
def test_the_command_before_the_goal_and_windows_line_ends_change_nothing(before: str) -> None:
    text = before + BACKUP.removeprefix("/goal ").replace("\n", "\r\n\r\n")

    assert read(text) == read(BACKUP)


@pytest.mark.parametrize(
    ("line", "draft"),
    [
        ("Tidy up", GoalDraft(title="Tidy up")),
        ("Tidy up p1", GoalDraft(title="Tidy up", priority=1, reading=("Priority 1 of 10",))),
        ("Tidy up p10,", GoalDraft(title="Tidy up", priority=10, reading=("Priority 10 of 10",))),
        ("Tidy up $5", GoalDraft(title="Tidy up", budget_usd=Decimal(5), reading=("Budget: $5.00",))),
        ("Tidy up $.5", GoalDraft(title="Tidy up", budget_usd=Decimal("0.5"), reading=("Budget: $0.50",))),
        ("Tidy up $0.125", GoalDraft(title="Tidy up", budget_usd=Decimal("0.125"), reading=("Budget: $0.125",))),
        ("Tidy up $1,500", GoalDraft(title="Tidy up", budget_usd=Decimal(1500), reading=("Budget: $1500.00",))),
        ("Tidy up $0", GoalDraft(title="Tidy up", budget_usd=Decimal(0), reading=("Budget: $0.00",))),
        (
            "Tidy up $1 $2",
            GoalDraft(
                title="Tidy up",
                budget_usd=Decimal(2),
                reading=("Budget: $2.00", "$1 does not count: the last budget does"),
            ),
        ),
        (
            "Tidy up p3 p4",
            GoalDraft(
                title="Tidy up", priority=4, reading=("Priority 4 of 10", "p3 does not count: the last priority does")
            ),
        ),
        (
            "Tidy up #tests #Audit #team=ops",
            GoalDraft(
                title="Tidy up",
                metadata={"tests": "true", "audit": "true", "team": "ops"},
                reading=("Demanded: the tests pass", "Demanded: a security audit passes", "Labels: team=ops"),
            ),
        ),
        (
            'Tidy up #folder="My files" #x=',
            GoalDraft(
                title="Tidy up", metadata={"folder": "My files", "x": ""}, reading=("Labels: folder=My files, x=",)
            ),
        ),
        (
            "Tidy up #a=1 #a=2",
            GoalDraft(
                title="Tidy up",
                metadata={"a": "2"},
                reading=("Labels: a=2", "#a does not count: the last label of that name does"),
            ),
        ),
        ("Fix bug #12", GoalDraft(title="Fix bug #12")),
        ("Empty $HOME", GoalDraft(title="Empty $HOME")),
        (
            "Written by Ann",
            GoalDraft(title="Written by Ann", reading=("“by Ann” is no time that I know; it stays in the title",)),
        ),
        (
            "Ship it by Friday noon p2",
            GoalDraft(
                title="Ship it by Friday noon",
                priority=2,
                reading=("Priority 2 of 10", "“by Friday noon” is no time that I know; it stays in the title"),
            ),
        ),
        (
            "Ship p2 it",
            GoalDraft(
                title="Ship p2 it",
                reading=("p2: inside the title, so taken as words; options go at the end of the first line",),
            ),
        ),
        (
            "Ship it in 2h",
            GoalDraft(
                title="Ship it in 2h",
                reading=("“in 2h” stays in the title; write “by in 2h” for a deadline",),
            ),
        ),
        ("  Ship \t it  ", GoalDraft(title="Ship it")),
        ("/goals are good", GoalDraft(title="/goals are good")),
    ],
)
def test_options_are_taken_from_the_end_of_the_first_line(line: str, draft: GoalDraft) -> None:
    assert read(line) == draft


@pytest.mark.parametrize(
    "line",
    [
        "Pack by 18:00 p8 $0.50 #x",
        "Pack p8 by 18:00 #x $0.50",
        "Pack #x $0.50 p8 by 18:00",
        "Pack, $0.50, #x, BY 18:00, p8.",
    ],
)
def test_options_come_in_any_order(line: str) -> None:
    draft = read(line)

    assert (draft.title, draft.deadline_at, draft.priority, draft.budget_usd, draft.metadata) == (
        "Pack",
        berlin("2026-11-20 18:00"),
        8,
        Decimal("0.50"),
        {"x": "true"},
    )


def test_only_the_last_deadline_counts() -> None:
    draft = read("Pack by tomorrow by 2026-11-27 18:00")

    assert draft == GoalDraft(
        title="Pack",
        deadline_at=berlin("2026-11-27 18:00"),
        reading=(
            "Deadline: Friday 27 Nov 2026, 18:00 (Europe/Berlin)",
            "“by tomorrow” does not count: the last deadline does",
        ),
    )


@pytest.mark.parametrize(
    ("line", "criterion"),
    [
        ("- Ann is happy", Criterion(text="Ann is happy")),
        ("* Ann is happy", Criterion(text="Ann is happy")),
        ("•Ann is happy", Criterion(text="Ann is happy")),
        ("– Ann is happy", Criterion(text="Ann is happy")),
        ("  - [ ] Ann is happy", Criterion(text="Ann is happy")),
        ("- It is there: `test -e x`", checked("It is there", "test -e x")),
        ("- It is there `test -e x`.", checked("It is there", "test -e x")),
        ("- `test -e x`", checked("test -e x", "test -e x")),
        ("- `test -e x` succeeds", checked("test -e x succeeds", "test -e x")),
        ("- `x` is there: `test -e x`", checked("x is there", "test -e x")),
        ("- Today: ``test `date +%u` = 5``", checked("Today", "test `date +%u` = 5")),
        ("- Long:\n  `test -e x &&\n  test -e y`", checked("Long", "test -e x &&\ntest -e y")),
    ],
)
def test_a_bullet_is_a_criterion_with_an_optional_check(line: str, criterion: Criterion) -> None:
    assert read(f"Title\n{line}").criteria == (criterion,)


@pytest.mark.parametrize(
    ("lines", "tasks"),
    [
        ("1. Call Ann", (by_hand("1", "Call Ann"),)),
        ("1) Call Ann", (by_hand("1", "Call Ann"),)),
        ("1)Call Ann", (by_hand("1", "Call Ann"),)),
        ("  01. Call Ann", (by_hand("1", "Call Ann"),)),
        ("1. Call Ann\n   about the notes", (by_hand("1", "Call Ann about the notes"),)),
        ("1. `make`", (shell("1", "make", "make"),)),
        ("1. Build - `make`", (shell("1", "Build", "make"),)),
        ("1. Run `make` now", (shell("1", "Run make now", "make"),)),
        ("1. Two lines:\n```bash\ncd x\n- y\n```", (shell("1", "Two lines", "cd x\n- y"),)),
        ("1. A: `a`\n2. B: `b`\n5. C", (shell("1", "A", "a"), shell("2", "B", "b", "1"), by_hand("5", "C", "2"))),
        ("1. A\n2. B\n3. C after 1,2", (by_hand("1", "A"), by_hand("2", "B"), by_hand("3", "C", "1", "2"))),
        ("1. A\n2. B\n3. C after 1 and 2.", (by_hand("1", "A"), by_hand("2", "B"), by_hand("3", "C", "1", "2"))),
        ("1. A\n2. B\n3. C, after 1, and 2", (by_hand("1", "A"), by_hand("2", "B"), by_hand("3", "C", "1", "2"))),
        ("1. A\n2. B (after step 1)", (by_hand("1", "A"), by_hand("2", "B", "1"))),
        ("1. A after 2\n2. B", (by_hand("1", "A", "2"), by_hand("2", "B"))),
        ("1. A\n2. `b` if 1", (by_hand("1", "A"), shell("2", "b", "b", "1", only_if=("1",)))),
        ("1. A\n2. B\n3. C after 2 if 1", (*map(by_hand, "12", "AB"), by_hand("3", "C", "2", "1", only_if=("1",)))),
        ("1. A\n2. B after 1: `b`", (by_hand("1", "A"), shell("2", "B", "b", "1"))),
        ("1. Call Ann after lunch\n2. B", (by_hand("1", "Call Ann after lunch"), by_hand("2", "B", "1"))),
        ("1. `a`\n2. `b ${1.output} ${HOME}`", (shell("1", "a", "a"), shell("2", *["b ${1.output} ${HOME}"] * 2, "1"))),
    ],
)
def test_a_numbered_line_is_a_task_with_its_place_in_the_order(lines: str, tasks: tuple[TaskSpec, ...]) -> None:
    draft = read(f"Title\n{lines}")

    assert (draft.tasks, draft.reading) == (tasks, ())


def test_a_step_waits_for_the_step_whose_output_it_uses() -> None:
    draft = read("Title\n1. `a`\n2. `b`\n3. `c ${1.output}` after 2")

    assert (draft.tasks[2].depends_on, draft.reading) == (
        ("2", "1"),
        ("Step 3 uses the output of step 1, so it waits for it",),
    )


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        ("1. Say `hello", "Step 1 has a single backtick, so I see no command in it; it is a task for a person"),
        ("- Ann`s word", "Criterion 1 has a single backtick, so I see no check in it; a person is asked"),
        ("1. A\n2. B after 1-3", "Step 2: I read “after 1-3” as words; steps are named like “after 1,2”"),
        ("Some words", "1 more line is kept as the description; steps begin with a number, criteria with a dash"),
    ],
)
def test_what_was_not_understood_is_said(lines: str, note: str) -> None:
    assert read(f"Title\n{lines}").reading == (note,)


def test_other_lines_are_the_description() -> None:
    draft = read("Title\nFirst words.\n- Done\n192.168.1.1 is the router\n1. Go\n\nLast words\n  and more")

    assert (draft.description, draft.criteria, draft.tasks) == (
        "First words.\n192.168.1.1 is the router\nLast words\n  and more",
        (Criterion(text="Done"),),
        (by_hand("1", "Go"),),
    )


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Feed the 🐈‍⬛ and the 👩‍👩‍👧", "Feed the 🐈‍⬛ and the 👩‍👩‍👧"),
        ("لنسخ ملاحظاتي", "لنسخ ملاحظاتي"),
        ("גיבוי ההערות שלי", "גיבוי ההערות שלי"),
        ("<b>Bold</b> & <script>alert(1)</script>", "<b>Bold</b> & <script>alert(1)</script>"),
        ("Nul\x00 and bell\x07", "Nul and bell"),
        ("Safe\u202etxt.exe\u202c", "Safetxt.exe"),
        ("\ufeffMark", "Mark"),
        ("Half \ud83d pair", "Half pair"),
    ],
)
def test_titles_keep_every_script_and_lose_what_nobody_sees(written: str, title: str) -> None:
    assert read(written).title == title


def test_a_step_title_that_is_too_long_for_a_card_is_cut_and_its_instructions_are_not() -> None:
    words = "word" * 100

    task = read(f"Title\n1. {words}").tasks[0]

    assert (len(task.title), task.parameters["instructions"]) == (TITLE_CHARACTERS_MAX, words)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "Write what you want to reach on the first line, such as: /goal Back up my notes by 18:00"),
        ("/goal", "Write what you want to reach on the first line, such as: /goal Back up my notes by 18:00"),
        (" \n\x00 \u200b", "Write what you want to reach on the first line, such as: /goal Back up my notes by 18:00"),
        ("- Done\n1. Go", "Write what you want to reach on the first line, such as: /goal Back up my notes by 18:00"),
        (
            "by 18:00",
            "Write what you want to reach before “by 18:00” on the first line, "
            "such as: /goal Back up my notes by 18:00",
        ),
        (
            "a" * 10_000,
            "A goal may have 8,000 characters at most; this one has 10,000. "
            "Shorten it, or put the details in a file and name it.",
        ),
        (
            "a" * 257,
            "The title may have 256 characters at most; this one has 257. "
            "Keep the first line short and put the rest below it.",
        ),
        (
            "Title" + " p1" * 1000,
            "The first line may have 2,000 characters at most; this one has 3,005. "
            "Keep it short and put the rest below it.",
        ),
        (
            "Title\n1. A" + " after 2" * 11,
            "Step 1 says “after” or “if” too often. Name all its steps at once, like “after 1,2”.",
        ),
        (
            "Title\n" + "\n".join(f"{n}. Go" for n in range(1, 501)),
            "A goal may have 200 steps at most; this one has 500. Split it into several.",
        ),
        (
            "Title\n" + "- Done\n" * 51,
            "A goal may have 50 success criteria at most; this one has 51. Join some of them.",
        ),
        ("Title p11", "“p11” is no priority: write p1 (lowest) to p10 (highest)."),
        ("Title p0", "“p0” is no priority: write p1 (lowest) to p10 (highest)."),
        (
            "Title p99999999999999999999999",
            "“p999999999999999999…” is no priority: write p1 (lowest) to p10 (highest).",
        ),
        ("Title $-1", "“$-1” is no budget: write dollars and cents, such as $0.50 or $12."),
        ("Title -$1", "“-$1” is no budget: write dollars and cents, such as $0.50 or $12."),
        ("Title $1,5", "“$1,5” is no budget: write dollars and cents, such as $0.50 or $12."),
        ("Title $1.2.3", "“$1.2.3” is no budget: write dollars and cents, such as $0.50 or $12."),
        ("Title $1000001", "“$1000001” is more than a budget may be: at most $1,000,000."),
        ("Title by 2020-01-01", "The deadline “2020-01-01” has passed already. Name a time that is still ahead."),
        ("Title\n1. A\n1. B", "There are two steps with the number 1. Give each step its own number."),
        ("Title\n1. A\n01. B", "There are two steps with the number 1. Give each step its own number."),
        ("Title\n1. A after 1", "Step 1 waits for itself. Name another step in its “after” or “if”."),
        ("Title\n1. A after 7", "Step 1 waits for step 7, which does not exist. It is the only step."),
        ("Title\n1. A\n2. B if 7", "Step 2 waits for step 7, which does not exist. The steps are 1, 2."),
        (
            "Title\n1. A after 3\n2. B after 1\n3. C after 2",
            "Steps 1 → 2 → 3 → 1 wait for each other in a circle. Change the “after” of one of them.",
        ),
        ("Title\n1.", "Step 1 is empty. Write what is to be done, or leave the number out."),
        ("Title\n1. ` `", "Step 1 has nothing between its backticks. Write the command there, or leave them out."),
        (
            "Title\n1. `a` then `b`",
            "Step 1 has more than one command in backticks. Join them with && or write one line each.",
        ),
        (
            "Title\n1. `echo `date` now",
            "Step 1 has a backtick inside its command. Put double backticks around the command.",
        ),
        ("Title\n1. " + "a " * 200 + "`b`", "The words of step 1 are longer than 256 characters. Shorten them."),
        ("Title\n1. Run:\n```\nls", "A ``` block is never closed. Put ``` on a line of its own after its last line."),
        (
            "Title\n1. `a ${2.output}`\n2. `b`",
            "Steps 1 → 2 → 1 need each other's output or end. Change one of them.",
        ),
        (
            "Title\n1. `a`\n2. `b ${3.output}`",
            "Step 2 uses ${3.output}, but there is no such other step. The steps are 1, 2.",
        ),
        ("Title\n1. `a ${1.output}`", "Step 1 uses ${1.output}, but there is no such other step. It is the only step."),
        (
            "Title\n- `test ${1.output}`\n1. `a`",
            "Criterion 1 uses the output of a step; that works in steps only. Let a step write it to a file.",
        ),
    ],
)
def test_bad_input_gets_one_line_that_says_what_to_do(text: str, line: str) -> None:
    assert refusal(text) == line
