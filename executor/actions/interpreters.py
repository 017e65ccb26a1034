"""Which words of a command are a program for somebody else: the text after ``bash -c``, ``eval``, a script of awk.

What stands there is parsed again, whatever quotes the shell saw. The list holds what people and models really write;
what hides it better (a name built from pieces, a file that is run later)
is a program that its author wants to run, and is shown on the plan before it runs.
"""

import re
from collections.abc import Iterator, Sequence

_NAMES = r"(?:{})[\d.]*$"
_AFTER_OPTION: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(_NAMES.format(names)), re.compile(options))
    for names, options in (
        (r"bash|sh|dash|zsh|ksh|ash|fish|su|script|python|pypy|flock|runuser", r"-[A-Za-z]*c$|--command$"),
        (r"perl|ruby|lua|Rscript", r"-[A-Za-z]*[eE]$"),
        (r"node|nodejs|deno|bun", r"-[A-Za-z]*[ep]$|--eval$|--print$|eval$"),
        (r"php", r"-r$"),
    )
)
_BEFORE_COMMAND = re.compile(r"[A-Za-z_]\w*\+?=|(?:if|then|elif|else|while|until|do|!|\{|time|builtin|coproc)$")
_RUNS_OTHERS = re.compile(
    _NAMES.format(
        r"sudo|doas|env|command|exec|nohup|nice|ionice|timeout|stdbuf|setsid|xargs|parallel|chroot|-exec(?:dir)?|-ok(?:dir)?"
    )
)
_QUOTES = re.compile(r"\$?['\"]|\\")
_RUN_BY_SHELL = re.compile(r"(?:BASH_ENV|ENV|PS[0-4]|PROMPT_COMMAND|SHELLOPTS|BASHOPTS|LD_[A-Z_]+)\+?=")
_MARKS = frozenset({"<<<", ">"})
_WHOLE = re.compile(_NAMES.format(r"eval|let|trap|alias|ssh|watch"))
_SCRIPT_FIRST = re.compile(_NAMES.format(r"awk|gawk|mawk|nawk|sed|gsed"))
_OPTION_WITH_VALUE = re.compile(r"-[vFfilE]$|--(?:assign|field-separator|file)$")
_OPTION_WITH_SCRIPT = re.compile(r"-[A-Za-z]*e$|--(?:expression|source)$")
_DECLARES = re.compile(r"(?:declare|typeset|local|export|readonly|unset|read|mapfile|readarray|getopts)$")
_FROM_STDIN = re.compile(_NAMES.format(r"bash|sh|dash|zsh|ksh|ash|fish|python|pypy|perl|ruby|node|php|lua"))


def program_at(words: Sequence[str], word: str) -> str:
    """Why text in the current word would be evaluated (``in the program of bash``), or "". `words` are the finished
    ones of the same simple command, raw; `word` is what was read of the current one. A redirection stands among them
    as ``<<<`` or ``>``, before its target."""
    if words and words[-1] in _MARKS:
        return reads_program(words[:-1]) if words[-1] == "<<<" else ""
    if found := _RUN_BY_SHELL.match(word):
        return f"in {found[0].rstrip('+=')}"
    words = _arguments(words)
    for index, name in _commands(words):
        after = words[index + 1 :]
        if _WHOLE.match(name) or _declares(name, after, word) or _is_script(name, after, word):
            return f"in the program of {name}"
        for names, option in _AFTER_OPTION:
            if names.match(name) and _ends_with(option, after):
                return f"in the program of {name}"
    return ""


def _ends_with(option: re.Pattern[str], words: Sequence[str]) -> bool:
    """The option is the last word, or only options follow it."""
    for word in reversed(words):
        if option.match(word.strip("'\"")):
            return True
        if not word.startswith("-"):
            break
    return False


def _arguments(words: Sequence[str]) -> list[str]:
    """Without redirections and their targets."""
    before = ["", *words]
    return [word for last, word in zip(before, words, strict=False) if word not in _MARKS and last not in _MARKS]


def _commands(words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Where the name of a command stands, and that name: after ``sudo`` or ``xargs``, every word may be one."""
    first, any_word = True, False
    for index, raw in enumerate(words):
        name = _QUOTES.sub("", raw).rsplit("/", 1)[-1]
        if first and _BEFORE_COMMAND.match(raw):
            continue
        if first or any_word:
            yield index, name
        any_word = any_word or bool(_RUNS_OTHERS.match(name) and (first or name.startswith("-")))
        first = False


def _declares(name: str, after: Sequence[str], word: str) -> bool:
    """A name or a subscript from outside, or an integer variable: bash evaluates all three."""
    if name in ("printf", "test", "[") and after:
        return after[-1] in ("-v", "-R")
    if not _DECLARES.match(name):
        return False
    return "=" not in word or any(re.match(r"-[A-Za-z]*i", one) for one in after)


def _is_script(name: str, after: Sequence[str], word: str) -> bool:
    if not _SCRIPT_FIRST.match(name):
        return False
    if after and _OPTION_WITH_VALUE.match(after[-1]):
        return after[-1] == "-f"
    if after and _OPTION_WITH_SCRIPT.match(after[-1]):
        return True
    given = any(_OPTION_WITH_SCRIPT.match(one) for one in after)
    return not given and not word.startswith("-") and not _operands(after)


def _operands(words: Sequence[str]) -> list[str]:
    operands, skip = [], False
    for word in words:
        if skip or word.startswith("-"):
            skip = not skip and bool(_OPTION_WITH_VALUE.match(word))
        else:
            operands.append(word)
    return operands


def reads_program(words: Sequence[str]) -> str:
    """Whether this simple command takes its program from standard input (``bash -s``, ``python3 -``); says by whom."""
    words = _arguments(words)
    for index, name in _commands(words):
        if _FROM_STDIN.match(name) and all(word.startswith("-") for word in words[index + 1 :]):
            return f"in the program of {name}"
        if name == "ssh":
            return "in the program of ssh"
    return ""
