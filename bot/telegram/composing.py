"""From a notice to the message that the chat will show, rendered from the store at the moment of sending."""

from collections.abc import Callable
from dataclasses import replace

from bot.telegram.cards import goal_card
from bot.telegram.decisions import decision_message
from bot.telegram.gathered import gathered_message
from bot.telegram.links import with_hosts
from bot.telegram.message import Button, Message
from bot.telegram.messages import notice_message, result_message
from bot.telegram.scene import Scene
from executor.domain.notice import Notice, NoticeKind
from executor.ports import Store


class Composer:
    """`scene` gives the present moment with the time zone and what tasks run."""

    def __init__(self, store: Store, scene: Callable[[], Scene]) -> None:
        self._store = store
        self._scene = scene

    async def message(self, notice: Notice) -> Message | None:
        """None: what it should show is no longer there. Links that pretend are named, whoever wrote the text."""
        message = await self._composed(notice)
        return with_hosts(message) if message is not None else None

    async def _composed(self, notice: Notice) -> Message | None:
        if notice.kind is NoticeKind.CARD:
            view = await self._store.view(notice.goal_number) if notice.goal_number is not None else None
            return goal_card(view, self._scene()) if view is not None else None
        if notice.kind is NoticeKind.DECISION and notice.decision_number is None:
            return await self._gathered(notice)
        if notice.kind is NoticeKind.DECISION:
            number = notice.decision_number
            decision = await self._store.decision(number) if number is not None else None
            scene = self._scene()
            return decision_message(decision, scene.now, scene.timezone) if decision is not None else None
        if notice.kind is NoticeKind.END and notice.decision_number is not None:
            decision, scene = await self._store.decision(notice.decision_number), self._scene()
            result = result_message(notice.facts, decision, scene.now, scene.timezone)
            return self._with_undo(result, notice) if result.buttons else result  # a decided question has none
        message = notice_message(notice)
        return self._with_undo(message, notice) if notice.kind is NoticeKind.END else message

    async def _gathered(self, notice: Notice) -> Message:
        goal, number, scene = notice.goal_number or 0, int(str(notice.facts["round"])), self._scene()
        decisions = await self._store.round_of_approvals(goal, number)
        return gathered_message(goal, str(notice.facts["title"]), number, decisions, scene.now, scene.timezone)

    def _with_undo(self, message: Message, notice: Notice) -> Message:
        number = notice.goal_number
        if number is None or not self._scene().has_changes(number):
            return message
        return replace(message, buttons=(*message.buttons, (Button("Undo", f"u:{number}"),)))
