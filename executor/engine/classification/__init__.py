"""What is wrong, from evidence alone: the class, a finer cause, and how sure we are. No model is asked.

The knowledge is data beside this file: ``rules.toml`` (what messages and exit codes mean, each with its reason),
``causes.toml`` (what there can be), ``codes.toml`` (HTTP statuses and the like), ``modules.toml`` (import names).
"""

from executor.engine.classification.evidence import Evidence
from executor.engine.classification.look import classify, look, unset_secret
from executor.engine.classification.modules import package_of
from executor.engine.classification.unseen import asks_outside, only_reads
from executor.engine.classification.verdict import Verdict

__all__ = ["Evidence", "Verdict", "asks_outside", "classify", "look", "only_reads", "package_of", "unset_secret"]
