"""Whether a text that should only describe something gives orders: to a model that reads it, behind a person's back.

No such list is ever whole, so nothing rests on it: a tool runs within its policy whether or not its text is noticed
here. What is noticed is shown to the person and asks each time. The kinds are those of the known attacks on tool
descriptions (tool poisoning, shadowing, full-schema poisoning); matched is not the text as it stands but what a
reader makes of it: without invisible characters, with look-alikes, escapes, coded and spaced-out words read.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from executor.domain.visible import made_visible, unhidden

CHARACTERS_MAX = 32_768  # that are read of one text
EXCERPT_CHARACTERS = 160
BEFORE_CHARACTERS = 40  # of an excerpt, before what was noticed

_PERSON = r"(?:the |a |any |your )?(?:users?|human|person|owner|operator|anyone|anybody|customer|them)\b"
_RULES = r"(?:instruction|rule|prompt|guideline|polic|restriction|safeguard|guardrail|direction|command)"
_SECRET = (
    r"(?:api[ -]?keys?|credentials?|passwords?|access tokens?|secrets?|private keys?|ssh keys?|environment variables?"
    r"|env(?:ironment)? vars?|seed phrase|cookies?|conversation|chat history|system prompt)"
)
_TAKE = r"(?:read|open|load|cat|include|send|attach|append|pass|put|provide|copy|fetch|get|upload|forward|insert|add)"
_PASS = (
    r"(?:include|send|attach|append|pass|put|provide|copy|upload|forward|insert|add|share|paste|transmit|supply|give)"
)
_ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}\b|https?://[^\s\"'<>]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
_OWN_ADDRESS = re.compile(
    r"(?:https?://|@)(?:[\w-]+\.)*(?:example(?:\.\w+)?|localhost|test|invalid|127\.0\.0\.1|\[::1\])(?![\w.-])", re.ASCII
)

_KINDS: tuple[tuple[str, str], ...] = (
    (
        "sets rules aside",
        rf"\b(?:ignor|disregard|forget|overrid|bypass|violat|circumvent)\w*\b[^.!?]{{0,40}}\b(?:previous|prior"
        rf"|above|earlier"
        rf"|preceding|all|any|other|your|existing|system|safety|those|these)\b[^.!?]{{0,30}}\b{_RULES}"
        r"|\bnew (?:system )?(?:instructions?|rules?)\s*:|\bsystem (?:override|prompt\s*:)"
        r"|\b(?:ignorier|missacht|vergiss|vergesse)\w*[^.!?]{0,40}(?:anweisung|regel|vorgabe)"
        r"|\b(?:ignore[zr]?|oublie[zr]?)\b[^.!?]{0,40}(?:instructions|consignes|règles)"
        r"|\b(?:ignor|olvid|esque[cç]|dimentic)\w*[^.!?]{0,40}(?:instruccion|instruç|istruzion|reglas|regras|regole)"
        r"|(?:игнорир|забудь|забыть)\w*[^.!?]{0,40}(?:инструкц|правил|указан)"
        r"|(?:忽略|无视|無視|忘记|忘れ)[^。]{0,20}(?:指令|指示|规则|提示|命令)|(?:指示|命令|ルール)[^。]{0,10}無視",
    ),
    (
        "wants something kept from a person",
        r"\b(?:(?:do|must|should|may|will) not|(?:do|must|should|wo)n'?t|never|no need to)\b[^.!?]{0,30}"
        r"\b(?:tell|mention|inform|notify|reveal|disclose|alert|warn|let|show|expose|report)\b"
        rf"[^.!?]{{0,50}}\b{_PERSON}"
        r"|\b(?:avoid|without|refrain from)\b[^.!?]{0,20}"
        r"\b(?:telling|mentioning|informing|notifying|revealing|disclosing|alerting|warning|letting|showing"
        r"|reporting)\b"
        rf"[^.!?]{{0,50}}\b{_PERSON}"
        r"|\b(?:do not|don'?t|never|must not|mustn'?t) (?:\w+ )?(?:mention|reveal|disclose)\b"
        rf"|\b{_PERSON}[^.!?]{{0,15}}\b(?:do|does|will|must|should|can)(?: not|n'?t|not) (?:see|notice"
        rf"|know about|find out|learn)\b"
        rf"|\b(?:hide|conceal|keep)\b[^.!?]{{0,30}}\bfrom {_PERSON}|\b{_PERSON}[^.!?]{{0,20}}\b(?:must|should"
        rf"|need) (?:not|never)"
        r" (?:know|see|notice|be (?:told|aware|informed))|\b(?:silently|secretly|covertly|quietly)\b[^.!?]{0,40}"
        r"\b(?:read|send|post|forward|upload|call|run|execut|cop|add|include|bcc)"
        r"|\b(?:benutzer|nutzer|anwender)\w*[^.!?]{0,40}\b(?:nicht|nichts)\b[^.!?]{0,20}(?:sag|erwähn|mitteil"
        r"|verrat|zeig|inform)"
        r"|\bne [^.!?]{0,12}(?:dis|dites|dire|mentionne|informe|montre)\w*[^.!?]{0,40}utilisateur"
        r"|\bno [^.!?]{0,6}(?:digas|menciones|informes|muestres|diga)[^.!?]{0,40}usu[aá]rio"
        r"|не (?:говори|сообщай|упоминай|показывай)\w*[^.!?]{0,30}пользовател"
        r"|(?:不要|别|勿)(?:告诉|告知|提及|通知|透露)",
    ),
    (
        "poses as the system",
        r"<\s*/?\s*(?:important|system|secret|hidden|critical|instructions?|admin|override|assistant"
        r"|developer|sys|priority)"
        r"\b[^>]{0,40}>|\[\s*/?\s*(?:inst|system|important|instructions?|admin)\s*\]|<\|[\w ]{2,30}\|>|<!--"
        r"|(?:^|\n)\s*#{0,4}\s*(?:system(?: message| prompt)?|developer message|assistant)\s*:\s*(?:you|ignore|do|the"
        r"|from|all|new|this|override|never|always|please|call|read|send|delete)\b|#{2,}\s*(?:instruction|human)\s*:",
    ),
    (
        "speaks to a model",
        r"\b(?:note|attention|message|instructions?|important|notice|reminder|hint|hey|dear)\b[^.!?\n]{0,12}"
        r"\b(?:ai|llms?|language models?|assistants?|chatbots?|agents?)\b\s*[:,!]"
        r"|\b(?:if you are|as|being) an? (?:ai|llm|large language model|language model|assistant|chatbot|ai agent)\b"
        r"|\b(?:assistant|ai|llm|language model) (?:must|has to|needs to|is required to)\b"
        r"|\byou are now\b|\bfrom now on,? (?:you|act|obey|always|never)|\bact as root\b"
        r"|\byour (?:new|real|actual|only) (?:task|goal|instructions?|role|objective|purpose|mission)\b"
        r"|\b(?:output|repeat|reveal|print|show|return|include|disclose)\b[^.!?]{0,20}\byour (?:own )?(?:system )?"
        r"(?:prompt|instructions)\b|\bbefore (?:responding|answering|replying|you (?:respond|answer|reply))\b"
        r"|\b(?:previous|prior|above|earlier) (?:instructions|rules)\b[^.!?]{0,20}\b(?:void|invalid|revoked"
        r"|cancel|no longer)"
        r"|\b(?:instructions|rules) above\b[^.!?]{0,20}\b(?:void|invalid|revoked|cancel|no longer)"
        r"|\bas an? (?:administrator|admin|owner|operator|developer),? i\b|\bno (?:longer any )?restrictions\b",
    ),
    (
        "names private files",
        r"(?:~|\$home|/root|/home/\w+)?/?\.(?:ssh|aws|gnupg|kube|docker|azure|netrc|pgpass|npmrc|pypirc|git-credentials"
        r"|bash_history|zsh_history|cursor|claude|password-store|mozilla)\b(?!\.\w)|\bid_(?:rsa|ed25519|ecdsa|dsa)\b"
        r"|/etc/(?:passwd|shadow|sudoers)\b|/proc/(?:self|\d+)/environ\b|\bauthorized_keys\b|\bwallet\.dat\b"
        r"|\b(?:ssh id rsa|id rsa|id ed25519|dot env|etc passwd|etc shadow)\b|169\.254\.169\.254",
    ),
    (
        "names private files",
        rf"\b{_TAKE}\w*\b[^!?\n]{{0,60}}(?<![\w*])\.env\b(?!\.\w)",
    ),
    (
        "wants secrets passed on",
        rf"\b{_PASS}\b[^.!?]{{0,40}}\b(?:all|any|your|(?:the )?users?'?s?|their|every|(?:full |complete "
        rf"|entire )?contents? of"
        rf"|full|complete|entire)\b[^.!?]{{0,25}}\b{_SECRET}",
    ),
    (
        "asks for what a model was told",
        r"^(?:system prompt|system instructions?|conversation(?: history)?|chat history|full conversation"
        r"|chain of thought"
        r"|tools? list|tool call history|call history|previous messages|conversation context)$",
    ),
    (
        "sends things to an address of its own",
        rf"\b(?:send|sent|forward|post|upload|transmit|submit|deliver|report|mirror|cop(?:y|ied)|relay|leak)\w*\b"
        rf"[^!?\n]{{0,80}}\b(?:to|b?cc):?\s*[\"'(<]?{_ADDRESS}|\bb?cc\b:?\s*(?:is |to |= ?)?[\"'(<]?{_ADDRESS}"
        rf"|\bexfiltrat",
    ),
    (
        "steers other tools",
        r"\b(?:before|after|prior to|instead of|whenever|each time|every time)\b[^.!?]{0,25}\b(?:us|call"
        r"|invok|run|execut)"
        r"\w*\b[^.!?]{0,15}\b(?:any|all|every|another|other|the other)\b[^.!?]{0,15}\btools?\b"
        r"|\b(?:before|after|instead of) (?:any|all|every|the) other\b[^.!?]{0,20}\btools?\b"
        r"|\b(?:any|all|every|other)\b[^.!?]{0,20}\btools?\b[^.!?]{0,30}\b(?:must|should|have to|need to)\b"
        r"[^.!?]{0,40}\b(?:call|use|invok|go through|pass|send)"
        r"|\bother\b[^.!?]{0,15}\btools?\b[^.!?]{0,40}\b(?:broken|unsafe|insecure|disabled|not work|compromised)"
        r"|\bwhen the tool\b[^.!?]{0,60}\b(?:available|called|used)\b[^.!?]{0,60}\bmust\b",
    ),
    (
        "claims that nobody need be asked",
        r"\b(?:the )?(?:user|owner|human|admin\w*|operator) (?:has|have|had)(?: already)? (?:approved"
        r"|consented|agreed|authori[sz]ed"
        r"|confirmed|granted)|\b(?:pre-?approved|auto-?approved?|pre-?authori[sz]ed)\b"
        r"|\b(?:skip|bypass|omit|disable|suppress|ignore)\w*\b[^.!?]{0,25}\b(?:confirmation|approval"
        r"|permission|consent)"
        r"|\b(?:no|without) (?:further |any |user |human )?(?:confirmation|approval|permission|consent) (?:is |are )?"
        r"(?:needed|required|necessary)|\b(?:do not|don'?t|never|without)\b[^.!?]{0,20}\b(?:ask|request"
        r"|wait)\w*\b[^.!?]{0,25}"
        r"\b(?:confirm\w*|approval|permission|consent)",
    ),
    (
        "wants commands run",
        r"\b(?:curl|wget)\b[^\n|]{0,120}(?:\|\s*(?:ba|z|da)?sh\b|https?://)|\|\s*(?:ba|z|da)?sh\b"
        r"|\brm -rf?\s+[/~$]|\bnc -\w*e\b"
        r"|/dev/tcp/|\bbase64 (?:-d|--decode)\b",
    ),
)
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)
_ADDRESSED = "sends things to an address of its own"

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-_])?|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CODED = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_LONG_CODE = 160  # that nobody could read and nothing could be made of
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){24,}")
_SPACED = re.compile(r"(?:\b\w[ .\-_]){5,}\w\b")
_LEET = str.maketrans("013457@$", "oleastas")
_BLANK = re.compile(r"[ \t\u00a0]{120,}|(?:\r?\n[ \t]*){15,}")
_CYRILLIC = str.maketrans("асеіјорѕхуԁһԛԝАВСЕНІЈКМОРЅТХУ", "aceijopsxydhqwABCEHIJKMOPSTXY")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a text does besides describing. `excerpt` is as it stands, with the invisible made visible."""

    kind: str
    excerpt: str


