import pytest

from executor.domain.visible import made_visible


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
