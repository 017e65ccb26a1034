"""Every other message, word for word where the contract gives the words."""

from dataclasses import replace
from datetime import UTC, timedelta

from bot.telegram.decisions import Press, decision_buttons, decision_message, read_data
from bot.telegram.html import CAPTION_UNITS_MAX, TEXT_UNITS_MAX, plain, units
from bot.telegram.message import Button, Document, Message, fit
from bot.telegram.messages import end_message, milestone_message, notice_message, repeated_message
from executor.domain.decision import DecisionKind, DecisionState, Option
from executor.domain.notice import NoticeKind
from tests.fakes import START
from tests.telegram.values import decision, notice

BLOCKED = {
    "ref": "12.2",
    "title": "Pack",
    "type": "error",
    "cause": "tar: notes: no such <folder>",
    "detail": "tar: notes: Cannot stat\ntar: exiting",
    "tried": ["Ran it 3 times, with growing pauses"],
    "waits": ["12.3 Ask Ann"],
    "attempts": 3,
}


def test_a_milestone_reads_as_the_contract_says() -> None:
    facts = {
        "percentage": 50,
        "title": "Half Complete",
        "goal_title": "Launch Trading Strategy",
        "note": "3 of 6 tasks done",
    }

    message = milestone_message(facts)

    assert plain(message.html) == (
        "🎯 Milestone Achieved\n\nHalf Complete\n\nGoal: Launch Trading Strategy\nProgress: 50%\n3 of 6 tasks done"
    )


END = {
    "state": "completed",
    "title": "Goal Complete",
    "goal_title": "Back up my notes",
    "number": 12,
    "percentage": 100,
    "note": "2 of 2 tasks done",
    "reason": "",
    "duration_s": 242.0,
    "attempts": 3,
    "criteria": [
        {"text": "The archive exists", "met": True, "evidence": "`test -s notes.tgz` → exit 0", "by": ""},
        {"text": "Ann agrees", "met": True, "evidence": "Ann: yes", "by": "Ann"},
    ],
    "tasks": [
        {"ref": "12.1", "title": "Pack", "state": "completed", "evidence": "exit 0", "attempts": 2},
        {"ref": "12.2", "title": "Ask", "state": "skipped", "evidence": "", "attempts": 0},
    ],
    "folder": "/data/12",
}


def test_the_end_of_a_goal_carries_its_receipt() -> None:
    message = end_message(END)

    assert plain(message.html) == (
        "🎯 Milestone Achieved\n"
        "\n"
        "Goal Complete\n"
        "\n"
        "Goal: Back up my notes\n"
        "Progress: 100%\n"
        "2 of 2 tasks done\n"
        "\n"
        "Receipt\n"
        "✅ The archive exists\n"
        "   test -s notes.tgz → exit 0\n"
        "✅ Ann agrees\n"
        "   Ann: yes\n"
        "\n"
        "Tasks\n"
        "✅ 12.1 Pack · 2 attempts\n"
        "   exit 0\n"
        "⏭ 12.2 Ask\n"
        "\n"
        "⏱ 4 min · 3 attempts\n"
        "📁 /data/12"
    )


def test_a_failed_goal_says_why_and_claims_no_milestone() -> None:
    facts = END | {"state": "failed", "title": "Goal Failed", "percentage": 50, "reason": "Ann said so", "criteria": []}

    text = plain(end_message(facts).html)

    assert text.startswith(
        "❌ Goal Failed\n\nGoal: Back up my notes\nProgress: 50%\n2 of 2 tasks done\n\nAnn said so\n"
    )


def test_a_blockage_shows_the_real_output_what_was_tried_and_its_ways_out() -> None:
    message = decision_message(decision(DecisionKind.BLOCKAGE, facts=BLOCKED), START, UTC)

    assert message.html == (
        "⛔ <b>12.2 Pack</b>\n"
        "Blocked (error): tar: notes: no such &lt;folder&gt;\n"
        "\n"
        "<pre>tar: notes: Cannot stat\ntar: exiting</pre>\n"
        "\n"
        "<b>Tried</b>\n"
        "• Ran it 3 times, with growing pauses\n"
        "\n"
        "<b>Waits for it</b>\n"
        "• 12.3 Ask Ann\n"
        "\n"
        "<i>or</i> /answer 17 <i>retry | skip | take-over | pause</i>"
    )
    assert [[button.label for button in row] for row in message.buttons] == [["Retry", "Skip"], ["Take over", "Pause"]]


