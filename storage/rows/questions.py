"""Decisions and blockages as rows."""

from executor.domain.blockage import Blockage, BlockageType
from executor.domain.decision import Decision, DecisionKind, DecisionState
from storage.codec import amendment_from, amendment_to, dumps, loads, options_from, options_to, plain
from storage.rows.kinds import Record, Values


def decision_values(decision: Decision) -> Values:
    return {
        "number": decision.number,
        "goal_number": decision.goal_number,
        "task_ref": decision.task_ref,
        "kind": decision.kind.value,
        "state": decision.state.value,
        "revision": decision.revision,
        "question": plain(decision.question),
        "facts": dumps(dict(decision.facts)),
        "options": options_to(decision.options),
        "free_text": decision.free_text,
        "option": None if decision.option is None else plain(decision.option),
        "text": None if decision.text is None else plain(decision.text),
        "answered_by": decision.answered_by,
        "answered_by_name": plain(decision.answered_by_name),
        "answered_via": decision.answered_via,
        "opened_at": decision.opened_at,
        "closed_at": decision.closed_at,
        "note": plain(decision.note),
        "amendment": amendment_to(decision.amendment),
    }


def decision_from(row: Record) -> Decision:
    return Decision(
        number=row.number,
        goal_number=row.goal_number,
        task_ref=row.task_ref,
        kind=DecisionKind(row.kind),
        state=DecisionState(row.state),
        revision=row.revision,
        question=row.question,
        facts=loads(row.facts),
        options=options_from(row.options),
        free_text=row.free_text,
        option=row.option,
        text=row.text,
        answered_by=row.answered_by,
        answered_by_name=row.answered_by_name,
        answered_via=row.answered_via,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        note=row.note,
        amendment=amendment_from(row.amendment),
    )


def blockage_values(blockage: Blockage) -> Values:
    return {
        "id": blockage.id,
        "goal_number": blockage.goal_number,
        "task_ref": blockage.task_ref,
        "type": blockage.type.value,
        "cause": plain(blockage.cause),
        "confidence": blockage.confidence,
        "detail": plain(blockage.detail),
        "tried": dumps(blockage.tried),
        "missing": blockage.missing,
        "detected_at": blockage.detected_at,
        "resolved_at": blockage.resolved_at,
        "resolution": plain(blockage.resolution),
        "status": "open" if blockage.resolved_at is None else "resolved",
        "amendment": amendment_to(blockage.amendment),
    }


def blockage_from(row: Record) -> Blockage:
    return Blockage(
        id=row.id,
        goal_number=row.goal_number,
        task_ref=row.task_ref,
        type=BlockageType(row.type),
        cause=row.cause,
        confidence=row.confidence,
        detail=row.detail,
        tried=tuple(loads(row.tried)),
        missing=row.missing,
        detected_at=row.detected_at,
        resolved_at=row.resolved_at,
        resolution=row.resolution,
        amendment=amendment_from(row.amendment),
    )
