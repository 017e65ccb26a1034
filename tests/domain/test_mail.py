"""What of a letter goes where, when a tool sends it."""

from typing import Any

import pytest

from executor.domain.mail import SendTool, read_mail

TEXT = (
    "To: Ann Smith <ann@example.com>, bob@example.com\r\nCC: eve@example.com\n"
    "subject: Re: {to}\n\nDear Ann,\nTo: nobody"
)


def test_the_lines_at_the_top_say_to_whom_and_the_rest_is_the_text() -> None:
    mail = read_mail(f"\n{TEXT}\n")

    assert mail is not None
    assert mail.addresses("to") == ["Ann Smith <ann@example.com>", "bob@example.com"]
    assert (mail.value("cc"), mail.value("subject")) == ("eve@example.com", "Re: {to}")
    assert mail.body == "Dear Ann,\nTo: nobody"


@pytest.mark.parametrize("text", ["", "Dear Ann,\nTo: ann@example.com", "Subject: x\n\nText", "To: somebody\n\nText"])
def test_what_names_nobody_at_its_top_is_no_letter(text: str) -> None:
    assert read_mail(text) is None


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ({"to": ["{to}"], "n": 1}, {"to": ["Ann Smith <ann@example.com>", "bob@example.com"], "n": 1}),
        ({"to": "{to}", "bcc": ["{bcc}"]}, {"to": "Ann Smith <ann@example.com>, bob@example.com"}),
        ({"mail": {"raw": "{letter}"}}, {"mail": {"raw": TEXT}}),
        ({"title": "[{subject}] {body}"}, {"title": "[Re: {to}] Dear Ann,\nTo: nobody"}),
    ],
)
def test_the_places_in_the_arguments_are_filled_and_what_fills_them_is_not(
    arguments: dict[str, Any], given: dict[str, Any]
) -> None:
    mail = read_mail(TEXT)

    assert mail is not None
    assert SendTool(server="mail", tool="send", arguments=arguments).filled(mail) == given


def test_what_of_a_letter_would_be_lost_is_said() -> None:
    mail = read_mail(TEXT)

    assert mail is not None
    assert SendTool(server="mail", tool="send").why_not(mail) == "it has a Cc: line, and [drafts] arguments has no {cc}"
    assert SendTool(server="mail", tool="send", arguments={"raw": "{letter}"}).why_not(mail) is None
