"""A secret that a command writes into a file: it is not kept, nothing hands it out, and what became of it is said."""

import base64
import bz2
import gzip
import io
import lzma
import os
import subprocess
import tarfile
import zipfile
import zlib
from pathlib import Path
from urllib.parse import quote

import pytest

from executor.domain.change import Archived
from executor.domain.secret import MASK
from executor.engine.secrecy.masking import Masker
from tests.actions.test_history import Place

VALUE = "Zk9/+cnry=00x&7"
FORMS = {
    "plain": VALUE,
    "in base64": base64.b64encode(f"user:{VALUE}".encode()).decode(),
    "in an address": quote(VALUE, safe=""),
    "backwards": VALUE[::-1],
    "in two lines": f"{VALUE[:6]}\n{VALUE[6:]}",
    "as hex": VALUE.encode().hex(),
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, hide=Masker([VALUE]).in_bytes)


def objects(place: Place) -> bytes:
    """Everything in the repository, unpacked."""
    told = ["git", "--git-dir", str(place.kept), "cat-file", "--batch", "--batch-all-objects"]
    return subprocess.run(told, capture_output=True, check=True, env={"PATH": os.environ["PATH"]}).stdout


def archived(place: Place) -> tuple[Archived, dict[str, bytes]]:
    target = io.BytesIO()
    found = place.opened().archive(1, target)
    target.seek(0)
    with tarfile.open(fileobj=target) as archive:
        members = {one.name: archive.extractfile(one) for one in archive if one.isreg()}
        return found, {name: file.read() for name, file in members.items() if file is not None}


@pytest.mark.parametrize("form", FORMS)
async def test_no_form_of_it_gets_into_the_history_the_patch_or_the_archive(place: Place, form: str) -> None:
    await place.attempt("1.1#1", env=f"TOKEN={FORMS[form]}\nPORT=80\n")

    whole = await place.history.difference(1, whole=True)
    found, files = archived(place)

    assert FORMS[form].encode() not in objects(place)
    assert FORMS[form] not in whole.patch
    assert [change.masked for change in whole.changes] == [("env",)]
    assert files["goal-1/env"].endswith(b"PORT=80\n")
    assert MASK.encode() in files["goal-1/env"]
    assert found == Archived(masked=("env",))
    assert files["goal-1.left-out.txt"].decode() == f"In it, with {MASK} in place of secrets:\nenv\n"
    assert (place.folder / "env").read_text() == f"TOKEN={FORMS[form]}\nPORT=80\n"  # its own folder is left alone
    assert place.problems == []


async def test_what_is_no_text_is_left_out_and_named(place: Place) -> None:
    (place.folder / "data.bin").write_bytes(b"\0\1" + VALUE.encode())
    (place.folder / "wide.txt").write_bytes(VALUE.encode("utf-16"))
    await place.attempt("1.1#1", other="1\n")

    [change] = await place.history.changes(1)
    found, files = archived(place)

    assert change.left_out == ("data.bin (holds a secret)", "wide.txt (holds a secret)")
    assert found.left_out == change.left_out
    assert sorted(files) == ["goal-1.left-out.txt", "goal-1/other"]
    assert VALUE.encode() not in objects(place)


def zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


TEXT = f"TOKEN={VALUE}\n".encode() * 3
PACKED = {
    "gz": gzip.compress(TEXT, mtime=0),
    "two in a row": gzip.compress(b"none", mtime=0) + gzip.compress(TEXT, mtime=0),
    "cut off": gzip.compress(TEXT + bytes(range(256)) * 20, mtime=0)[:-20],
    "bz2": bz2.compress(TEXT),
    "xz": lzma.compress(TEXT),
    "zlib": zlib.compress(TEXT),
    "zip": zipped("env", TEXT),
    "zip behind a program": b"#!/bin/sh\n" + zipped("env", TEXT),
    "a name in a zip": zipped(f"{VALUE.replace('/', '-')} {VALUE}", b""),
    "tar.gz": tarred("env", TEXT),
    "zip in tar.gz": tarred("inner.zip", zipped("env", TEXT)),
    "base64 in gz": gzip.compress(base64.b64encode(b"user:" + TEXT)),
    "pdf": b"%PDF-1.7\n1 0 obj <</Filter /FlateDecode>>\nstream\n" + zlib.compress(TEXT) + b"\nendstream",
}


