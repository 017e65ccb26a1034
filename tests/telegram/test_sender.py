"""The sender against a real Bot API server over HTTP, on good days and on bad ones."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace

import httpx
import pytest
from telegram import Bot
from telegram.error import BadRequest, InvalidToken, NetworkError, TelegramError, TimedOut

from bot.localchat import LocalChat
from bot.real import SystemClock
from bot.telegram.answers import Again, read_error
from bot.telegram.composing import Composer
from bot.telegram.connection import Connection, build_bot
from bot.telegram.sender import TelegramSender
from executor.domain.decision import Decision, DecisionKind, DecisionState
from executor.domain.errors import DeliveryFailed
from executor.domain.goal import GoalState
from executor.domain.notice import Notice, NoticeKind
from executor.ports import (
    ChatMoved,
    Delivered,
    GoalView,
    MaybeDelivered,
    MessageGone,
    NotDelivered,
    Undeliverable,
)
from tests.fakes import Crashed
from tests.telegram.values import BACKUP, decision, notice, scene, shell, task, view


@dataclass
class Shelf:
    """What the sender reads: views, decisions and the messages of cards, as the test puts them there."""

    views: dict[int, GoalView] = field(default_factory=dict)
    decisions: dict[int, Decision] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)
    rounds: dict[tuple[int, int], list[Decision]] = field(default_factory=dict)

    async def round_of_approvals(self, goal_number: int, number: int) -> list[Decision]:
        return self.rounds[goal_number, number]

    async def view(self, number: int) -> GoalView | None:
        return self.views.get(number)

    async def decision(self, number: int) -> Decision | None:
        return self.decisions.get(number)

    async def message_of(self, key: str) -> int | None:
        return self.messages.get(key)

    async def put(self, notices: Sequence[Notice]) -> None:
        self.messages |= {one.key: one.message_id for one in notices if one.message_id is not None}


@dataclass
class Out:
    """A sender, its chat room, and notices for the room's person."""

    chat: LocalChat
    bot: Bot
    sender: TelegramSender
    shelf: Shelf

    def notice(self, key: str = "n", kind: NoticeKind = NoticeKind.TEXT, **more: object) -> Notice:
        return notice(key, kind, chat_id=more.pop("chat_id", self.chat.operator_id), **more)

    def texts(self) -> list[str]:
        return [message.get("text") or message.get("caption", "") for message in self.chat.messages()]


Open = Callable[..., Out]


@pytest.fixture
async def out(chat: LocalChat) -> AsyncIterator[Out]:
    shelf = Shelf()
    bot, _ = build_bot(Connection(token=chat.bot_token, api_root=chat.api_root, answer_s=0.3), SystemClock())
    await bot.initialize()
    sender = TelegramSender(bot, Composer(shelf, scene), shelf, shelf, can_probe=True)  # type: ignore[arg-type]
    yield Out(chat, bot, sender, shelf)
    await bot.shutdown()


async def test_a_text_arrives_silently_and_a_question_rings(out: Out) -> None:
    out.shelf.decisions[17] = decision(DecisionKind.BLOCKAGE, facts={"ref": "12.2", "title": "Pack"})

    said = await out.sender.deliver(out.notice(facts={"text": "a < b"}))
    asked = await out.sender.deliver(out.notice("17/decision", NoticeKind.DECISION, decision_number=17))

    assert isinstance(said, Delivered)
    assert isinstance(asked, Delivered)
    text, question = out.chat.messages()
    assert (text["text"], text["message_id"]) == ("a < b", said.message_id)
    assert [button["text"] for row in question["reply_markup"]["inline_keyboard"] for button in row] == [
        "Retry",
        "Skip",
        "Take over",
        "Pause",
    ]
    silent = [call.params.get("disable_notification") for call in out.chat.requests if call.method == "sendMessage"]
    assert [str(one).lower() for one in silent] == ["true", "false"]


async def test_news_of_a_goal_replies_to_its_card(out: Out) -> None:
    card = await out.bot.send_message(out.chat.operator_id, "the card")
    out.shelf.messages["12/card"] = card.message_id

    await out.sender.deliver(out.notice(goal_number=12))

    assert out.chat.messages()[-1]["reply_to_message"]["message_id"] == card.message_id


async def test_a_reply_to_a_deleted_card_arrives_all_the_same(out: Out) -> None:
    out.shelf.messages["12/card"] = 999

    delivery = await out.sender.deliver(out.notice(goal_number=12))

    assert isinstance(delivery, Delivered)
    assert "reply_to_message" not in out.chat.messages()[-1]


