"""Values in every form in which programs print them."""

import base64
import html
import json
import re
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

import pytest

from executor.domain.outcome import Result, Succeeded
from executor.engine.secrecy.masking import Masker
from executor.engine.secrecy.secrets import Secrets

SECRET = "s3cr3t/+&\"'ü<pass>word"
KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nEFAASCBKcwggSjAgEAAoIBAQ\n-----END KEY-----"


def in_base64(before: bytes, secret: str, after: bytes = b"") -> str:
    return base64.b64encode(before + secret.encode() + after).decode()


@pytest.mark.parametrize(
    "printed",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        repr(SECRET),
        html.escape(SECRET),
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        re.sub("%..", lambda found: found[0].lower(), quote(SECRET, safe="")),
        SECRET.encode().hex(),
        SECRET[:7] + "\n" + SECRET[7:],
        SECRET[:7] + "\r\n" + SECRET[7:],
        "\n".join(SECRET),
    ],
)
def test_no_form_of_a_value_is_left(printed: str) -> None:
    assert Masker([SECRET])(f"before {printed} after").strip("\"'") in (
        "before ••• after",
        'before "•••" after',
        "before '•••' after",
    )


@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"abc", b"Ann:"])
@pytest.mark.parametrize("after", [b"", b"\n", b"zz"])
def test_base64_is_found_wherever_the_value_begins_in_it(before: bytes, after: bytes) -> None:
    masked = Masker([SECRET])(in_base64(before, SECRET, after))

    assert "•••" in masked
    assert len(masked) < len(in_base64(before, "", after)) + 12


def test_base64_that_was_wrapped_is_found() -> None:
    long = SECRET * 6
    wrapped = base64.encodebytes(long.encode()).decode()

    assert len(Masker([long])(wrapped)) < 10


def test_each_line_of_a_private_key_counts() -> None:
    assert Masker([KEY])("key: EFAASCBKcwggSjAgEAAoIBAQ!") == "key: •••!"
    assert Masker([KEY])(f"<{KEY}>") == "<•••>"


def test_a_short_value_is_a_whole_word_and_a_tiny_one_is_not_looked_for() -> None:
    hide = Masker(["4711", "7"])

    assert hide("pin 4711, order 147112, 7 of 7") == "pin •••, order 147112, 7 of 7"


def test_without_a_value_the_very_same_text_comes_back() -> None:
    text = "x" * 100

    assert Masker()(text) is text


@dataclass(frozen=True)
class Holder:
    text: str
    more: dict[str, object]


def test_everything_inside_a_value_is_looked_through() -> None:
    held = Holder(SECRET, {"a": [SECRET, 1, None], SECRET: (SECRET,)})

    assert Masker([SECRET]).everywhere(held) == Holder("•••", {"a": ["•••", 1, None], "•••": ("•••",)})


def test_what_a_cut_has_left_of_a_value_goes_too() -> None:
    result = Result(
        success=True,
        output=f"head {SECRET[:9]}\n… 1,024 bytes cut …\n{SECRET[9:]} end",
        metadata={"tail": SECRET[5:] + "x" * 16_000, "stderr": "word of honour"},
    )
    secrets = Secrets(others=[SECRET])

    hidden = secrets.hidden(Succeeded(result=result, evidence=f"it said {SECRET}"))

    assert isinstance(hidden, Succeeded)
    assert hidden.evidence == "it said •••"
    assert hidden.result.output == "head •••\n… 1,024 bytes cut …\n••• end"
    assert hidden.result.metadata == {"tail": "•••" + "x" * 16_000, "stderr": "word of honour"}


def test_ten_megabytes_with_twelve_values_take_no_time() -> None:
    hide = Masker(f"canary-{number}-{number * 7919:x}/+" for number in range(12))

    masked = hide("An ordinary line of output, 80 characters long, as most programs print them.\n" * 130_000)

    assert "•••" not in masked
