"""What the cases of one transaction share: the numbers of their decisions, and one save for the changes of all."""

from itertools import chain

from executor.ports import Changes


class Numbers:
    """Decision numbers inside one transaction: the first free one was read from the database."""

    def __init__(self, first_free: int) -> None:
        self._next = first_free

    def take(self) -> int:
        number = self._next
        self._next += 1
        return number


def merge(parts: list[Changes]) -> Changes:
    """Several cases' changes as one, for one save."""
    whole = Changes()
    for part in parts:
        whole.drafts.update(part.drafts)
    for name in _LISTS:
        if filled := [some for part in parts if (some := getattr(part, name))]:
            getattr(whole, name).extend(chain.from_iterable(filled))
    return whole


_LISTS = tuple(name for name in Changes.__dataclass_fields__ if name != "drafts")
