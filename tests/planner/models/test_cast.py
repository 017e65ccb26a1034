"""Which model is asked, as whom, and at what price."""

from decimal import Decimal

import pytest

from executor.domain.role import Role
from executor.planner.models.cast import BUILT_IN, Cast, own_roles, roles_with
from executor.planner.models.messages import Message, Prompt
from executor.planner.models.prices import FREE, Price, listed
from executor.ports import Purpose

CHEAP = Price(tokens_in=Decimal(1), tokens_cached=Decimal(1), tokens_out=Decimal(2))


def prompt(purpose: Purpose) -> Prompt:
    return Prompt(purpose=purpose, system="Rules.", messages=(Message("user", "Go"),), schema=None, tokens_out_max=100)


@pytest.mark.parametrize(
    ("purpose", "role", "model"),
    [
        (Purpose.PLAN, None, "usual"),
        (Purpose.DIAGNOSE, None, "small"),
        (Purpose.DIAGNOSE, "coder", "big"),
        (Purpose.DIAGNOSE, "tester", "small"),
        (Purpose.DRAFT, "coder", "big"),
        (Purpose.JUDGE, "coder", "usual"),
        (Purpose.DRAFT, "nobody-knows", "usual"),
    ],
)
def test_a_roles_model_goes_before_that_of_the_purpose_and_that_before_the_usual_one(
    purpose: Purpose, role: str | None, model: str
) -> None:
    cast = Cast(models={"diagnose": "small"}, roles=roles_with({"coder": Role(name="coder", model="big")}))

    assert cast.model("usual", purpose, role) == model


def test_a_role_speaks_in_requests_about_its_work_and_nobody_judges_in_character() -> None:
    cast = Cast(roles=roles_with({"poet": Role(name="poet", instructions="Rhyme.")}))

    assert cast.prompt(prompt(Purpose.DRAFT), "poet").system == "Rules.\n\nYour role is poet. Rhyme."
    assert cast.prompt(prompt(Purpose.JUDGE), "poet") == prompt(Purpose.JUDGE)
    assert cast.prompt(prompt(Purpose.DRAFT), None) == prompt(Purpose.DRAFT)


def test_what_the_owner_leaves_empty_of_a_built_in_role_stays() -> None:
    roles = roles_with({"coder": Role(name="coder", model="big")})

    assert (roles["coder"].model, roles["coder"].instructions) == ("big", BUILT_IN["coder"].instructions)


def test_the_eight_roles_of_the_documents_are_there() -> None:
    names = {"architect", "coder", "tester", "reviewer", "debugger", "security", "writer", "researcher"}

    assert set(BUILT_IN) == names
    assert all(role.instructions and role.capabilities for role in BUILT_IN.values())


def test_a_plan_hears_of_the_owners_roles_alone() -> None:
    cast = Cast(roles=roles_with({"poet": Role(name="poet", capabilities=("verse",))}))

    assert own_roles(cast) == {"roles": {"poet": ["verse"]}}
    assert own_roles(Cast()) == {}


def test_the_price_of_another_model_is_the_owners_else_the_listed_one_else_only_tokens_count() -> None:
    cast = Cast(prices={"small": CHEAP})

    assert cast.price("openai", "small") == CHEAP
    assert cast.price("gemini", "gemini-3.8-flash") == listed("gemini", "gemini-3.8-flash")
    assert cast.price("openai", "nobody-lists-it") == FREE
