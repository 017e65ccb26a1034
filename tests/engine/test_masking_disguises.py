"""Values that programs print with something in between, encoded twice, or packed: nothing of them is left."""

import base64
import gzip
import json
import shlex
import subprocess
from pathlib import Path

import pytest

from executor.engine.secrecy.masking import Masker

VALUE = "tk_9Zq/fo+o7xB=44-Lm"


def shell(command: str) -> str:
    done = subprocess.run(
        ["bash", "-c", command], env={"V": VALUE, "PATH": "/usr/local/bin:/usr/bin:/bin"}, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


ROWS = [(at, VALUE.encode()[at : at + 16]) for at in range(0, len(VALUE), 16)]
PRINTED = {
    "in colours": f"{VALUE[:4]}\x1b[01;31m\x1b[K{VALUE[4:9]}\x1b[m\x1b[K{VALUE[9:]}",
    "with a title between": f"{VALUE[:4]}\x1b]0;title\x07{VALUE[4:]}",
    "struck over": "".join(f"{one}\b{one}" for one in VALUE),
    "with characters of no width": "\u200b".join(VALUE),
    "wide, as text": VALUE.encode("utf-16-le").decode().replace("\0", "\ufffd"),
    "folded and indented": f"  {VALUE[:7]}\n    {VALUE[7:14]}  \n\t{VALUE[14:]}",
    "quoted": f"> {VALUE[:7]}\n> {VALUE[7:]}",
    "in a patch": f"+{VALUE[:7]}\n+{VALUE[7:]}",
    "its letters apart": " ".join(VALUE),
    "a break written out": json.dumps(f"{VALUE[:7]}\n{VALUE[7:]}"),
    "long base64 in json": json.dumps(base64.encodebytes(b"x" * 50 + VALUE.encode() * 3).decode()),
    "hex with colons": VALUE.encode().hex(":").upper(),
    "hex with blanks": VALUE.encode().hex(" "),
    "escaped bytes": "".join(f"\\x{one:02x}" for one in VALUE.encode()),
    "escaped characters": "".join(f"\\u{ord(one):04x}" for one in VALUE),
    "percent everywhere": "".join(f"%{one:02X}" for one in VALUE.encode()),
    "numbers of html": "".join(f"&#x{ord(one):x};" for one in VALUE),
    "octal": "".join(f"\\{one:03o}" for one in VALUE.encode()),
    "a list of bytes": str(list(VALUE.encode())),
    "hexdump": "\n".join(f"{at:08x}  {raw.hex(' '):<48} |{raw.decode()}|" for at, raw in ROWS),
    "xxd": "\n".join(f"{at:08x}: {raw.hex(' ', 2):<39}  {raw.decode()}" for at, raw in ROWS),
    "base64 twice": encoded(encoded(VALUE.encode()).encode()),
    "base64 of what is wide": encoded(f"pass={VALUE}".encode("utf-16-le")),
    "base64 of it backwards": encoded(f"x{VALUE[::-1]}".encode()),
    "base64 of something packed": encoded(gzip.compress(f"pass={VALUE}".encode(), mtime=0)),
    "hex of something packed": gzip.compress(f"pass={VALUE}".encode(), mtime=0).hex(),
    "base64 with escaped slashes": encoded(f"?{VALUE}?>>??".encode()).replace("/", "\\/"),
    "escaped twice": json.dumps(json.dumps({"v": f'"{VALUE}"'})),
    "in capitals": VALUE.upper(),
}


@pytest.mark.parametrize("how", PRINTED)
def test_nothing_of_it_is_left(how: str) -> None:
    masked = Masker([VALUE])(f"before\n{PRINTED[how]}\nafter")

    assert masked.startswith("before")
    assert masked.endswith("after")
    assert "•••" in masked
    assert len(masked) < 120
    assert not [at for at in range(len(VALUE) - 5) if VALUE[at : at + 6] in masked]


COMMANDS = [
    'printf %q "$V"',
    'printf %s "$V" | od -An -tx1',
    'printf %s "$V" | od -c',
    'printf %s "$V" | od -A x -t x1z',
    'printf %s "$V" | fold -w 3',
    'printf %s "$V" | gzip -n | base64 -w 20',
    "printf %s \"$V\" | sed 's/./& /g'",
    'exec 2>&1; set -x; : "$V"',
    "declare -p V",
    "env | cat -n | tac",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_program_of_a_shell_gets_it_out(command: str) -> None:
    said = shell(command)

    masked = Masker([VALUE])(said)

    assert "•••" in masked
    assert VALUE[3:9] not in "".join(masked.split())


def test_what_a_shell_quotes_is_found() -> None:
    value = "it's $5 & more!"

    assert Masker([value])(f"export V={shlex.quote(value)}") == "export V='•••'"


def test_text_that_holds_none_stays_as_it_is() -> None:
    hide = Masker([VALUE])
    text = (
        Path(__file__).parents[2].joinpath("README.md").read_text()
        + f"\n{encoded(b'ordinary ' * 30)}\n\x1b[31mred\x1b[m\r\n"
    )

    assert hide(text) == text
    assert hide.in_bytes(text.encode()) == text.encode()


def test_of_many_encoded_words_only_those_that_hold_it_go() -> None:
    words = [encoded(b"an ordinary line %d of text" % number) for number in range(40)]
    hidden = encoded(encoded(VALUE.encode()).encode())

    assert Masker([VALUE])(" ".join((*words, hidden, *words))) == " ".join((*words, "•••", *words))


def test_a_line_that_looks_like_a_dump_elsewhere_costs_no_whole_line() -> None:
    assert Masker([VALUE])(f"1a2b3c4 de ad be\na {VALUE} b") == "1a2b3c4 de ad be\na ••• b"
