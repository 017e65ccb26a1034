"""What a sandboxed installation sees of the machine's package index."""

from pathlib import Path

from executor.actions.sandbox.index import places


def test_a_local_mirror_is_shown_with_the_folders_that_its_pages_point_to_and_nothing_beside_them(
    tmp_path: Path,
) -> None:
    for name in ("simple", "packages", "private"):
        (tmp_path / "mirror" / name).mkdir(parents=True)
    settings = tmp_path / "pip.conf"
    settings.write_text(f"[global]\nindex-url = file://{tmp_path}/mirror/simple/\n")

    shown = places({"PIP_CONFIG_FILE": str(settings)})

    assert [path for path in shown if path.is_relative_to(tmp_path)] == [
        settings,
        tmp_path / "mirror" / "simple",
        tmp_path / "mirror" / "packages",
    ]