async def test_a_card_is_edited_in_place_and_an_equal_one_is_not_even_sent(out: Out) -> None:
    out.shelf.views[12] = view(GoalState.IN_PROGRESS, task(1, BACKUP.tasks[0]))
    card = out.notice("12/card", NoticeKind.CARD, goal_number=12)
    first = await out.sender.deliver(card)
    assert isinstance(first, Delivered)
    sent = replace(card, message_id=first.message_id, content_hash=first.content_hash)

    again = await out.sender.deliver(sent)
    out.shelf.views[12] = view(GoalState.PAUSED, task(1, BACKUP.tasks[0]))
    edited = await out.sender.deliver(sent)

    assert again == first
    assert isinstance(edited, Delivered)
    assert [text.splitlines()[1] for text in out.texts()] == ["#12 · paused"]
    assert [call.method for call in out.chat.requests if "essage" in call.method] == ["sendMessage", "editMessageText"]


async def test_a_decided_question_loses_its_buttons_in_the_chat(out: Out) -> None:
    asked = decision(DecisionKind.BLOCKAGE, facts={"ref": "12.2", "title": "Pack"})
    out.shelf.decisions[17] = asked
    question = out.notice("17/decision", NoticeKind.DECISION, decision_number=17)
    first = await out.sender.deliver(question)
    assert isinstance(first, Delivered)

    out.shelf.decisions[17] = replace(
        asked, state=DecisionState.ANSWERED, option="skip", answered_by_name="Ann", closed_at=asked.opened_at
    )
    await out.sender.deliver(replace(question, message_id=first.message_id, content_hash=first.content_hash))

    (message,) = out.chat.messages()
    assert message["text"].endswith("✅ Skip — Ann, 09:00")
    assert "reply_markup" not in message


async def test_a_plan_too_long_for_a_message_stands_whole_before_its_card(out: Out) -> None:
    tasks = tuple(shell(str(n), f"Step {n}", "x" * 60) for n in range(100))
    start = decision(DecisionKind.START, task_ref=None)
    out.shelf.views[12] = view(GoalState.AWAITING_START, plan=replace(BACKUP, tasks=tasks), decisions=(start,))

    out.chat.faults.fail_next("sendMessage", "429", seconds=1)
    card = out.notice("12/card", NoticeKind.CARD, goal_number=12)
    refused = await out.sender.deliver(card)
    again = TelegramSender(out.bot, out.sender._composer, out.shelf, out.shelf, can_probe=True)  # as after a restart
    delivered = await again.deliver(card)

    assert isinstance(refused, NotDelivered)
    assert isinstance(delivered, Delivered)
    document, message = out.chat.messages()
    assert document["document"]["file_name"] == "plan-12-v1.md"
    assert message["reply_markup"]["inline_keyboard"][0][0]["text"] == "Start"


async def test_a_long_answer_is_one_document_with_its_summary(out: Out) -> None:
    delivery = await out.sender.deliver(out.notice("answer/1/1", NoticeKind.ANSWER, facts={"html": "line\n" * 3000}))

    (message,) = out.chat.messages()
    assert isinstance(delivery, Delivered)
    assert message["document"]["file_name"] == "answer.md"
    assert message["caption"].endswith("📄 All of it: answer.md")


async def test_text_that_the_chat_cannot_parse_is_sent_plain(out: Out) -> None:
    delivery = await out.sender.deliver(out.notice(facts={"html": "<b>never closed &amp; open"}))

    assert isinstance(delivery, Delivered)
    assert out.texts() == ["never closed & open"]


async def test_a_topic_that_is_gone_costs_the_topic_and_not_the_message(out: Out) -> None:
    forum = out.chat.add_group("Team", is_forum=True, bot_status="administrator")

    delivery = await out.sender.deliver(out.notice(chat_id=forum["id"], thread_id=77))

    assert isinstance(delivery, Delivered)
    assert len(out.chat.messages(forum["id"])) >= 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("429", NotDelivered(wait_s=7.0, error="", whole_chat=True)),
        ("500", NotDelivered(wait_s=1.0, error="")),
        ("403", Undeliverable(error="", chat_gone=True)),
        ("migrated", ChatMoved(chat_id=-1005)),
        ("drop-after", MaybeDelivered(error="")),
        ("hang", MaybeDelivered(error="")),
    ],
)
async def test_each_trouble_is_told_apart(out: Out, fault: str, expected: object) -> None:
    seconds = 1 if fault == "hang" else 7
    out.chat.faults.fail_next("sendMessage", fault, seconds=seconds, new_chat_id=-1005)  # type: ignore[arg-type]

    delivery = await out.sender.deliver(out.notice())

    assert (replace(delivery, error="") if hasattr(delivery, "error") else delivery) == expected


async def test_a_server_that_is_not_there_got_nothing(out: Out) -> None:
    await out.chat.stop()

    delivery = await out.sender.deliver(out.notice())

    assert isinstance(delivery, NotDelivered)


async def test_an_unknown_chat_is_gone_for_good(out: Out) -> None:
    delivery = await out.sender.deliver(out.notice(chat_id=424242))

    assert isinstance(delivery, Undeliverable)
    assert delivery.chat_gone


