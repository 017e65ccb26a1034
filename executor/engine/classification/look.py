"""The order in which evidence is looked at: the surest first.

1. What the executor knows itself: it ended the command, the sandbox refused, the network was off.
2. The exit code or signal, where it leaves no doubt (rules.toml, [ends]); and failures that are none ([fine]).
3. Structured hints: messages that say more than the status inside them ([refined]), HTTP statuses, error bodies.
4. What was printed ([said]), standard error before standard output.
5. Exit codes of programs that said nothing ([codes]), and vague words ([vague]).

Something that ended well is looked at for the opposite: a success that is none (see `unseen`).
"""

import re
from collections.abc import Container
from dataclasses import replace

from executor.domain.outcome import Result
from executor.engine.classification.evidence import Evidence
from executor.engine.classification.hints import Hint, body_hint, cause_of_status, status_in, wait_in
from executor.engine.classification.modules import is_own
from executor.engine.classification.rules import first
from executor.engine.classification.unseen import unseen
from executor.engine.classification.verdict import FINE, Verdict, verdict

_SURE, _CLEAR, _LIKELY, _HINTED, _VAGUE, _UNKNOWN = 1.0, 0.95, 0.9, 0.8, 0.6, 0.5
_STAGES = (("said", _LIKELY), ("codes", _HINTED), ("vague", _VAGUE))

_SECRET = r"[A-Z][A-Z0-9_]*(?:_TOKEN|_KEY|_SECRET|PASSWORD|_PASS|_CREDENTIALS|_PAT)|TOKEN|API_?KEY|SECRET"
_SECRET_NAME = re.compile(rf"(?:{_SECRET})$")
_SECRET_USED = re.compile(rf"\$\{{?({_SECRET})\b")
_SECRET_SAID = re.compile(rf"(?<![\w$])({_SECRET})\b")
_HERE = re.compile(
    r"\blocalhost\b|\b127\.\d+\.\d+\.\d+|\[?::1\]?|\b0\.0\.0\.0\b|\.sock\b|\.s\.PGSQL|\bhost\.docker\b", re.I
)
_THERE = re.compile(
    r"://(?:[^@/\s]*@)?[\w-]+(?:\.[\w-]+)+"
    r"|\b(?:to|host|server|at|tcp|connect)(?: host)?[ =:]+[\"']?[\w-]+(?:\.[\w-]+)*\.[\w-]+"
)
_EXCEEDED = {"memory": "out_of_memory", "processes": "process_limit"}
_LOST = frozenset({"dns_failure", "network", "network_timeout"})
_WAITING = frozenset({"rate_limited", "remote_5xx", "network_timeout", "quota"})


def classify(result: Result) -> Verdict:
    """The verdict on an attempt that did not do what it should; where nothing looks wrong, an unknown error."""
    evidence = Evidence.of(result)
    found = look(replace(evidence, success=False) if evidence.code is None else evidence)
    return found or verdict_unknown(evidence)


def verdict_unknown(evidence: Evidence) -> Verdict:
    """Nothing tells what it was. A command that names a secret which nobody gave lacks it, whatever else it says."""
    if evidence.unset:
        return verdict("missing_credential", _VAGUE, subject=evidence.unset)
    unknown = verdict("unknown", _UNKNOWN)
    return replace(unknown, cause=evidence.said or unknown.cause)


def look(evidence: Evidence) -> Verdict | None:
    """None: nothing is wrong, whatever it looks like."""
    if (known := _known(evidence)) is not None:
        return known
    if evidence.succeeded:
        hint = unseen(evidence)
        return _of_hidden(hint, evidence) if hint is not None else None
    ended = first("ends", evidence)
    if ended is not None and not _ran_out_of_memory(evidence):
        return _told(ended[0].cause, ended[1], _CLEAR, evidence)
    if first("fine", evidence) is not None:
        return None
    return _from_words(evidence) or verdict_unknown(evidence)


def _ran_out_of_memory(evidence: Evidence) -> bool:
    """A program that got no memory may crash of it: then the message counts, not the signal."""
    found = first("refined", evidence)
    return found is not None and found[0].cause == "out_of_memory"


