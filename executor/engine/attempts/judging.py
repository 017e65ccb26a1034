"""What the result of an action says, read closely: whether a success is one, and what tells most about a failure."""

from dataclasses import replace

from executor.domain.outcome import Result
from executor.engine.classification import Evidence, classify, look
from executor.ports import Seen

TOO_MANY_REQUESTS = 429


def was_answered(result: Result) -> bool:
    """An outside effect failed, and the other side (or the command itself) said so: it may have done a part. Being
    asked to slow down is no such answer."""
    status = result.metadata.get("status")
    said = result.metadata.get("answered") or "exit_code" in result.metadata
    return (status is not None and status != TOO_MANY_REQUESTS) or bool(said)


SURE = 0.8  # below this confidence a success is believed


def doubted(result: Result) -> Result | None:
    """A command's success that is none: it ended well and printed that it failed. None where nothing speaks against
    it. A task with a check of its own needs no such guess."""
    if result.metadata.get("exit_code") != 0:
        return None
    verdict = look(Evidence.of(result))
    if verdict is None or verdict.confidence < SURE:
        return None
    return replace(result, success=False, error=verdict.cause)


def hidden(result: Result) -> Result | None:
    """The failure that a command printed and then ended well all the same (``… || true``), where its check says already
    that it failed. None where its words name none."""
    if result.metadata.get("exit_code") != 0 or not str(result.metadata.get("stderr") or "").strip():
        return None
    failed = replace(result, success=False, metadata={**result.metadata, "disproved": True})
    verdict = classify(failed)
    return None if verdict.subclass == "unknown" else replace(failed, error=verdict.cause)


def told_by(seen: Seen, result: Result) -> Result:
    """What says most about a check that does not hold: the check's own words where it has any. One without a word
    (``test -s out.txt``) says no more than that, and nothing about why."""
    own = seen.result
    if own is None or own.success:
        return result
    if own.output.strip() or str(own.metadata.get("stderr") or "").strip() or "exit_code" not in own.metadata:
        return own
    told = f"The check does not hold: {seen.evidence}"
    return replace(result, success=False, error=told, metadata={"command": own.metadata.get("command")})