@pytest.mark.parametrize("kind", PACKED)
def test_what_is_packed_is_looked_into(kind: str) -> None:
    assert Masker([VALUE]).in_bytes(PACKED[kind]) is None


def test_what_is_packed_and_holds_none_is_kept() -> None:
    hide = Masker([VALUE])
    harmless = [gzip.compress(b"ordinary"), zipped("a", b"b"), tarred("a", b"b"), b"\x1f\x8b broken", b"PK\x05\x06"]

    assert [hide.in_bytes(one) for one in harmless] == harmless


def test_what_would_unpack_without_end_is_given_up() -> None:
    bomb = gzip.compress(gzip.compress(gzip.compress(bytes(80_000_000), 1)))

    assert Masker([VALUE]).in_bytes(bomb) == bomb


async def test_a_packed_file_that_holds_it_is_left_out_and_named(place: Place) -> None:
    (place.folder / "notes.gz").write_bytes(PACKED["gz"])
    await place.attempt("1.1#1", ordinary="b\n")

    found, files = archived(place)

    assert found == Archived(left_out=("notes.gz (holds a secret)",))
    assert sorted(files) == ["goal-1.left-out.txt", "goal-1/ordinary"]


async def test_what_is_packed_is_not_in_the_patch_once_it_is_known(tmp_path: Path) -> None:
    hide = Masker()
    place = Place(tmp_path, hide=hide.in_bytes)
    (place.folder / "notes.gz").write_bytes(PACKED["gz"])
    (place.folder / "other.gz").write_bytes(gzip.compress(b"ordinary", mtime=0))
    await place.attempt("1.1#1", ordinary="b\n")
    hide.learn(VALUE)

    whole = await place.opened().difference(1, whole=True)

    named = [line.split()[2] for line in whole.patch.splitlines() if line.startswith("diff")]
    assert (named, whole.withheld) == (["a/ordinary", "a/other.gz"], ("notes.gz",))


async def test_a_name_that_holds_it_is_not_kept_either(place: Place) -> None:
    value = "cnry00x7name"
    place.hide = Masker([value]).in_bytes
    place.history = place.opened()
    await place.attempt("1.1#1", **{f"of-{value}": "1\n", "other": "1\n"})

    [change] = await place.history.changes(1)

    assert change.left_out == (f"of-{MASK} (holds a secret)",)
    assert value.encode() not in objects(place)


async def test_a_secret_that_is_learnt_later_is_taken_out_of_the_archive(place: Place) -> None:
    place.hide = bytes
    place.history = place.opened()
    await place.attempt("1.1#1", env=f"TOKEN={VALUE}\n")
    place.hide = Masker([VALUE]).in_bytes

    found, files = archived(place)

    assert found == Archived(masked=("env",))
    assert files["goal-1/env"].decode() == f"TOKEN={MASK}\n"


async def test_going_back_says_what_comes_back_without_its_secret(place: Place) -> None:
    await place.attempt("1.1#1", env=f"TOKEN={VALUE}\n", other="1\n")
    await place.attempt("1.2#1", env=None, other="2\n")

    asked = await place.history.undoing(1, "1.2")
    await place.history.undo(1, asked, "undo")

    assert asked.masked == ("env",)
    assert place.files() == {"env": f"TOKEN={MASK}\n", "other": "1\n"}


async def test_a_file_with_a_secret_is_no_change_a_second_time(place: Place) -> None:
    await place.attempt("1.1#1", env=f"TOKEN={VALUE}\n")
    place.history = place.opened()
    await place.attempt("1.2#1")
    os.utime(place.folder / "env")
    await place.attempt("1.3#1")

    assert [attempt for attempt, _ in await place.attempts()] == ["1.1#1"]


def test_ordinary_words_and_short_values_are_left_in_files() -> None:
    hide = Masker(["postgres", "4711", "hunter2"]).in_bytes
    content = b"user postgres, order 4711\n"

    assert hide(content) is content
    assert hide(b"hunter2") == MASK.encode()
