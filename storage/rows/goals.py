"""Goals, drafts and plans as rows."""

from collections.abc import Mapping
from functools import lru_cache

from executor.domain.family import as_text, from_text
from executor.domain.goal import Goal, GoalState, Origin
from executor.domain.grant import Grant
from executor.domain.outlook import Outlook
from executor.domain.plan import GoalDraft, Plan
from storage.codec import DRAFT, GRANT, OUTLOOK, PLAN, dumps, loads, plain
from storage.rows.kinds import Record, Values, unlike


def goal_changes(goal: Goal, before: Goal | None = None) -> Values:
    """The columns of a goal that may change, its revision excepted; where the row is known, those that do change."""
    values = {
        "title": plain(goal.title),
        "description": plain(goal.description),
        "state": goal.state.value,
        "priority": goal.priority,
        "deadline_at": goal.deadline_at,
        "budget_usd": goal.budget_usd,
        "metadata": dumps(dict(goal.metadata)) if goal.metadata else "{}",
        "autonomy": goal.autonomy,
        "plan_due_at": goal.plan_due_at,
        "plan_tries": goal.plan_tries,
        "grants": grants_to(goal.grants) if goal.grants else None,
        "plan_version": goal.plan_version,
        "own_adaptations": goal.own_adaptations,
        "own_tasks": goal.own_tasks,
        "reworks": goal.reworks,
        "percentage": goal.percentage,
        "reason": plain(goal.reason),
        "plan_trail": dumps(goal.plan_trail) if goal.plan_trail else None,
        "times_taken_up": goal.times_taken_up,
        "parent_attempt": goal.parent_attempt,
        "outlook": None if goal.outlook is None else dumps(OUTLOOK.encode(goal.outlook)),
        "updated_at": goal.updated_at,
        "started_at": goal.started_at,
        "finished_at": goal.finished_at,
    }
    return values if before is None else unlike(values, goal_changes(before))


def goal_values(goal: Goal, draft: GoalDraft | None) -> Values:
    origin = goal.origin
    return goal_changes(goal) | {
        "number": goal.number,
        "chat_id": origin.chat_id,
        "thread_id": origin.thread_id,
        "message_id": origin.message_id,
        "person_id": origin.person_id,
        "person_name": plain(origin.person_name),
        "via": origin.via,
        "draft": None if draft is None else draft_to(draft),
        "parent_task": goal.parent_task,
        "lineage": as_text(goal.lineage),
        "revision": max(goal.revision, 0),
        "created_at": goal.created_at,
    }


def goal_from(row: Record) -> Goal:
    return Goal(
        number=row.number,
        title=row.title,
        description=row.description,
        state=GoalState(row.state),
        priority=row.priority,
        deadline_at=row.deadline_at,
        budget_usd=row.budget_usd,
        metadata={} if row.metadata == "{}" else loads(row.metadata),
        autonomy=row.autonomy,
        plan_due_at=row.plan_due_at,
        plan_tries=row.plan_tries,
        grants={} if row.grants is None else grants_from(row.grants),
        origin=Origin(
            chat_id=row.chat_id,
            thread_id=row.thread_id,
            message_id=row.message_id,
            person_id=row.person_id,
            person_name=row.person_name,
            via=row.via,
        ),
        plan_version=row.plan_version,
        own_adaptations=row.own_adaptations,
        own_tasks=row.own_tasks,
        reworks=row.reworks,
        percentage=row.percentage,
        reason=row.reason,
        plan_trail=() if row.plan_trail is None else tuple(loads(row.plan_trail)),
        times_taken_up=row.times_taken_up,
        outlook=None if row.outlook is None else outlook_from(row.outlook),
        parent_task=row.parent_task,
        parent_attempt=row.parent_attempt,
        lineage=from_text(row.lineage),
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def draft_to(draft: GoalDraft) -> str:
    return dumps(DRAFT.encode(draft))


def draft_from(text: str) -> GoalDraft:
    return DRAFT.decode(loads(text))


def plan_values(plan: Plan) -> Values:
    return {
        "goal_number": plan.goal_number,
        "version": plan.version,
        "summary": plain(plan.summary),
        "made_by": plain(plan.made_by),
        "reason": plain(plan.reason),
        "body": dumps(PLAN.encode(plan)),
        "created_at": plan.created_at,
    }


@lru_cache(maxsize=256)
def outlook_from(body: str) -> Outlook:
    """Remembered: it changes seldom, and every look at its goal reads it."""
    return OUTLOOK.decode(loads(body))


def grants_to(grants: Mapping[str, Grant]) -> str:
    return dumps({digest: GRANT.encode(grant) for digest, grant in grants.items()})


def grants_from(body: str) -> Mapping[str, Grant]:
    """An earlier Milepost kept no more of a grant than whether it allows."""
    found = loads(body).items()
    return {digest: Grant(allowed=one) if isinstance(one, bool) else GRANT.decode(one) for digest, one in found}


@lru_cache(maxsize=32)
def plan_from(body: str) -> Plan:
    """Remembered: a plan never changes, and every look at its goal reads it."""
    return PLAN.decode(loads(body))
