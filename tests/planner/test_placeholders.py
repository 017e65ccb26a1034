import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.domain.errors import WrongInput
from executor.planner.placeholders import filled

EVIL = 'a\'; touch evil; "$(touch evil)" `touch evil` \\ ${HOME} *'


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Hello {who}", "Hello Ann"),
        ("{who}{who}", "AnnAnn"),
        ('{"json": {"x": 1}, "y": "{other}"}', '{"json": {"x": 1}, "y": "{other}"}'),
        ("${who} {who!r}", "${who} {who!r}"),
        ("{nested}", "{who}"),  # a value is never filled again
        ("{minutes*60}", 300),
        ("every {minutes*60} s", "every {minutes*60} s"),
        ("{minutes}", "5"),
        ("${look-{minutes}.output}", "${look-5.output}"),
    ],
)
def test_plain_texts_get_the_value(text: str, result: object) -> None:
    assert filled(text, {"who": "Ann", "nested": "{who}", "minutes": "5"}) == result


def test_tables_and_lists_are_filled_to_any_depth() -> None:
    raw = {"path": "{who}.md", "list": ["{who}", 1, None, {"command": "echo {who}"}], "code": "print(who)"}

    assert filled(raw, {"who": "Ann"}) == {
        "path": "Ann.md",
        "list": ["Ann", 1, None, {"command": 'who=Ann\necho "$who"'}],
        "code": "who = 'Ann'\nprint(who)",
    }


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ('printf %s "$who"', EVIL),
        ("printf %s {who}", EVIL),
        ('printf %s "{who}"', EVIL),
        ('printf %s "<{who}>" {who}', f"<{EVIL}>{EVIL}"),
        ("printf %s '{who}'", "{who}"),
        ("printf '%s' \\'{who}", f"'{EVIL}"),
        ('printf %s "${who%\\*}"', EVIL[:-1]),
        ("cat <<END\n{who}\nEND", f'"{EVIL}"\n'),  # here-documents are not known: two quotes too many, and no harm
        ("# don't\nprintf %s {who}", "{who}"),  # the apostrophe is taken for a quote: not filled, and no harm
        ("printf x", "x"),
    ],
)
def test_a_value_in_a_shell_command_is_never_program_text(command: str, printed: str, tmp_path: object) -> None:
    text = filled({"command": command}, {"who": EVIL})["command"]

    run = subprocess.run(["bash", "-c", text], capture_output=True, text=True, cwd=str(tmp_path), check=False)

    assert run.stdout == printed
    assert subprocess.run(["ls", str(tmp_path)], capture_output=True, check=True).stdout == b""


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=30))
def test_any_value_reaches_the_shell_as_it_is(value: str) -> None:
    text = filled({"command": 'printf %s "$who"; printf %s {who}'}, {"who": value})["command"]

    assert subprocess.run(["bash", "-c", text], capture_output=True, check=True).stdout == value.encode() * 2


def test_a_value_in_python_code_is_a_variable() -> None:
    text = filled({"code": "print(who, {1: 2})"}, {"who": EVIL, "unused": "x"})["code"]

    run = subprocess.run(["python3", "-c", text], capture_output=True, text=True, check=True)

    assert run.stdout == f"{EVIL} {{1: 2}}\n"


def test_rounds_are_numbers_and_stand_in_commands_as_they_are() -> None:
    assert filled({"command": "test {before} -lt {round}"}, {"round": "2", "before": "1"}) == {
        "command": "test 1 -lt 2"
    }


def test_only_a_whole_number_can_be_multiplied() -> None:
    with pytest.raises(WrongInput, match="minutes must be a whole number, not “soon”"):
        filled({"seconds": "{minutes*60}"}, {"minutes": "soon"})
