"""A chat that blocked the bot loses nothing: when it is back, it hears once and in order what it missed."""

import asyncio
from datetime import timedelta

from executor.domain.decision import DecisionState
from executor.domain.notice import Notice, NoticeKind
from executor.ports import Changes, Delivered, Undeliverable
from storage.store import Database
from tests.builders import ANN
from tests.fakes import START
from tests.storage.making import decision, running, task
from tests.telegram.conftest import Post
from tests.telegram.talk import Talk, words
from tests.telegram.values import notice

BLOCKED = Undeliverable(error="Forbidden: bot was blocked by the user", chat_gone=True)
MILESTONE = NoticeKind.MILESTONE


def said(key: str, second: int, kind: NoticeKind = NoticeKind.TEXT, **more: object) -> Notice:
    return notice(key, kind, created_at=START + timedelta(seconds=second), **more)


async def test_what_a_gone_chat_missed_is_delivered_once_and_in_order_when_it_is_back(
    post: Post, database: Database
) -> None:
    post.chat.answers = [Delivered(message_id=50, content_hash="a"), BLOCKED]
    await post.put(notice("1/card", NoticeKind.CARD, goal_number=1, facts={}))
    await post.round()
    await post.put(*(said(f"1/milestone/{at}", at, MILESTONE, goal_number=1) for at in (25, 50)))
    for _ in range(3):  # the card changes while nobody can see it
        await post.put(notice("1/card", NoticeKind.CARD, goal_number=1, facts={}))
    post.clock.advance(1)
    await post.round()
    await post.put(said("other", 1, chat_id=2))
    await post.round()
    gone = await post.states()
    await post.put(said("1/milestone/75", 75, MILESTONE, goal_number=1))
    [chat] = await database.chats.all()
    post.chat.calls.clear()

    for _ in range(2):
        post.courier.chat_is_back(1)
        await database.chats.remember_chat(1, "private", "Ann", post.clock.now())
        await post.round()
        post.clock.advance(1)
        await post.round()

    milestones = [f"1/milestone/{at}" for at in (25, 50, 75)]
    assert gone == dict.fromkeys(["1/card", *milestones[:2]], "dead") | {"other": "sent"}
    assert (chat.active, chat.reason) == (False, BLOCKED.error)
    assert post.chat.calls == [*((key, None, False) for key in milestones), ("1/card", 50, False)]
    assert set((await post.states()).values()) == {"sent"}


async def test_what_can_never_be_delivered_stays_dead(post: Post, database: Database) -> None:
    post.chat.answers = [Undeliverable(error="there is nothing left to show"), BLOCKED]
    await post.put(said("first", 1), said("second", 2))
    await post.round()

    await database.chats.remember_chat(1, "private", "Ann", START)

    assert await post.states() == {"first": "dead", "second": "pending"}


async def test_a_question_that_nobody_saw_and_nobody_needs_is_not_asked_any_more(
    post: Post, database: Database
) -> None:
    closed = decision(2, closed_at=START, state=DecisionState.WITHDRAWN)
    async with database.transaction() as transaction:
        await transaction.save(
            Changes(new_goals=[running()], new_tasks=[task()], new_decisions=[decision(1), closed, decision(3)])
        )
    await post.put(*(said(f"{n}/decision", n, NoticeKind.DECISION, goal_number=1, decision_number=n) for n in (1, 2)))
    await database.chats.set_chat_inactive(1, "blocked", START)

    await database.chats.remember_chat(1, "private", "Ann", START)

    assert await post.states() == {"1/decision": "pending", "2/decision": "dead"}


async def test_a_person_who_blocks_and_unblocks_the_bot_hears_the_end_of_the_goal(talk: Talk) -> None:
    chat, bot = talk.chat.operator_id, talk.chat.room.identity.bot_id
    card = await talk.say("Say hello\n1. Ask Ann\n2. Say it: `echo hello`")
    await talk.press(card, "Start")
    await talk.hear("Ask Ann")
    talk.chat.people.set_standing(chat, bot, "kicked")
    await talk.quiet()
    [gone] = await talk.house.database.chats.all()
    await talk.house.executor.cancel(1, caller=ANN, command_id="cancel")
    while not (await talk.house.database.pulse()).dead_notices:
        await asyncio.sleep(0.005)

    talk.chat.people.set_standing(chat, bot, "member")
    end = await talk.hear("Goal Cancelled")

    assert (gone.chat_id, gone.active) == (chat, False)  # the reason is that of whoever noticed it first
    assert "Cancelled by Ann" in words(end)
    assert [one.active for one in await talk.house.database.chats.all()] == [True]


async def test_a_stranger_leaves_no_trace(talk: Talk) -> None:
    bob = talk.chat.add_user("Bob")["id"]
    talk.chat.say("hi", user=bob, chat=bob)
    await talk.say("/whoami")
    await talk.hear("This bot is private", chat=bob)

    assert [(one.chat_id, one.kind, one.title) for one in await talk.house.database.chats.all()] == [
        (talk.chat.operator_id, "private", "Ann")
    ]
