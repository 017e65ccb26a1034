"""Folders that a command may write to: what they are named, and where links lead."""

import os
from pathlib import Path

import pytest

from executor.actions.reaching import Reaching, reach_of_command
from executor.actions.sandbox.granted import granted
from executor.actions.sandbox.mounts import Hidden, Mount, machine
from executor.domain.plan import TaskSpec
from executor.domain.reach import Reach

OWN = os.geteuid()
OTHER = OWN + 1


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """``site/link`` leads to ``data``, which nobody granted; ``data/keys`` is Milepost's own."""
    for name in ("site", "data/keys"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "site" / "link").symlink_to(tmp_path / "data")
    return tmp_path


def given(place: Path, *names: str, uid: int = OWN, machine: bool = False, hidden: str = "nothing") -> list[Mount]:
    folders = [str(place / name) for name in names]
    return list(granted(folders, Hidden([place / hidden]), uid, None, machine=machine))


def bound(place: Path, source: str, named: str) -> Mount:
    return ("--bind-try", str(place / source), str(place / named))


def test_a_link_that_a_command_made_leads_nowhere(place: Path) -> None:
    assert given(place, "site", "site/link") == [bound(place, "site", "site")]


def test_it_leads_to_what_was_granted_by_its_own_name(place: Path) -> None:
    assert given(place, "site/link", "data") == [bound(place, "data", "site/link"), bound(place, "data", "data")]


def test_a_link_that_no_command_can_have_made_is_followed(place: Path) -> None:
    assert given(place, "site/link", uid=OTHER) == [bound(place, "data", "site/link")]
    assert given(place, "site/link", uid=OTHER, machine=True) == [bound(place, "data", "data")]


@pytest.mark.parametrize("hidden", ["data", "data/keys", "site/link"])
def test_no_link_leads_to_what_is_hidden(place: Path, hidden: str) -> None:
    assert given(place, "site/link", "data", uid=OTHER, hidden=hidden) == []


def test_what_is_mounted_is_what_was_looked_at(place: Path) -> None:
    opened: list[int] = []
    try:
        mounted = list(granted([str(place / "site")], Hidden(), OWN, opened, machine=False))
        (place / "site").rename(place / "moved")
        (place / "site").symlink_to(place / "data")

        assert [source for _, source, _ in mounted] == [f"/proc/self/fd/{opened[0]}"]
        assert Path(f"/proc/self/fd/{opened[0]}").readlink() == place / "moved"
    finally:
        for one in opened:
            os.close(one)


def test_what_is_gone_is_not_mounted(place: Path) -> None:
    opened: list[int] = []

    assert list(granted([str(place / "never")], Hidden(), OWN, opened, machine=False)) == []
    assert opened == []


def test_what_is_hidden_is_hidden_where_it_really_is(place: Path) -> None:
    """A home or a data folder may be reached by a link."""
    shown = {mount[-1]: mount[-2] for mount in machine(Hidden([place / "site" / "link" / "keys"]))}

    assert shown[str(place / "data" / "keys")] == "--tmpfs"


def spec(**parameters: object) -> TaskSpec:
    return TaskSpec(key="1", title="A", action="shell", parameters=parameters)


def test_the_plan_shows_where_a_link_leads(place: Path) -> None:
    named, real = str(place / "site" / "link"), str(place / "data")

    assert reach_of_command(f"cp a {named}/a", Path("/nowhere")) == Reach(writes=(named, real))
    assert Reaching(Path("/nowhere"))(spec(command="true", writes=[named])).parameters["writes"] == [named, real]


def test_a_link_to_secrets_is_not_opened(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(place / "home"))
    (place / "home" / ".ssh").mkdir(parents=True)
    (place / "site" / "keys").symlink_to(place / "home" / ".ssh")

    assert reach_of_command(f"cp a {place}/site/keys/authorized_keys", Path("/nowhere")).writes == ()