async def test_an_edit_of_a_message_that_is_gone_says_so_but_not_for_a_closed_question(out: Out) -> None:
    out.shelf.views[12] = view(GoalState.PAUSED)
    out.shelf.decisions[17] = decision(DecisionKind.BLOCKAGE, state=DecisionState.WITHDRAWN)

    card = await out.sender.deliver(out.notice("12/card", NoticeKind.CARD, goal_number=12, message_id=999))
    closed = await out.sender.deliver(
        out.notice("17/decision", NoticeKind.DECISION, decision_number=17, message_id=999)
    )

    assert card == MessageGone()
    assert isinstance(closed, Delivered)


async def test_a_message_whose_answer_was_lost_is_found_among_others(out: Out) -> None:
    first = await out.bot.send_message(out.chat.operator_id, "before")
    out.chat.faults.fail_next("sendMessage", "drop-after")
    lost = out.notice(facts={"text": "the lost one"})
    assert isinstance(await out.sender.deliver(lost), MaybeDelivered)
    out.chat.say("somebody speaks")

    found = await out.sender.probe(lost, range(first.message_id + 1, first.message_id + 11))

    assert found == first.message_id + 1
    assert out.texts() == ["before", "the lost one", "somebody speaks"]


async def test_a_message_that_never_arrived_is_not_found(out: Out) -> None:
    out.chat.say("somebody speaks")

    assert await out.sender.probe(out.notice(), range(1, 11)) is None


async def test_looking_while_the_chat_is_away_is_no_answer(out: Out) -> None:
    out.chat.faults.fail_next("editMessageText", "500")

    with pytest.raises(DeliveryFailed):
        await out.sender.probe(out.notice(), [1])


async def test_a_card_of_a_goal_that_is_gone_is_undeliverable(out: Out) -> None:
    delivery = await out.sender.deliver(out.notice("99/card", NoticeKind.CARD, goal_number=99))

    assert delivery == Undeliverable(error="there is nothing left to show")


def _caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (_caused(TimedOut(), httpx.PoolTimeout("")), NotDelivered),
        (_caused(TimedOut(), httpx.ConnectTimeout("")), NotDelivered),
        (_caused(TimedOut(), httpx.ReadTimeout("")), MaybeDelivered),
        (_caused(TimedOut(), httpx.WriteTimeout("")), MaybeDelivered),
        (_caused(NetworkError("x"), httpx.ConnectError("")), NotDelivered),
        (_caused(NetworkError("x"), httpx.RemoteProtocolError("")), MaybeDelivered),
        (_caused(NetworkError("x"), httpx.ReadError("")), MaybeDelivered),
        (NetworkError("Bad Gateway"), MaybeDelivered),
        (NetworkError("Internal Server Error"), NotDelivered),
        (InvalidToken("x"), NotDelivered),
        (TelegramError("Invalid server response"), NotDelivered),
        (BadRequest("Message is not modified: specified new message content"), Delivered),
        (BadRequest("Message can't be edited"), MessageGone),
        (BadRequest("Chat not found"), Undeliverable),
        (BadRequest("Whatever else"), Undeliverable),
    ],
)
def test_what_an_error_means_for_the_message(error: TelegramError, expected: type) -> None:
    assert isinstance(read_error(error, "hash"), expected)


def test_two_refusals_only_ask_for_another_form() -> None:
    assert read_error(BadRequest("Message thread not found"), "") is Again.NO_TOPIC
    assert read_error(BadRequest("Can't parse entities: unsupported start tag"), "") is Again.PLAIN


async def test_documents_before_a_card_go_on_where_a_crash_left_them(out: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [
        replace(
            decision(DecisionKind.APPROVAL, number=number),
            facts={"ref": f"12.{number}", "title": "Write", "what": f"{number} " * 300, "gathered": 17, "apart": []},
        )
        for number in range(17, 22)
    ]
    out.shelf.rounds[12, 17] = asked
    card = out.notice("12/approvals/17", NoticeKind.DECISION, goal_number=12, facts={"round": 17, "title": "Backup"})
    known, looks = out.shelf.message_of, 0

    async def crash_before_the_third(key: str) -> int | None:
        nonlocal looks
        looks += 1
        if looks == 3:
            raise Crashed("before the third")
        return await known(key)

    monkeypatch.setattr(out.shelf, "message_of", crash_before_the_third)
    with pytest.raises(Crashed):
        await out.sender.deliver(card)
    there = [message["document"]["file_name"] for message in out.chat.messages()]
    second = await out.sender.deliver(card)

    assert there == ["approval-17.md", "approval-18.md"]
    assert isinstance(second, Delivered)
    assert [message.get("document", {}).get("file_name") for message in out.chat.messages()] == [
        *(f"approval-{number}.md" for number in range(17, 22)),
        None,
    ]
