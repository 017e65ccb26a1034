"""The filters of system calls as files, which bubblewrap reads when it starts a command."""

from pathlib import Path

from executor.actions.sandbox import calls

CLOSED = "closed"


class Filters:
    """`place` is where the usual one lies; beside it is that of commands that see the whole machine."""

    def __init__(self, place: Path) -> None:
        self._places = {True: place, False: place.with_name(f"{place.name}.{CLOSED}")}

    def write(self) -> None:
        """Anew: another version may have written others. Raises OSError."""
        for doors in self._places:
            self._write(doors)

    def place(self, *, doors: bool) -> Path | None:
        """None: there is none for this kind of machine. Written again where it is gone."""
        if not calls.program(doors=doors):
            return None
        if not self._places[doors].exists():
            self._write(doors)
        return self._places[doors]

    def _write(self, doors: bool) -> None:
        """Whole: a command may start meanwhile."""
        place = self._places[doors]
        draft = place.with_name(f"{place.name}.new")
        draft.write_bytes(calls.program(doors=doors))
        draft.replace(place)
