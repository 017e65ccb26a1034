import dataclasses
from dataclasses import FrozenInstanceError, dataclass, field
from typing import Any

import pytest

from executor.domain.values import quick, replace


@quick
@dataclass(frozen=True, slots=True)
class Parcel:
    """Both kinds of fields and of defaults."""

    to: str
    weight_g: int = 0
    marks: list[str] = field(default_factory=list, kw_only=True)
    sender: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.weight_g < 0:
            raise ValueError("lighter than nothing")


def test_a_quick_value_is_made_as_its_dataclass_says() -> None:
    parcel = Parcel("Ann", 5, sender="Bob")

    assert dataclasses.asdict(parcel) == {"to": "Ann", "weight_g": 5, "marks": [], "sender": "Bob"}
    assert type(parcel) is Parcel
    assert parcel == Parcel(to="Ann", weight_g=5, sender="Bob")
    assert Parcel("Ann").marks is not Parcel("Ann").marks


@pytest.mark.parametrize("wrong", [{}, {"to": "Ann", "colour": "red"}], ids=["a field is missing", "unknown field"])
def test_a_quick_value_takes_what_it_knows_and_needs(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Parcel(**wrong)


def test_a_quick_value_is_frozen() -> None:
    parcel, copy = Parcel("Ann"), replace(Parcel("Ann"), to="Bob")

    for value in (parcel, copy):
        with pytest.raises(FrozenInstanceError):
            value.to = "Eve"  # type: ignore[misc]
        with pytest.raises(FrozenInstanceError):
            del value.to  # type: ignore[misc]


def test_a_copy_differs_in_what_was_asked_for_alone() -> None:
    parcel = Parcel("Ann", 5, marks=["fragile"], sender="Bob")

    copy = replace(parcel, to="Eve", sender=None)

    assert copy == Parcel("Eve", 5, marks=["fragile"])
    assert parcel == Parcel("Ann", 5, marks=["fragile"], sender="Bob")
    assert type(copy) is Parcel
    assert copy == dataclasses.replace(parcel, to="Eve", sender=None)


def test_a_copy_is_checked_like_a_new_value() -> None:
    with pytest.raises(ValueError, match="lighter than nothing"):
        replace(Parcel("Ann"), weight_g=-1)


def test_a_copy_with_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AttributeError, match="colour"):
        replace(Parcel("Ann"), colour="red")  # type: ignore[call-arg]


def test_a_value_that_is_not_quick_is_copied_all_the_same() -> None:
    @dataclass(frozen=True)
    class Plain:
        to: str

    assert replace(Plain("Ann"), to="Bob") == Plain("Bob")


def test_what_has_parents_or_no_slots_can_not_be_made_quick() -> None:
    @dataclass(frozen=True)
    class Loose:
        to: str

    @dataclass(frozen=True, slots=True)
    class Letter(Parcel):
        stamp: int = 1

    for cls in (Loose, Letter):
        with pytest.raises(TypeError, match=f"{cls.__name__} can't be made quick"):
            quick(cls)
