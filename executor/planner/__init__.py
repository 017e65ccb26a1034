"""Planning: how a goal that a person wrote becomes a plan. Without a model here; each provider's brain has a file."""