def test_a_decided_question_keeps_its_text_says_who_decided_and_loses_its_buttons() -> None:
    open_one = decision(DecisionKind.BLOCKAGE, facts=BLOCKED)
    decided = replace(
        open_one,
        state=DecisionState.ANSWERED,
        option="retry",
        answered_by=1,
        answered_by_name="Ann",
        answered_via="chat",
        closed_at=START + timedelta(hours=5, minutes=2),
    )

    message = decision_message(decided, START, UTC)

    body = decision_message(open_one, START, UTC).html.rsplit("\n", 1)[0]
    assert message == Message(html=f"{body}\n✅ Retry — <b>Ann</b>, 14:02")


def test_a_withdrawn_question_says_why_nobody_needs_to_answer() -> None:
    withdrawn = decision(
        DecisionKind.MANUAL,
        facts={"ref": "12.3", "title": "Ask Ann"},
        state=DecisionState.WITHDRAWN,
        note="Ann skipped the task",
        closed_at=START,
    )

    message = decision_message(withdrawn, START, UTC)

    assert message == Message(html="👤 <b>12.3 Ask Ann</b>\n\n▫️ Ann skipped the task, 09:00")


def test_a_task_for_a_person_says_what_to_do_and_why_the_last_done_did_not_hold() -> None:
    facts = {
        "ref": "12.3",
        "title": "Sign",
        "instructions": "Sign the form",
        "problem": "signed.pdf is missing",
        "check": "test -s signed.pdf",
    }

    message = decision_message(decision(DecisionKind.MANUAL, facts=facts), START, UTC)

    assert plain(message.html) == (
        "👤 12.3 Sign\n"
        "\n"
        "Sign the form\n"
        "\n"
        "Not done yet: signed.pdf is missing\n"
        "\n"
        "Done is checked by test -s signed.pdf\n"
        "\n"
        "or /answer 17 done | hand-back"
    )
    assert message.buttons[0][0] == Button("Done", "d:17:1:done", "success")


def test_a_task_for_a_person_repeats_neither_its_title_nor_its_check_and_shows_no_backticks() -> None:
    facts = {
        "ref": "12.2",
        "title": "Pack",
        "instructions": "Pack\n`tar czf notes.tgz notes`",
        "problem": "The check does not hold: `test -s notes.tgz` → exit 1",
        "check": "test -s notes.tgz",
    }

    message = decision_message(decision(DecisionKind.MANUAL, facts=facts), START, UTC)

    assert message.html == (
        "👤 <b>12.2 Pack</b>\n"
        "\n"
        "<code>tar czf notes.tgz notes</code>\n"
        "\n"
        "Not done yet: The check does not hold: <code>test -s notes.tgz</code> → exit 1\n"
        "\n"
        "<i>or</i> /answer 17 <i>done | hand-back</i>"
    )


def test_a_criterion_is_asked_without_its_inner_number_and_says_its_words_once() -> None:
    asked = decision(
        DecisionKind.QUESTION,
        question="Is this true? Ann has confirmed",
        facts={"ref": "4.c2", "title": "Ann has confirmed"},
        options=(Option("yes", "Yes"), Option("no", "No")),
    )

    message = decision_message(asked, START, UTC)

    assert plain(message.html) == "❓ Ann has confirmed\nIs this true?\n\nor /answer 17 yes | no"


def test_a_blockage_that_holds_up_much_names_the_first_ones_and_counts_the_rest() -> None:
    facts = BLOCKED | {"waits": [f"12.{n} Step" for n in range(3, 12)]}

    text = plain(decision_message(decision(DecisionKind.BLOCKAGE, facts=facts), START, UTC).html)

    assert "• 12.7 Step\n• and 4 more\n" in text
    assert "12.8" not in text


def test_evidence_in_a_receipt_takes_one_line_whatever_was_run() -> None:
    seen = [
        '`name=hello\ncd "$name" && python3 -m unittest` → exit 0',
        "Not needed: `to=''\ntest -n \"$to\"` → exit 1",
        "`make all\nmake check\nmake dist` → exit 0",
        "Done, said `Ann`",
        "GET http://example.com/ → 200",
    ]
    facts = END | {"criteria": [], "tasks": [END["tasks"][0] | {"evidence": one} for one in seen]}

    lines = [line.strip() for line in end_message(facts).html.splitlines()]

    assert [line for line in lines if "→" in line or "said" in line] == [
        '<code>name=hello; cd "$name" &amp;&amp; python3 -m unittest</code> → exit 0',
        "Not needed: <code>to=''; test -n \"$to\"</code> → exit 1",
        "<code>make all</code> … and 2 more lines → exit 0",
        "Done, said <code>Ann</code>",
        "<code>GET http://example.com/</code> → 200",
    ]