def orders(text: str, *, name: bool = False) -> list[Notice]:
    """What is noticed in one text, each kind once; empty: nothing. `name`: the text is the name of something, whose
    parts are words."""
    if len(text) > CHARACTERS_MAX:
        return [Notice("is longer than anybody reads", _excerpt(text, 0))]
    found: dict[str, Notice] = {}
    said = (Notice(one.kind, _excerpt(text, 0)) for one in _said(_words(text), text)) if name else _said(text, text)
    for notice in (*_hidden(text), *said):
        found.setdefault(notice.kind, notice)
    return list(found.values())


def address_of_its_own(text: str) -> bool:
    """Whether a value that a tool brings by itself leads to somebody: a mail address, or a web address by number."""
    plain = text.strip()
    if _OWN_ADDRESS.search(plain):
        return False
    mail = re.fullmatch(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", plain)
    return bool(mail or re.match(r"https?://(?:\d{1,3}(?:\.\d{1,3}){3}|0x[0-9a-f]+|\d{8,10}|\[)", plain.lower()))


def _hidden(text: str) -> Iterator[Notice]:
    if (found := _ESCAPES.search(text)) is not None:
        yield Notice("hides characters", _excerpt(text, found.start()))
    seen = unhidden(text)
    if seen != text:
        place = next((at for at, (one, other) in enumerate(zip(text, seen, strict=False)) if one != other), 0)
        yield Notice("hides characters", _excerpt(text, place))
    if (mixed := _mixed(text)) is not None:
        yield Notice("has letters that pass for others", _excerpt(text, mixed))
    if (blank := _BLANK.search(text)) is not None:
        yield Notice("moves text out of sight", _excerpt(" ".join(text[blank.start() :].split()), 0))


def _mixed(text: str) -> int | None:
    """Where a word begins in which Cyrillic letters stand for Latin ones."""
    if text.isascii():
        return None
    for word in _WORD.finditer(text):
        if not word[0].isascii() and word[0].translate(_CYRILLIC) != word[0] and re.search("[a-zA-Z]", word[0]):
            return word.start()
    return None


def _said(text: str, original: str) -> Iterator[Notice]:
    """In the text as it stands, and in all that a reader could make of it."""
    for form in _forms(text):
        for kind, pattern in _COMPILED:
            for found in pattern.finditer(form):
                if kind == _ADDRESSED and _OWN_ADDRESS.search(found[0]):
                    continue
                same = original.lower().find(found[0])
                yield Notice(kind, _excerpt(original, same) if same >= 0 else _excerpt(form, found.start()))
                break
    for code in _CODED.findall(text):
        if (read := _decoded(code)) or (len(code) >= _LONG_CODE and _is_code(code)):
            yield Notice("holds coded text", _excerpt(f"{read} ← {code}" if read else code, 0))
            break
    for found in _HEX.finditer(text):
        if read := _printable(bytes.fromhex(found[0])):
            yield Notice("holds coded text", _excerpt(f"{read} ← {found[0]}", 0))
            break


def _forms(text: str) -> list[str]:
    plain = _plain(text)
    forms = [plain]
    if not text.isascii():
        forms.append(_plain(text.translate(_CYRILLIC)))
    if "&" in text:
        forms.append(_plain(html.unescape(text)))
    if "%" in text:
        forms.append(_plain(unquote(text)))
    if "\\u" in text or "\\x" in text:
        escaped = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
        forms.append(_plain(escaped.sub(lambda one: chr(int(one[1] or one[2], 16)), text)))
    if _SPACED.search(plain):
        wide = re.sub(r"[ \t]{2,}", "\0", text)
        joined = _SPACED.sub(lambda one: re.sub(r"[ .\-_]", "", one[0]), wide)
        forms.append(_plain(joined.replace("\0", " ")))
    if re.search(r"[a-z][013457@$]+[a-z]", plain):
        forms.append(plain.translate(_LEET))
    forms += [_plain(read) for code in _CODED.findall(text)[:16] if (read := _decoded(code))]
    forms += [_plain(tags)] if (tags := _tags(text)) else []
    return list(dict.fromkeys(forms))


def _plain(text: str) -> str:
    """Lower case, compatible forms made one, nothing invisible, no emphasis, single spaces within lines."""
    kept = unicodedata.normalize("NFKC", _ESCAPES.sub("", text)).replace("’", "'")
    if not kept.isascii():
        kept = "".join(one for one in kept if one.isascii() or unicodedata.category(one) not in ("Cf", "Mn", "Cc"))
    return re.sub(r"[^\S\n]+", " ", re.sub(r"[*`~]+|(?<!\w)_+|_+(?!\w)", "", kept)).strip().lower()


def _words(name: str) -> str:
    """``readSshId_rsa`` in words."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.sub(r"[_.\-/\s]+", " ", apart).strip()


def _tags(text: str) -> str:
    """What invisible tag characters spell."""
    return "".join(chr(ord(one) - 0xE0000) for one in text if 0xE0020 <= ord(one) <= 0xE007E)


def _decoded(code: str) -> str:
    """What base64 holds where that is a text; "" where it is none."""
    core = code.rstrip("=").replace("-", "+").replace("_", "/")
    if not (re.search(r"[a-z]", core) and re.search(r"[A-Z]", core)):
        return ""
    try:
        return _printable(base64.b64decode(core + "=" * (-len(core) % 4), validate=True))
    except (binascii.Error, ValueError):
        return ""


def _printable(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return ""
    letters = sum(one.isalnum() or one in " .,:;/_-@'\"\n" for one in text)
    return text if text.count(" ") >= 2 and letters / len(text) > 0.9 else ""


def _is_code(code: str) -> bool:
    return all(re.search(pattern, code) for pattern in ("[a-z]", "[A-Z]", "[0-9]"))


def _excerpt(text: str, place: int) -> str:
    start = max(0, place - BEFORE_CHARACTERS)
    shown = made_visible(" ".join(text[start : start + 2 * EXCERPT_CHARACTERS].split()))
    cut = shown if len(shown) <= EXCERPT_CHARACTERS else f"{shown[:EXCERPT_CHARACTERS]}…"
    return f"…{cut}" if start else cut
