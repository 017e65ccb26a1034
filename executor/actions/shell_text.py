"""Where in a shell command a reference stands: bare, in which quotes, or where its text would be evaluated.

A reader of POSIX shell and bash quoting, not of their whole grammar. It needs to be right about evaluation (arithmetic,
subscripts, programs for another interpreter); about quotes an error is harmless, see references. What it can't make
out, an unclosed quote for instance, counts as evaluated.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

from executor.actions.interpreters import program_at, reads_program


class Place(Enum):
    WORD = "word"
    DOUBLE = "double"
    SINGLE = "single"
    ANSI = "ansi"
    COMMENT = "comment"
    EVALUATED = "evaluated"


@dataclass(frozen=True, slots=True)
class Spot:
    """One reference: command[start:end]. `where` says for people what makes its text a program."""

    key: str
    start: int
    end: int
    place: Place
    where: str = ""


def spots(command: str, reference: re.Pattern[str]) -> list[Spot]:
    """Every reference in the command, in order; escaped ones (``\\${…}``) are left out."""
    if not reference.search(command):
        return []
    reader = Reader(command, reference)
    try:
        reader.code(None)
    except Unclosed as unclosed:
        return _all_evaluated(command, reference, str(unclosed))
    except RecursionError:
        return _all_evaluated(command, reference, "too deep inside brackets")
    return sorted(reader.spots, key=lambda spot: spot.start)


def _all_evaluated(command: str, reference: re.Pattern[str], where: str) -> list[Spot]:
    return [Spot(found[1], found.start(), found.end(), Place.EVALUATED, where) for found in reference.finditer(command)]


class Unclosed(Exception):
    def __init__(self, what: str) -> None:
        super().__init__(f"after {what} that is never closed")


@dataclass(slots=True)
class _Simple:
    """The simple command being read: its finished words, and where the current one began. `started_at`
    counts the spots before it, `frame_at` those before the brackets it stands in, `fed_from` those before the commands
    that are piped into it."""

    words: list[str] = field(default_factory=list)
    word_start: int | None = None
    fed_from: int | None = None
    started_at: int = 0
    frame_at: int = 0


@dataclass(frozen=True, slots=True)
class _Heredoc:
    delimiter: str
    quoted: bool
    tabs: bool
    program: str  # the interpreter that reads it as its program, if any


_HEREDOC = re.compile(r"<<(-?)[ \t]*((?:\\.|'[^'\n]*'|\"[^\"\n]*\"|[^\s;&|<>()'\"\\])+)")
_PARAMETER = re.compile(r"\$\{[#!]?(?:\w+|[@*#?$!-])?")
_SUBSCRIPTED = re.compile(r"[A-Za-z_]\w*\[|\[(?![\s\[])")
_NUMERIC_TEST = re.compile(r"\s-(?:eq|ne|lt|le|gt|ge|v|R)\s|^\s*-(?:v|R)\s")
_REDIRECTION = re.compile(r"&>>?|<<<|>>|<>|[<>][&|]?")
_BLANK = " \t"
_ENDS_COMPOUND = ("done", "fi", "esac", "}")
_ENDS_COMMAND = "\n;|&()"


class Reader:
    def __init__(self, text: str, reference: re.Pattern[str]) -> None:
        self.text = text
        self.at = 0
        self.spots: list[Spot] = []
        self._reference = reference
        self._simple = _Simple()
        self._heredocs: list[_Heredoc] = []
        self._evaluated: list[str] = []  # why everything in here is evaluated; innermost last

    # ------------------------------------------------------------------------------------------------ the basics

    def _looking_at(self, what: str | tuple[str, ...]) -> bool:
        return self.text.startswith(what, self.at)

    def _take_reference(self, place: Place) -> bool:
        found = self._reference.match(self.text, self.at)
        if found is None:
            return False
        where = self._evaluated[-1] if self._evaluated else self._program_here()
        self.spots.append(Spot(found[1], found.start(), found.end(), Place.EVALUATED if where else place, where))
        self.at = found.end()
        return True

    def _program_here(self) -> str:
        start = self._simple.word_start
        word = "" if start is None else self.text[start : self.at]
        return program_at(self._simple.words, word)

    def _until(self, end: str, what: str, step: Callable[[], None]) -> None:
        """Take steps up to and with `end`."""
        while self.at < len(self.text):
            if self._looking_at(end):
                self.at += len(end)
                return
            step()
        raise Unclosed(what)

    def _inside(self, why: str, read: Callable[[], None]) -> None:
        self._evaluated.append(why)
        try:
            read()
        finally:
            self._evaluated.pop()

    # ------------------------------------------------------------------------------------------------------ code

    def code(self, end: str | None) -> None:
        """Commands up to `end`, or to the end of the text."""
        outer, self._simple = self._simple, _Simple(started_at=len(self.spots), frame_at=len(self.spots))
        if end is None:
            while self.at < len(self.text):
                self._code_step()
        else:
            self._until(end, "a bracket", self._code_step)
        self._end_word()
        self._end_command()
        self._simple = outer

    def _code_step(self) -> None:
        character = self.text[self.at]
        at_word = self._simple.word_start is None
        if self._looking_at(("<(", ">(")):
            self.at += 2
            program = reads_program(self._simple.words)
            self._inside(program, lambda: self.code(")")) if program else self.code(")")
        elif character in "<>" or self._looking_at("&>"):
            self._redirection()
        elif character in _ENDS_COMMAND or character in _BLANK:
            self._between_words(character)
        elif at_word and character == "#":
            self._comment()
        else:
            self._word_step(character)

    def _word_step(self, character: str) -> None:
        if self._simple.word_start is None:
            self._simple.word_start = self.at
            if self._test():
                return
        self._in_word(character)

    def _end_word(self) -> None:
        simple = self._simple
        if simple.word_start is not None:
            simple.words.append(self.text[simple.word_start : self.at])
            simple.word_start = None

    def _end_command(self) -> None:
        """What is piped into a shell is its program."""
        simple, first = self._simple, self._simple.fed_from
        if first is not None and (program := reads_program(simple.words)):
            self._mark_evaluated(first, program)
        if self._looking_at("|") and not self._looking_at("||"):
            whole = simple.words[:1] and simple.words[0] in _ENDS_COMPOUND
            simple.fed_from = simple.frame_at if whole else simple.started_at if first is None else first
        elif not self._looking_at("\n") or simple.words:
            simple.fed_from = None
        simple.words.clear()
        simple.started_at = len(self.spots)

    def _mark_evaluated(self, first: int, where: str) -> None:
        self.spots[first:] = [replace(spot, place=Place.EVALUATED, where=where) for spot in self.spots[first:]]

    def _between_words(self, character: str) -> None:
        self._end_word()
        if character in _BLANK:
            self.at += 1
            return
        if self._looking_at("(("):
            self.at += 2
            self._inside("in arithmetic", lambda: self._until("))", "((", self._plain_step))
            return
        self._end_command()
        self.at += 1
        if character == "(":
            self.code(")")
        elif character == "\n":
            self._heredoc_bodies()

    def _in_word(self, character: str) -> None:
        subscript = _SUBSCRIPTED.match(self.text, self.at) if self._simple.word_start == self.at else None
        if subscript is not None:
            self.at = subscript.end()
            self._inside("in a subscript", lambda: self._until("]", "[", self._plain_step))
        elif character == "'":
            self._single(Place.SINGLE)
        elif character == '"':
            self._double()
        elif self._looking_at("$'"):
            self.at += 1
            self._single(Place.ANSI)
        else:
            self._plain_step(Place.WORD)

    def _plain_step(self, place: Place = Place.WORD) -> None:
        """One step that means the same bare, in double quotes and in arithmetic."""
        character = self.text[self.at]
        if character == "\\":
            self.at += 2
        elif character == "`":
            self.at += 1
            self._inside("in backticks", lambda: self._until("`", "a backtick", self._plain_step))
        elif character != "$" or not self._dollar(place):
            self.at += 1

    def _dollar(self, place: Place) -> bool:
        if self._take_reference(place):
            return True
        if self._looking_at("$(("):
            self.at += 3
            self._inside("in arithmetic", lambda: self._arithmetic())
        elif self._looking_at("$("):
            self.at += 2
            self.code(")")
        elif self._looking_at("$["):
            self.at += 2
            self._inside("in arithmetic", lambda: self._until("]", "$[", self._plain_step))
        elif self._looking_at("${"):
            self._parameter(place)
        else:
            return False
        return True

    def _arithmetic(self) -> None:
        """Up to the bracket that closes ``$((``; brackets inside are counted."""
        for _ in range(2):
            self._until(")", "$((", self._bracket_step)

    def _bracket_step(self) -> None:
        if self._looking_at("("):
            self.at += 1
            self._until(")", "(", self._bracket_step)
        else:
            self._plain_step()

    def _parameter(self, place: Place) -> None:
        """``${name…}``: what follows a name may be a word, a pattern, or arithmetic."""
        found = _PARAMETER.match(self.text, self.at)
        assert found is not None  # the caller saw "${"
        self.at = found.end()
        if self._looking_at("["):
            self.at += 1
            self._inside("in a subscript", lambda: self._until("]", "[", self._plain_step))
        after = self.text[self.at : self.at + 2]
        if after[:1] == ":" and after[1:] not in ("-", "=", "+", "?"):
            self._inside("in arithmetic", lambda: self._until("}", "${", self._plain_step))
        elif place is Place.WORD:
            self._until("}", "${", lambda: self._in_word(self.text[self.at]))
        else:
            self._until("}", "${", lambda: self._double_step(place))

    # -------------------------------------------------------------------------------------------------- quotes

    def _single(self, place: Place) -> None:
        self.at += 1

        def step() -> None:
            if place is Place.ANSI and self._looking_at("\\"):
                self.at += 2
            elif not self._take_reference(place):
                self.at += 1

        self._until("'", "a quote", step)

    def _double(self) -> None:
        self.at += 1
        self._until('"', "a quote", lambda: self._double_step(Place.DOUBLE))

    def _double_step(self, place: Place) -> None:
        if place is Place.DOUBLE and self._looking_at('"'):  # quotes within ${…} within quotes
            self._double()
        else:
            self._plain_step(place)

    def _comment(self) -> None:
        while self.at < len(self.text) and self.text[self.at] != "\n":
            if not self._take_reference(Place.COMMENT):
                self.at += 1

    # ------------------------------------------------------------------------------------- tests and heredocs

    def _test(self) -> bool:
        """``[[ … ]]``: with a numeric operator, bash evaluates both sides."""
        if not re.match(r"\[\[\s", self.text[self.at : self.at + 3]):
            return False
        start, first = self.at + 2, len(self.spots)
        self.at = start
        self._until("]]", "[[", lambda: self._in_word(self.text[self.at]))
        if _NUMERIC_TEST.search(self.text[start : self.at]):
            self._mark_evaluated(first, "in a numeric test")
        return True

    def _redirection(self) -> None:
        """Its target is no argument: a mark among the words says so. A heredoc's body follows the line."""
        words = self._simple.words
        self._end_word()
        if words and words[-1].isdecimal():  # 2>&1
            words.pop()
        heredoc = None if self._looking_at("<<<") else _HEREDOC.match(self.text, self.at)
        if heredoc is not None:
            raw, program = heredoc[2], reads_program(words)
            quoted = any(mark in raw for mark in "\\'\"")
            self._heredocs.append(_Heredoc(re.sub(r"[\\'\"]", "", raw), quoted, bool(heredoc[1]), program))
            self.at = heredoc.end()
            return
        found = _REDIRECTION.match(self.text, self.at)
        assert found is not None  # the caller saw its first character
        words.append("<<<" if found[0] == "<<<" else ">")
        self.at = found.end()

    def _heredoc_bodies(self) -> None:
        pending, self._heredocs = self._heredocs, []
        for heredoc in pending:
            self._heredoc_body(heredoc)

    def _heredoc_body(self, heredoc: _Heredoc) -> None:
        lines = self.text[self.at :].splitlines(keepends=True)
        length = 0
        for line in lines:
            bare = line.rstrip("\n").lstrip("\t") if heredoc.tabs else line.rstrip("\n")
            if bare == heredoc.delimiter:
                break
            length += len(line)
        end = self.at + length
        why = heredoc.program or ("in a heredoc with a quoted delimiter" if heredoc.quoted else "")
        if why:
            self._inside(why, lambda: self._body(end, quoted=heredoc.quoted))
        else:
            self._body(end, quoted=False)

    def _body(self, end: int, *, quoted: bool) -> None:
        while self.at < end:
            if quoted:
                if not self._take_reference(Place.SINGLE):
                    self.at += 1
            else:
                self._plain_step(Place.DOUBLE)
