"""Records name the person at the page, whatever the page calls them."""

import os
import pwd

import pytest

from bot.control.server import operator_name


def test_the_operator_is_whoever_runs_the_program() -> None:
    assert operator_name() == pwd.getpwuid(os.getuid()).pw_name


def test_a_user_without_a_name_is_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)

    assert operator_name() == "Operator"
