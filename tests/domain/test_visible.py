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
        ("rm\ufe0f a\u3164\U000e0112", "rm⟨U+FE0F⟩ a⟨U+3164⟩⟨U+E0112⟩"),
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
        ("a\U000e0152\U000e0153", "a⟨U+E0152⟩⟨U+E0153⟩"),
        ("\u3164\u034f\u115f", "⟨U+3164⟩⟨U+034F⟩⟨U+115F⟩"),
        ("a\ufe01 😀\ufe01\ufe02\ufe01", "a⟨U+FE01⟩ 😀⟨U+FE01⟩⟨U+FE02⟩⟨U+FE01⟩"),
        ("a\u200c\u200d\u200c", "a⟨U+200C⟩⟨U+200D⟩⟨U+200C⟩"),
        (
            "❤\ufe0f 1\ufe0f\u20e3 👁\ufe0f\u200d🗨\ufe0f می\u200cخواهم",
            "❤\ufe0f 1\ufe0f\u20e3 👁\ufe0f\u200d🗨\ufe0f می\u200cخواهم",
        ),
    ],
)
def test_a_model_reads_nothing_that_a_person_would_not_see(text: str, shown: str) -> None:
    assert unhidden(text) == shown
