"""milepost failed and milepost lessons: the shell's look at what stays after goals."""

import json

from tests.cli.conftest import Milepost


async def test_before_anything_failed_both_say_so(milepost: Milepost) -> None:
    failed, lessons = await milepost("failed"), await milepost("lessons", "--json")

    assert (failed.code, failed.out, failed.err) == (0, "Nothing has failed for good.\n", "")
    assert json.loads(lessons.out) == {"lessons": [], "total": 0}
