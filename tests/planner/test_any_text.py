from hypothesis import given
from hypothesis import strategies as st

from executor.domain.errors import WrongInput
from executor.domain.limits import TITLE_CHARACTERS_MAX
from executor.domain.plan import GoalDraft
from executor.planner.graph import cycle
from tests.planner.reading import read

_PIECES = st.sampled_from(
    ["/goal ", "Pack", " by ", "18:00", "friday", "2026-11-27 ", "in 2h", " p8", " p11", " $0.50", " $-1", " #tests"]
    + [" #a=b", '#k="v w"', "\n", "\r\n", "\n- ", "\n1. ", "\n2. ", "\n3) ", "`", "``", "```", "ls -l", "${1.output}"]
    + [" after 1", " after 1,2", " if 1", " after 2 and 3", "  ", "\t", "\x00", "\u202e", "🎯", "\ud800", ":", "٣"]
)


@given(st.text(max_size=300) | st.lists(_PIECES, max_size=40).map("".join))
def test_any_text_is_either_a_sound_draft_or_refused_in_one_line(text: str) -> None:
    draft = _draft_or_line(text)

    if isinstance(draft, str):
        assert draft.strip()
        assert "\n" not in draft
        return
    assert 0 < len(draft.title) <= TITLE_CHARACTERS_MAX
    assert all("\n" not in line for line in draft.reading)
    assert cycle({task.key: task.depends_on for task in draft.tasks}) is None
    assert all(set(task.only_if) <= set(task.depends_on) for task in draft.tasks)
    repr(draft).encode()  # nothing is left that a database or a chat could not take


@given(st.text(alphabet="/goal \nTitle`1.-) after,if2:{}$output", max_size=200))
def test_dense_punctuation_never_surprises_the_reader(text: str) -> None:
    draft = _draft_or_line(f"Title\n{text}")

    tasks = () if isinstance(draft, str) else draft.tasks
    assert all(task.title and (task.action, *task.parameters) in _FORMS for task in tasks)


def _draft_or_line(text: str) -> GoalDraft | str:
    try:
        return read(text)
    except WrongInput as refused:
        return refused.public


_FORMS = {("shell", "command"), ("manual", "instructions")}