def test_a_choice_is_pressed_by_its_place_whatever_its_words_are() -> None:
    options = tuple(Option(str(n), label) for n, label in enumerate(["1", "3", "2", "ü" * 60], start=1))
    asked = decision(DecisionKind.QUESTION, question="How many?", options=options, free_text=True)

    data = [button.data for row in decision_buttons(asked) for button in row]

    assert data == ["d:17:1:.1", "d:17:1:.2", "d:17:1:.3", "d:17:1:.4"]
    assert [read_data(one) for one in data] == [Press(17, 1, place) for place in (1, 2, 3, 4)]
    assert "4. " + "ü" * 60 in plain(decision_message(asked, START, UTC).html)


def test_button_data_that_nobody_issued_is_told_apart() -> None:
    strange = ["", "d", "d:1:1", "d:x:1:start", "d:1:1:", "x:1", "d:1:1:.x", "d:²:1:start", "d:1:-1:go", "\x00"]

    assert [read_data(data) for data in strange] == [None] * len(strange)


def test_no_button_is_longer_than_telegram_allows() -> None:
    long = decision(DecisionKind.PROPOSAL, number=999_999_999, options=(Option("n" * 80, "Do it"),), revision=99)

    (row,) = decision_buttons(long)

    assert row[0].data == "d:999999999:99:.1"


def test_every_message_that_is_too_long_becomes_a_summary_and_a_document_with_all_of_it() -> None:
    text = "👍 line <one>\n" * 2000

    message = notice_message(notice("n", facts={"text": text}))

    assert message.document is not None
    assert message.document == Document("message.md", text + "\n")
    assert units(plain(message.html)) <= CAPTION_UNITS_MAX
    assert "📄 All of it: message.md" in message.html


def test_a_message_of_exactly_the_limit_is_not_touched() -> None:
    message = Message(html="&amp;" * TEXT_UNITS_MAX)

    assert fit(message, "x.md") is message


def test_length_is_counted_in_utf16_units_after_parsing() -> None:
    message = fit(Message(html="👍" * (TEXT_UNITS_MAX // 2 + 1)), "x.md")

    assert message.document is not None


def test_texts_from_a_task_name_it_and_are_escaped() -> None:
    message = notice_message(notice("12.1#1/text/1", facts={"text": "a < b", "ref": "12.1"}))

    assert message == Message(html="💬 <b>12.1</b> a &lt; b")


def test_answers_keep_their_buttons_documents_and_placeholders() -> None:
    facts = {
        "html": "<b>x</b>",
        "buttons": [[{"label": "A", "data": "x:1", "style": None}]],
        "document": {"name": "log.md", "text": "all"},
        "force_reply": "Write",
    }

    message = notice_message(notice("answer/1/1", NoticeKind.ANSWER, facts=facts))

    assert message == Message(
        html="<b>x</b>",
        buttons=((Button("A", "x:1"),),),
        document=Document("log.md", "all"),
        force_reply="Write",
    )


def test_a_message_that_may_come_twice_says_so() -> None:
    assert repeated_message(Message(html="x")).html == "x\n\n<i>(possibly repeated)</i>"


def test_a_deadline_that_will_be_missed_says_what_each_way_out_does() -> None:
    facts = {
        "title": "Back up my notes",
        "deadline_at": "2026-03-02T18:00:00+00:00",
        "likely_at": "2026-03-02T18:40:00+00:00",
        "sure_at": "2026-03-02T19:05:00+00:00",
        "suggested_at": "2026-03-02T19:30:00+00:00",
        "passed": False,
        "open": ["12.2 Pack"],
        "open_count": 3,
        "optional": ["12.6 Sing"],
    }

    message = decision_message(decision(DecisionKind.DEADLINE, task_ref=None, facts=facts, free_text=True), START, UTC)

    assert plain(message.html) == (
        "⏰ Back up my notes will miss its deadline\n"
        "Due 18:00; ready about 18:40, almost surely by 19:05.\n"
        "\n"
        "Still open\n"
        "• 12.2 Pack\n"
        "• and 2 more\n"
        "\n"
        "Extend: due 19:30 instead\n"
        "Drop optional: without 12.6 Sing\n"
        "Stop: the goal ends as failed, and its record is kept\n"
        "\n"
        "or /answer 17 extend | drop-optional | stop\n"
        "or reply with another time, like 21:00"
    )
    assert [button.label for row in message.buttons for button in row] == ["Extend", "Drop optional", "Stop"]


def test_an_effect_in_doubt_says_when_it_began_as_people_say_it() -> None:
    began = (START - timedelta(minutes=5)).isoformat()
    facts = {
        "ref": "12.2",
        "title": "Pay Ann",
        "what": "POST https://a.example/pay",
        "note": "No answer",
        "when": began,
    }

    shown = plain(decision_message(decision(DecisionKind.EFFECT, facts=facts), START, UTC).html)

    assert shown.splitlines()[:6] == [
        "⚠️ 12.2 Pay Ann",
        "No answer.",
        "",
        "POST https://a.example/pay",
        "Begun 08:55",
        "",
    ]
