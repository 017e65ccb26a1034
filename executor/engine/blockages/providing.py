"""A value that is missing: when a person is asked for one, and how their reply is read."""

import difflib
import re
from collections.abc import Mapping, Sequence

from executor.domain.decision import PROVIDE_VALUE, Decision, Option
from executor.domain.outcome import Result
from executor.domain.secret import MASK, Provided, why_no_name
from executor.engine.classification import classify
from executor.engine.replies import Refused
from executor.engine.secrecy.secrets import MISSING_VALUE

VALUE_BYTES_MAX = 32_768  # of one value: a private key has 3,000, and an environment takes 131,072 in one variable

_ASSIGNED = re.compile(r"(?:export[ \t]+)?([A-Za-z_]\w*)=(.*)", re.DOTALL | re.ASCII)
_LIKE_A_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|TOKEN|PASSWORD|SECRET|APIKEY")
_TYPO = 0.8  # how close to an option's name a reply must be to be taken for it


def missing_value(result: Result | None) -> str | None:
    """The variable that a failed attempt lacks; "" where a credential is missing and nothing names it; None where no
    value would help."""
    if result is None:
        return None
    if isinstance(named := result.metadata.get(MISSING_VALUE), str):
        return named
    verdict = classify(result)
    if verdict.subclass == "missing_credential":
        return "" if why_no_name(verdict.subject) else verdict.subject
    if verdict.subclass == "missing_env_var" and verdict.subject and not why_no_name(verdict.subject):
        return verdict.subject
    return None


def with_value(options: Sequence[Option], missing: str | None) -> tuple[Option, ...]:
    """These options, with Provide value before Skip where a value is missing."""
    if missing is None:
        return tuple(options)
    at = next((place for place, option in enumerate(options) if option.name == "skip"), len(options))
    return (*options[:at], PROVIDE_VALUE, *options[at:])


def asks_for(decision: Decision) -> str:
    """What a person reads after pressing Provide value."""
    name, several = wanted_of(decision), ", ".join(wanted_together(decision))
    what = f"the value of {name}" if name else "the value as NAME=value"
    what = what if name or not several else f"one NAME=value per line, for {several}"
    return f"Send {what}. I take it out of the chat at once and keep it encrypted."


def wanted_of(decision: Decision) -> str:
    """The variable that this decision asks for; "" where the person names it."""
    return str(decision.facts.get("missing") or "")


def wanted_together(decision: Decision) -> Mapping[str, tuple[str, ...]]:
    """The variables that this decision asks for in advance, with the tasks that need them; empty for any other."""
    values = decision.facts.get("values")
    parts = [one for one in values if isinstance(one, Mapping)] if isinstance(values, list | tuple) else []
    return {str(one["name"]): tuple(map(str, one["refs"])) for one in parts}


def given(decision: Decision) -> tuple[str, ...]:
    """What it was given already, masked."""
    shown = decision.facts.get("given")
    return tuple(map(str, shown)) if isinstance(shown, list | tuple) else ()


def read_values(decision: Decision, text: str) -> tuple[Provided, ...] | Refused:
    """A reply as values of what `wanted_together` names: one ``NAME=value`` per line, or the bare value of the only
    one, which may have lines of its own. Nothing of `text` stands in a refusal."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    alone = wanted_of(decision)
    named = [
        found[1] for line in lines if (found := _ASSIGNED.fullmatch(line)) and _LIKE_A_VARIABLE.fullmatch(found[1])
    ]
    values: dict[str, Provided] = {}
    for part in [text] if alone and len(named) < 2 else lines or [""]:
        one = read_value(decision, part)
        if isinstance(one, Refused):
            return one
        if one.name not in wanted_together(decision):
            return _not_asked_for(decision)
        values[one.name] = one
    return tuple(values.values())


def _not_asked_for(decision: Decision) -> Refused:
    names = ", ".join(wanted_together(decision))
    sentence = (
        f"Please write NAME=value, one per line, for nothing but {names}. Question {decision.number} is still open."
    )
    return Refused(code="not_asked_for", sentence=sentence)


def read_value(decision: Decision, text: str) -> Provided | Refused:
    """A reply as a value. `text` never stands in a refusal."""
    wanted, text = wanted_of(decision), text.strip()
    name, value = _taken_apart(wanted, text)
    if problem := _problem(decision, wanted, name, value, text):
        return Refused(code="no_value", sentence=problem)
    return Provided(name, value)


def _taken_apart(wanted: str, text: str) -> tuple[str, str]:
    """``NAME=value``, also with ``export`` and with quotes as in a shell. With a known name, a text with an equals sign
    is still a value, unless what stands before it can only be a variable."""
    found = _ASSIGNED.fullmatch(text)
    if found is None or (wanted and found[1] != wanted and not _LIKE_A_VARIABLE.fullmatch(found[1])):
        return wanted, text
    value = found[2].strip()
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\""
    return found[1], value[1:-1] if quoted else value


def _problem(decision: Decision, wanted: str, name: str, value: str, text: str) -> str:
    again = f"Question {decision.number} is still open."
    if MASK in text:
        return f"The value was lost on its way to me. Please send it once more. {again}"
    if not name:
        example = next(iter(wanted_together(decision)), "API_TOKEN")
        per_line = ", one per line" if wanted_together(decision) else ""
        return f"Please write it as NAME=value{per_line}, such as {example}=abc123. {again}"
    if problem := why_no_name(name):
        return f"{problem} {again}"
    if not value.strip():
        what = f"the value of {wanted}" if wanted else "it as NAME=value"
        return f"That is empty. Please send {what}. {again}"
    if "\0" in value or len(value.encode("utf-8", "replace")) > VALUE_BYTES_MAX:
        return f"That can't be a value: at most {VALUE_BYTES_MAX} bytes, and no NUL character. {again}"
    if meant := _option_meant(decision, text):
        return f"Did you mean {meant}? If it is the value: /answer {decision.number} {PROVIDE_VALUE.name} and then it."
    return ""


def _option_meant(decision: Decision, text: str) -> str:
    """A misspelt option is no value."""
    names = [option.name for option in decision.options if option != PROVIDE_VALUE]
    near = difflib.get_close_matches(text.lower().replace(" ", "-"), names, n=1, cutoff=_TYPO)
    return near[0] if near else ""
