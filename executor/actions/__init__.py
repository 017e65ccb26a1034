"""Actions: the kinds of work that a task can be, each with typed parameters and one shape of result."""
