"""The first schema. Frozen: what changes later is a script of its own. There is no way down: the copy that is made
before every migration is the way back."""

# ruff: noqa: E501 - states are listed in one line each

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "chats",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_chats")),
    )
    op.create_table(
        "commands",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commands")),
    )
    op.create_index("ix_commands_at", "commands", ["at"], unique=False)
    op.create_table(
        "executor_goals",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=True),
        sa.Column("budget_usd", sa.Text(), nullable=True),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("autonomy", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("percentage", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state = 'pending' OR state = 'planning' OR state = 'awaiting_start' OR state = 'in_progress' OR state = 'paused' OR state = 'blocked' OR state = 'validating' OR state = 'completed' OR state = 'failed' OR state = 'cancelled'",
            name=op.f("ck_executor_goals_state_is_known"),
        ),
        sa.CheckConstraint("percentage BETWEEN 0 AND 100", name=op.f("ck_executor_goals_percentage_is_a_share")),
        sa.CheckConstraint("priority BETWEEN 1 AND 10", name=op.f("ck_executor_goals_priority_is_known")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_executor_goals")),
    )
    op.create_index("ix_executor_goals_chat", "executor_goals", ["chat_id", "number"], unique=False)
    op.create_index("ix_executor_goals_state", "executor_goals", ["state"], unique=False)
    op.create_index(
        "ix_executor_goals_unfinished",
        "executor_goals",
        ["number"],
        unique=False,
        sqlite_where=sa.text(
            "state = 'awaiting_start' OR state = 'blocked' OR state = 'in_progress' OR state = 'paused' OR state = 'pending' OR state = 'planning' OR state = 'validating'"
        ),
        postgresql_where=sa.text(
            "state = 'awaiting_start' OR state = 'blocked' OR state = 'in_progress' OR state = 'paused' OR state = 'pending' OR state = 'planning' OR state = 'validating'"
        ),
    )
    op.create_table(
        "inbox",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state = 'waiting' OR state = 'done' OR state = 'failed'", name=op.f("ck_inbox_state_is_known")
        ),
        sa.PrimaryKeyConstraint("update_id", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_message", "inbox", ["chat_id", "message_id"], unique=False)
    op.create_index("ix_inbox_received", "inbox", ["received_at"], unique=False)
    op.create_index(
        "ix_inbox_waiting",
        "inbox",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "notices",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("goal_number", sa.Integer(), nullable=True),
        sa.Column("decision_number", sa.Integer(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("probe_after", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sent_revision", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind = 'card' OR kind = 'milestone' OR kind = 'decision' OR kind = 'adaptation' OR kind = 'failure' OR kind = 'end' OR kind = 'answer' OR kind = 'text'",
            name=op.f("ck_notices_kind_is_known"),
        ),
        sa.CheckConstraint(
            "state = 'pending' OR state = 'sending' OR state = 'sent' OR state = 'unknown' OR state = 'dead'",
            name=op.f("ck_notices_state_is_known"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notices")),
    )
    op.create_index(
        "ix_notices_dead",
        "notices",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("state = 'dead'"),
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index("ix_notices_message", "notices", ["chat_id", "message_id"], unique=False)
    op.create_index(
        "ix_notices_pending",
        "notices",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_notices_unfinished",
        "notices",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("state = 'sending' OR state = 'unknown'"),
        postgresql_where=sa.text("state = 'sending' OR state = 'unknown'"),
    )
    op.create_table(
        "people",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "role IN ('owner', 'approver', 'requester', 'viewer')", name=op.f("ck_people_role_is_known")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_people")),
    )
    op.create_table(
        "workers",
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("pid_started", sa.Float(), nullable=False),
        sa.Column("capabilities", sa.Text(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_workers")),
    )
    op.create_table(
        "api_keys",
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "role IN ('owner', 'approver', 'requester', 'viewer')", name=op.f("ck_api_keys_role_is_known")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"], name=op.f("fk_api_keys_person_id")),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("number", name=op.f("uq_api_keys_number")),
    )
    op.create_table(
        "brain_calls",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("goal_number", sa.Integer(), nullable=True),
        sa.Column("task_ref", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("tokens_in", sa.Integer(), nullable=False),
        sa.Column("tokens_out", sa.Integer(), nullable=False),
        sa.Column("cost_microusd", sa.BigInteger(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["goal_number"], ["executor_goals.number"], name=op.f("fk_brain_calls_goal_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brain_calls")),
    )
    op.create_index("ix_brain_calls_at", "brain_calls", ["at"], unique=False)
    op.create_index("ix_brain_calls_goal", "brain_calls", ["goal_number", "at"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("goal_number", sa.Integer(), nullable=False),
        sa.Column("task_ref", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("free_text", sa.Boolean(), nullable=False),
        sa.Column("option", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("answered_by_name", sa.Text(), nullable=False),
        sa.Column("answered_via", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind = 'start' OR kind = 'approval' OR kind = 'blockage' OR kind = 'adaptation' OR kind = 'question' OR kind = 'manual' OR kind = 'draft' OR kind = 'budget' OR kind = 'cycles' OR kind = 'deadline' OR kind = 'effect' OR kind = 'proposal' OR kind = 'result'",
            name=op.f("ck_decisions_kind_is_known"),
        ),
        sa.CheckConstraint(
            "state = 'open' OR state = 'answered' OR state = 'withdrawn'", name=op.f("ck_decisions_state_is_known")
        ),
        sa.ForeignKeyConstraint(["goal_number"], ["executor_goals.number"], name=op.f("fk_decisions_goal_number")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_decisions")),
    )
    op.create_index(
        "ix_decisions_open",
        "decisions",
        ["goal_number"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "effects",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("goal_number", sa.Integer(), nullable=False),
        sa.Column("task_ref", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("intended_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state = 'intended' OR state = 'done' OR state = 'failed' OR state = 'unknown' OR state = 'happened' OR state = 'did_not_happen'",
            name=op.f("ck_effects_state_is_known"),
        ),
        sa.ForeignKeyConstraint(["goal_number"], ["executor_goals.number"], name=op.f("fk_effects_goal_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effects")),
    )
    op.create_index(
        "ix_effects_unsettled",
        "effects",
        ["goal_number"],
        unique=False,
        sqlite_where=sa.text("state = 'intended' OR state = 'unknown'"),
        postgresql_where=sa.text("state = 'intended' OR state = 'unknown'"),
    )
    op.create_table(
        "goal_blockages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("goal_number", sa.Integer(), nullable=False),
        sa.Column("task_ref", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("tried", sa.Text(), nullable=False),
        sa.Column("detected_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "type = 'dependency' OR type = 'resource' OR type = 'error' OR type = 'external'",
            name=op.f("ck_goal_blockages_type_is_known"),
        ),
        sa.ForeignKeyConstraint(["goal_number"], ["executor_goals.number"], name=op.f("fk_goal_blockages_goal_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_blockages")),
    )
    op.create_index("ix_goal_blockages_goal", "goal_blockages", ["goal_number"], unique=False)
    op.create_index(
        "ix_goal_blockages_open",
        "goal_blockages",
        ["goal_number"],
        unique=False,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "goal_execution_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("goal_number", sa.Integer(), nullable=False),
        sa.Column("task_ref", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("executor_id", sa.Text(), nullable=False),
        sa.Column("executor_type", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["goal_number"], ["executor_goals.number"], name=op.f("fk_goal_execution_log_goal_number")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_execution_log")),
    )
    op.create_index("ix_goal_execution_log_goal", "goal_execution_log", ["goal_number", "id"], unique=False)
    op.create_table(
        "goal_milestones",
        sa.Column("goal_number", sa.Integer(), nullable=False),
        sa.Column("percentage", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("achieved_at", sa.BigInteger(), nullable=True),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "type IN ('planning', 'checkpoint', 'completion')", name=op.f("ck_goal_milestones_type_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["goal_number"], ["executor_goals.number"], name=op.f("fk_goal_milestones_goal_number")
        ),
        sa.PrimaryKeyConstraint("goal_number", "percentage", name=op.f("pk_goal_milestones")),
    )
    op.create_table(
        "goal_plans",
        sa.Column("goal_number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["goal_number"], ["executor_goals.number"], name=op.f("fk_goal_plans_goal_number")),
        sa.PrimaryKeyConstraint("goal_number", "version", name=op.f("pk_goal_plans")),
    )
    op.create_table(
        "goal_progress",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("goal_number", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["goal_number"], ["executor_goals.number"], name=op.f("fk_goal_progress_goal_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_progress")),
    )
    op.create_index("ix_goal_progress_goal", "goal_progress", ["goal_number", "id"], unique=False)
    op.create_table(
        "goal_tasks",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("goal_number", sa.Integer(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("parent_task", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("dependencies", sa.Text(), nullable=False),
        sa.Column("unblocks", sa.Integer(), nullable=False),
        sa.Column("critical", sa.Boolean(), nullable=False),
        sa.Column("optional", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("execution_type", sa.Text(), nullable=False),
        sa.Column("ai_confidence", sa.Float(), nullable=False),
        sa.Column("expected_outcome", sa.Text(), nullable=False),
        sa.Column("estimated_duration_minutes", sa.Float(), nullable=True),
        sa.Column("max_retries", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_count", sa.Integer(), nullable=False),
        sa.Column("taken_over", sa.Boolean(), nullable=False),
        sa.Column("verify_first", sa.Boolean(), nullable=False),
        sa.Column("verify_only", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("resume_state", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("blocked_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("actual_outcome", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("blocked_reason", sa.Text(), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("actual_duration_minutes", sa.Float(), nullable=True),
        sa.CheckConstraint(
            "execution_type = 'manual' OR execution_type = 'semi_automated' OR execution_type = 'fully_automated'",
            name=op.f("ck_goal_tasks_execution_type_is_known"),
        ),
        sa.CheckConstraint("kind = 'work' OR kind = 'criterion'", name=op.f("ck_goal_tasks_kind_is_known")),
        sa.CheckConstraint(
            "state = 'pending' OR state = 'queued' OR state = 'in_progress' OR state = 'retrying' OR state = 'awaiting_approval' OR state = 'blocked' OR state = 'paused' OR state = 'completed' OR state = 'failed' OR state = 'skipped' OR state = 'cancelled'",
            name=op.f("ck_goal_tasks_state_is_known"),
        ),
        sa.ForeignKeyConstraint(["goal_number"], ["executor_goals.number"], name=op.f("fk_goal_tasks_goal_number")),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_goal_tasks")),
    )
    op.create_index(
        "ix_goal_tasks_due",
        "goal_tasks",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'queued' OR state = 'retrying'"),
        postgresql_where=sa.text("state = 'queued' OR state = 'retrying'"),
    )
    op.create_index("ix_goal_tasks_goal", "goal_tasks", ["goal_number"], unique=False)
    op.create_table(
        "lessons",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("goal_number", sa.Integer(), nullable=True),
        sa.Column("task_ref", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["goal_number"], ["executor_goals.number"], name=op.f("fk_lessons_goal_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lessons")),
    )
    op.create_table(
        "goal_adaptations",
        sa.Column("goal_number", sa.Integer(), nullable=False),
        sa.Column("new_plan", sa.Integer(), nullable=False),
        sa.Column("old_plan", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("outcome_deviation", sa.Float(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["goal_number", "new_plan"],
            ["goal_plans.goal_number", "goal_plans.version"],
            name=op.f("fk_goal_adaptations_goal_number"),
        ),
        sa.PrimaryKeyConstraint("goal_number", "new_plan", name=op.f("pk_goal_adaptations")),
    )
    op.create_table(
        "task_attempts",
        sa.Column("task_ref", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("goal_number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("executor_id", sa.Text(), nullable=False),
        sa.Column("executor_type", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("pid_started", sa.Float(), nullable=True),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state = 'running' OR state = 'waiting' OR state = 'succeeded' OR state = 'failed' OR state = 'interrupted' OR state = 'unknown'",
            name=op.f("ck_task_attempts_state_is_known"),
        ),
        sa.ForeignKeyConstraint(["task_ref"], ["goal_tasks.ref"], name=op.f("fk_task_attempts_task_ref")),
        sa.PrimaryKeyConstraint("task_ref", "number", name=op.f("pk_task_attempts")),
    )
    op.create_index(
        "ix_task_attempts_open",
        "task_attempts",
        ["goal_number"],
        unique=False,
        sqlite_where=sa.text("state = 'running' OR state = 'unknown' OR state = 'waiting'"),
        postgresql_where=sa.text("state = 'running' OR state = 'unknown' OR state = 'waiting'"),
    )
    op.create_index(
        "ix_task_attempts_running",
        "task_attempts",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
