"""(g) What goals cost in requests and tokens, next to agents that reason and act in a loop over the same work."""

from benchmarks.tokens.measure import run

__all__ = ["run"]
