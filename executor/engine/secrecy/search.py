"""Where in a text the forms of some values are, and whether they are in a file."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from executor.engine.secrecy import views
from executor.engine.secrecy.forms import forms, hexadecimal, in_base64, numbers
from executor.engine.secrecy.views import AS_SHOWN, ENCODED, IN_HEX, QUOTED, SPACED, Span, View
from executor.engine.secrecy.wraps import contents, decoded, encoded_runs

SHORT = 6  # characters; a shorter value is looked for as a whole word
WRAPS_MAX = 2  # an encoded text in an encoded text
_IN_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16}")
_BETWEEN = " \u241e "  # so that nothing reads on from one text into the next
_BETWEEN_BYTES = b"\xff\xfe\xff"

Run = tuple[Span, tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class Sought:
    """False where there is nothing to look for. `plain` are all forms as they are shown, longest first; `few` those
    that are looked for in other views too."""

    plain: tuple[str, ...] = ()
    few: tuple[str, ...] = ()
    spaced: tuple[str, ...] = ()
    in_hex: tuple[str, ...] = ()
    raw: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, values: Iterable[str]) -> "Sought":
        values = list(values)
        plain = _in_order(View(form, AS_SHOWN).flat for value in values for form in forms(value))
        few = _in_order(form for value in values for form in (value, *in_base64(value)))
        wide = (form for value in values for form in (value, value[::-1], *in_base64(value)) if len(form) >= SHORT)
        return cls(
            plain=plain,
            few=_in_order(View(form, QUOTED).flat for form in few),
            spaced=_in_order(View(form, SPACED).flat for form in (*few, *map(numbers, values))),
            in_hex=_in_order(map(hexadecimal, values)),
            raw=tuple(
                dict.fromkeys(
                    [form.encode("utf-8", "surrogatepass") for form in plain]
                    + [form.encode(code, "surrogatepass") for form in wide for code in ("utf-16-le", "utf-16-be")]
                )
            ),
        )

    def __bool__(self) -> bool:
        return bool(self.plain)

    def spans(self, text: str, wraps: int = WRAPS_MAX) -> list[Span]:
        """Where they are in it."""
        if not self:
            return []
        found, shown = list[Span](), views.as_shown(text)
        if _any(self.plain, shown):
            found += View(text, AS_SHOWN).find(self.plain)
        if _any(self.few, views.quoted(text)):
            found += View(text, QUOTED).find(self.few)
        others = self._apart(text, shown)
        return found + others + (self._wrapped(text, wraps) if wraps > 0 else [])

    def _apart(self, text: str, shown: str) -> list[Span]:
        """With blanks between its characters, or as bytes in hex."""
        found, dump = list[Span](), views.is_dump(text)
        if dump or _any(self.spaced, views.spaced(shown)):
            found += View(text, SPACED).find(self.spaced)
        if dump or _any(self.in_hex, views.in_hex(text)):
            found += View(text, IN_HEX, lower=True).find(self.in_hex)
        return list(views.with_dump(text, found)) if dump else found

    def _wrapped(self, text: str, wraps: int) -> list[Span]:
        """What holds one once it is decoded."""
        if not _IN_BASE64.search(text):  # hex looks like that too
            return []
        view = View(text, ENCODED)
        runs = [(view.span(begin, end), tuple(_decoded(run))) for begin, end, run in encoded_runs(view.flat)]
        return [span for span, _ in self._holding(runs, wraps - 1)]

    def _holding(self, runs: Sequence[Run], wraps: int) -> list[Run]:
        """Most texts have many that hold nothing, and at most a few that do."""
        if not runs or not self.inside([raw for _, several in runs for raw in several], wraps):
            return []
        if len(runs) == 1:
            return list(runs)
        half = len(runs) // 2
        return self._holding(runs[:half], wraps) + self._holding(runs[half:], wraps)

    def inside(self, several: Iterable[bytes], wraps: int = 1) -> bool:
        """Whether one of them holds a value."""
        several = list(several)
        flat = _BETWEEN_BYTES.join(several).translate(None, b"\r\n")
        if any(form in flat for form in self.raw):
            return True
        texts = list(_texts(several)) if wraps > 0 else []
        return bool(texts and self.spans(_BETWEEN.join(texts), wraps))


def is_text(raw: bytes) -> bool:
    return b"\0" not in raw and next(contents(raw), None) is None


def _any(wanted: Iterable[str], text: str) -> bool:
    return any(form in text for form in wanted)


def _in_order(found: Iterable[str]) -> tuple[str, ...]:
    """Without those that are too short, longest first."""
    return tuple(sorted({one for one in found if len(one) >= SHORT}, key=lambda one: (-len(one), one)))


def _texts(several: Iterable[bytes]) -> Iterator[str]:
    for raw in several:
        if b"\0" not in raw:
            with suppress(UnicodeDecodeError):
                yield raw.decode("utf-8")


def _decoded(run: str) -> Iterator[bytes]:
    for raw in decoded(run):
        yield from _unpacked(raw)


def _unpacked(raw: bytes) -> Iterator[bytes]:
    yield raw
    yield from contents(raw)
