import pytest

from executor.domain.visible import made_visible, unhidden


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("echo hello\n\tworld", "echo hello\n\tworld"),
        ("rm\u200b -rf", "rm⟨U+200B⟩ -rf"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("x\u00a0y", "x⟨U+00A0⟩y"),
        ("curl ex\u0430mple.org", "curl ex⟨\u0430 U+0430⟩mple.org"),
        ("Größe, naïve", "Größe, naïve"),
        ("Привет мир", "Привет мир"),
        ("日本語", "日本語"),
        ("\x1b[31mred", "⟨U+001B⟩[31mred"),
    ],
)
def test_nothing_hides_in_what_is_approved(text: str, shown: str) -> None:
    assert made_visible(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("read this\U000e0041\U000e0042", "read this⟨U+E0041⟩⟨U+E0042⟩"),
        ("a\u200bb\u2060\u202e", "a⟨U+200B⟩b⟨U+2060⟩⟨U+202E⟩"),
        ("привет, naïve 👨\u200d👩", "привет, naïve 👨\u200d👩"),
        ("plain", "plain"),
    ],
)
def test_a_model_reads_nothing_that_a_person_would_not_see(text: str, shown: str) -> None:
    assert unhidden(text) == shown