def _known(evidence: Evidence) -> Verdict | None:
    if evidence.timed_out:
        limit = verdict("time_limit", _SURE)
        return replace(limit, cause=evidence.said or limit.cause)
    if (code := _EXCEEDED.get(evidence.exceeded)) is not None:
        limit = verdict(code, _SURE)
        return replace(limit, cause=evidence.said or limit.cause)
    if evidence.waits_for_terminal:
        return verdict("needs_input", _SURE)
    if evidence.stopped:
        return verdict("stopped", _SURE)
    if evidence.refused:
        return verdict("policy", _SURE, subject=evidence.refused)
    return None


def _from_words(evidence: Evidence) -> Verdict | None:
    if (found := first("refined", evidence)) is not None:
        return _told(found[0].cause, found[1], _CLEAR, evidence)
    if (hint := _structured(evidence)) is not None:
        return _told(hint, "", _CLEAR, evidence)
    for stage, confidence in _STAGES:
        if (found := first(stage, evidence)) is not None:
            return _told(found[0].cause, found[1], confidence, evidence)
    return None


def _structured(evidence: Evidence) -> str | None:
    if evidence.status is not None and evidence.status >= 400:
        return cause_of_status(evidence.status)
    for text in evidence.texts:
        if (status := status_in(text)) is not None:
            return cause_of_status(status)
    hint = body_hint(evidence.stderr) or body_hint(evidence.stdout)
    return hint.cause or None if hint is not None else None


def _of_hidden(hint: Hint, evidence: Evidence) -> Verdict:
    """By the hint's own cause, refined by its words, and by all that was said where it gives no cause."""
    own = Evidence(command=evidence.command, exit_code=1, stderr=hint.message)
    refined = first("refined", own)
    if refined is not None and hint.cause in ("", "invalid_request", "missing_credential", "rate_limited"):
        return _told(refined[0].cause, refined[1], _HINTED, evidence)
    if hint.cause:
        return _told(hint.cause, "", _CLEAR if hint.sure else _HINTED, evidence)
    found = _from_words(own)
    return found if found is not None else _told("invalid_request", "", _HINTED, evidence)


def _told(code: str, subject: str, confidence: float, evidence: Evidence) -> Verdict:
    """The verdict for a cause, after what the rest of the evidence adds to it."""
    code = _adjusted(code, subject, evidence)
    if code == "missing_credential" and not subject:
        subject = _secret(evidence)
    if code == "missing_credential" and not _SECRET_NAME.fullmatch(subject):
        subject = ""
    wait_s = wait_in(evidence) if code in _WAITING else None
    return verdict(code, confidence, subject=subject, wait_s=wait_s)


def _adjusted(code: str, subject: str, evidence: Evidence) -> str:
    if code in _LOST and not evidence.network:
        return "network_disabled"
    if code == "missing_env_var" and _SECRET_NAME.match(subject):
        return "missing_credential"
    if code == "missing_python_module" and is_own(subject):
        return "import_path"
    if code == "service_not_running" and _elsewhere(evidence):
        return "network"
    return code


def unset_secret(command: str, given: Container[str]) -> str:
    """The first secret's variable that a command uses, is not given and does not set itself; "" where there is none.
    A command sees nothing of this program's own environment."""
    used = (found[1] for found in _SECRET_USED.finditer(command))
    return next((name for name in used if name not in given and not re.search(rf"\b{name}\b(?:=|\))", command)), "")


def _elsewhere(evidence: Evidence) -> bool:
    """Whether what does not answer is on another machine; a name without a dot is a neighbour's."""
    said = [*(text.own for text in evidence.texts), evidence.command]
    return not any(_HERE.search(text) for text in said) and any(_THERE.search(text) for text in said)


def _secret(evidence: Evidence) -> str:
    """The name of the variable that would hold what is missing, where the command or its output shows one."""
    if used := _SECRET_USED.search(evidence.command):
        return used[1]
    for text in evidence.texts:
        if said := _SECRET_SAID.search(text.own):
            return said[1]
    return ""


__all__ = ["FINE", "classify", "look", "unset_secret"]
