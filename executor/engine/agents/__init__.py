"""A task that a model works on call by call."""
