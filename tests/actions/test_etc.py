"""What of /etc a sandbox shows is a copy: of what it may show, and never an old one."""

from pathlib import Path

import pytest

from executor.actions.sandbox.etc import KEPT, Etc


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    (folder / "ssl" / "certs").mkdir(parents=True)
    (folder / "passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    (folder / "shadow").write_text("SECRET")
    (folder / "nsswitch.conf").write_text("passwd: files sss\n")
    (folder / "resolv.conf").write_text("nameserver 10.0.0.1\n")
    (folder / "ssl" / "certs" / "bundle.pem").write_text("certificates\n")
    (folder / "ssl" / "certs" / "one.pem").symlink_to("bundle.pem")
    (folder / "ssl" / "private").mkdir(mode=0o700)
    (folder / "ssl" / "private" / "key").write_text("SECRET")
    (folder / "npmrc").write_text("SECRET")
    (folder / "npmrc").chmod(0o600)
    (tmp_path / "zone").write_text("zone\n")
    (folder / "localtime").symlink_to(tmp_path / "zone")
    return folder


@pytest.fixture
def etc(tmp_path: Path, source: Path) -> Etc:
    return Etc(tmp_path / "copies", public=True, source=source)


def copied(etc: Etc) -> Path:
    option, place, inside = etc.mount()
    assert (option, inside) == ("--ro-bind", "/etc")
    return Path(place)


def test_what_everybody_may_read_is_copied_and_nothing_else(etc: Etc) -> None:
    copy = copied(etc)

    assert sorted(str(one.relative_to(copy)) for one in copy.rglob("*") if not one.is_dir()) == [
        "localtime",
        "nsswitch.conf",
        "passwd",
        "resolv.conf",
        "ssl/certs/bundle.pem",
        "ssl/certs/one.pem",
    ]
    assert {oct(one.stat().st_mode & 0o777) for one in copy.rglob("*") if one.is_file()} == {"0o644"}


def test_a_user_shows_what_that_user_may_read(tmp_path: Path, source: Path) -> None:
    assert (copied(Etc(tmp_path / "copies", public=False, source=source)) / "npmrc").read_text() == "SECRET"


def test_a_link_in_a_folder_stays_one_and_any_other_is_what_it_leads_to(etc: Etc) -> None:
    copy = copied(etc)

    assert (copy / "ssl" / "certs" / "one.pem").readlink() == Path("bundle.pem")
    assert (copy / "localtime").is_symlink() is False
    assert (copy / "localtime").read_text() == "zone\n"


def test_users_are_looked_up_in_files_and_hosts_are_known_where_there_is_a_network(etc: Etc) -> None:
    copy = copied(etc)

    assert "sss" not in (copy / "nsswitch.conf").read_text()
    assert (copy / "resolv.conf").read_text() == ""


def test_the_copy_is_made_once(etc: Etc, source: Path) -> None:
    first = copied(etc)

    assert copied(etc) == first
    assert copied(Etc(first.parent, public=True, source=source)) == first


@pytest.mark.parametrize("changed", ["passwd", "ssl/certs/bundle.pem", "ssl/certs/new.pem", "hosts"])
def test_what_changes_is_copied_anew(etc: Etc, source: Path, changed: str) -> None:
    first = copied(etc)

    (source / changed).write_text("changed, and longer\n")

    assert copied(etc) != first
    assert (copied(etc) / changed).read_text() == "changed, and longer\n"


def test_old_copies_are_removed_but_the_last(etc: Etc, source: Path) -> None:
    for number in range(5):
        (source / "passwd").write_text("x" * number)
        copied(etc)

    assert len(list((source.parent / "copies").iterdir())) == KEPT


def test_a_copy_that_somebody_removed_is_made_again(etc: Etc) -> None:
    (copied(etc) / "passwd").unlink()
    first = copied(etc)
    first.rename(first.with_name("gone"))

    assert (copied(etc) / "passwd").exists()


def test_there_is_room_for_what_is_mounted_over_it(etc: Etc) -> None:
    copy = copied(etc)

    assert (etc.holds(Path("/etc/passwd")), etc.holds(Path("/etc/resolv.conf"))) == (True, False)
    etc.make_room(Path("/etc/own/index.crt"))
    etc.make_room(Path("/etc/ssl"))
    etc.make_room(Path("/srv/elsewhere"))

    assert (copy / "own" / "index.crt").read_text() == ""
    assert not etc.holds(Path("/etc/own/index.crt"))
    assert etc.holds(Path("/etc/ssl"))
