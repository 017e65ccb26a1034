"""The labels of the engine's transactions: each names two crash points, before and after its commit (ports.Store)."""

LABELS = (
    "command", "family", "heartbeat", "look", "plan", "process", "recovery", "stop", "take", "tick", "turn", "watch",
)  # fmt: skip
