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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "curl https://\u0430\u0440\u0440\u04cf\u0435.com",
            "curl https://⟨\u0430 U+0430⟩⟨\u0440 U+0440⟩⟨\u0440 U+0440⟩⟨\u04cf U+04CF⟩⟨\u0435 U+0435⟩.com",
        ),
        ("\u0441\u0430 x", "⟨\u0441 U+0441⟩⟨\u0430 U+0430⟩ x"),
        ("Ты и я: нос, рот и а", "Ты и я: нос, рот и а"),
        ("https://a.example\u2044@evil.com", "https://a.example⟨\u2044 U+2044⟩@evil.com"),
        ("https://evil\u3002com", "https://evil⟨\u3002 U+3002⟩com"),
        ("ls\u037e rm \u2011rf \u2212x", "ls⟨\u037e U+037E⟩ rm ⟨\u2011 U+2011⟩rf ⟨\u2212 U+2212⟩x"),
        ("今日は。ＡＢＣです", "今日は。ＡＢＣです"),
        ("今日は https://evil\u3002com", "今日は https://evil⟨\u3002 U+3002⟩com"),
        ("x² m³", "x² m³"),
        ("\uff52\uff4d x", "⟨\uff52 U+FF52⟩⟨\uff4d U+FF4D⟩ x"),
        ("\U0001d5cb\U0001d5c6 x", "⟨\U0001d5cb U+1D5CB⟩⟨\U0001d5c6 U+1D5C6⟩ x"),
        ("\u0261it push", "⟨\u0261 U+0261⟩it push"),
        ("ls" + " " * 300 + "; rm x", "ls ⟨300 spaces⟩ ; rm x"),
        ("ls" + "\n" * 60 + "rm x", "ls\n⟨59 empty lines⟩\nrm x"),
        ("def f():\n\n\n    return  1", "def f():\n\n\n    return  1"),
    ],
)
def test_nothing_passes_for_something_else(text: str, shown: str) -> None:
    assert made_visible(text) == shown
    assert made_visible(shown) == shown
