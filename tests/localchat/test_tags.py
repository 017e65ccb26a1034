"""Telegram's HTML and what Telegram finds in plain text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.localchat.entities import read_text, read_typed
from bot.localchat.errors import ApiError
from bot.localchat.tags import units


def entity(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("a &lt;b&gt; &amp; &quot;c&quot; &#39;&#x41;&nbsp;", 'a <b> & "c" \'A&nbsp;', []),
        ("<b>b</b><strong>s</strong>", "bs", [entity("bold", 0, 1), entity("bold", 1, 1)]),
        ("<i>😀</i><em>e</em>", "😀e", [entity("italic", 0, 2), entity("italic", 2, 1)]),
        ("<u>a</u><ins>b</ins>", "ab", [entity("underline", 0, 1), entity("underline", 1, 1)]),
        ("<s>a</s><strike>b</strike><del>c</del>", "abc", [entity("strikethrough", n, 1) for n in range(3)]),
        (
            '<span class="tg-spoiler">a</span><tg-spoiler>b</tg-spoiler>',
            "ab",
            [entity("spoiler", 0, 1), entity("spoiler", 1, 1)],
        ),
        (
            '<a href="http://example.com/?a=1&amp;b=2">x</a>',
            "x",
            [entity("text_link", 0, 1, url="http://example.com/?a=1&b=2")],
        ),
        ('<a href="nothing">x</a>', "x", []),
        ("<code>c</code>", "c", [entity("code", 0, 1)]),
        ("<pre>p</pre>", "p", [entity("pre", 0, 1)]),
        ('<pre><code class="language-python">p</code></pre>', "p", [entity("pre", 0, 1, language="python")]),
        ("<blockquote>q</blockquote>", "q", [entity("blockquote", 0, 1)]),
        ("<blockquote expandable>q</blockquote>", "q", [entity("expandable_blockquote", 0, 1)]),
        ('<tg-emoji emoji-id="5368">👍</tg-emoji>', "👍", [entity("custom_emoji", 0, 2, custom_emoji_id="5368")]),
        ('<tg-time unix="1790000000">noon</tg-time>', "noon", [entity("date_time", 0, 4, unix_time=1790000000)]),
        ("<B>x <I>y</I></B >", "x y", [entity("bold", 0, 3), entity("italic", 2, 1)]),
        ("  <b> x </b>  ", " x", [entity("bold", 0, 2)]),
        ("<b></b>x", "x", []),
        ("<b>x</>", "x", [entity("bold", 0, 1)]),
    ],
)
def test_markup_becomes_text_and_entities(source: str, text: str, entities: list[dict[str, Any]]) -> None:
    assert read_text(source, "HTML", []) == (text, entities)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("🏟 🏟<abac>", 'Unsupported start tag "abac" at byte offset 9'),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("a <3 b>", 'Unsupported start tag "3" at byte offset 2'),
        ("<i>a", 'Can\'t find end tag corresponding to start tag "i"'),
        ("<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 0'),
        ("<i aba  =  190azAz-.,", "Unexpected end of name token at byte offset 11"),
        ('<i aba="&lt;>', "Unclosed start tag at byte offset 0"),
        ("ü</", "Unexpected end tag at byte offset 2"),
        ("<i>a</i   ", "Unclosed end tag at byte offset 4"),
        ("<i>a</em   >", 'Unmatched end tag at byte offset 4, expected "</i>", found "</em>"'),
        ("<b><i>a</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_broken_markup_is_refused_with_the_place(source: str, complaint: str) -> None:
    with pytest.raises(ApiError) as refusal:
        read_text(source, "HTML", [])

    assert refusal.value.description == f"Bad Request: can't parse entities: {complaint}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start now", [("bot_command", "/start")]),
        ("see /why@milepost_local_bot.", [("bot_command", "/why@milepost_local_bot")]),
        ("/usr/bin and a/b", []),
        ("😀 https://example.com/a?b=1, ok", [("url", "https://example.com/a?b=1")]),
        (
            "mail ann@example.org or @annabel #work #12",
            [("email", "ann@example.org"), ("mention", "@annabel"), ("hashtag", "#work")],
        ),
        ("notes.tgz costs $0.50", []),
    ],
)
def test_commands_links_and_tags_are_found_in_plain_text(text: str, found: list[tuple[str, str]]) -> None:
    plain, entities = read_text(text, "", [])
    raw = plain.encode("utf-16-le")

    pieces = [raw[2 * each["offset"] : 2 * (each["offset"] + each["length"])].decode("utf-16-le") for each in entities]
    assert [(each["type"], piece) for each, piece in zip(entities, pieces, strict=True)] == found


def test_nothing_is_found_inside_code() -> None:
    assert read_text("<code>/start</code>", "HTML", []) == ("/start", [entity("code", 0, 6)])


def test_a_fenced_block_keeps_its_language() -> None:
    assert read_typed("```bash\nls -l\n```") == ("ls -l", [entity("pre", 0, 5, language="bash")])


@given(st.text(max_size=60))
def test_escaped_text_always_comes_back_as_it_was_typed(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert read_text(escaped, "HTML", [])[0] == read_text(text, "", [])[0]


@given(st.text(alphabet="<>/ab&;=\"' i😀\n", max_size=40))
def test_any_markup_is_parsed_or_refused_and_entities_stay_inside(source: str) -> None:
    try:
        text, entities = read_text(source, "HTML", [])
    except ApiError:
        return
    assert all(each["offset"] >= 0 and each["offset"] + each["length"] <= units(text) for each in entities)


def test_control_characters_go_and_the_code_behind_them_stays_what_it_was() -> None:
    assert read_typed("a\0b\r\n\x01`tr\0ue` or `😀\0`") == (
        "ab\ntrue or 😀",
        [entity("code", 3, 4), entity("code", 11, 2)],
    )
