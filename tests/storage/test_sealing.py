import base64
import stat
from pathlib import Path

import pytest

from executor.domain.errors import SealBroken, Unconfigured
from storage.sealing import FILE_NAME, FernetSeal

KEY = base64.b64encode(bytes(range(200, 232))).decode()


def test_a_value_comes_back_and_its_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    sealed = FernetSeal(tmp_path).seal("sésame 🔑")

    assert FernetSeal(tmp_path).unseal(sealed) == "sésame 🔑"
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_configured_key_leaves_no_file(tmp_path: Path) -> None:
    sealed = FernetSeal(tmp_path, KEY).seal("sesame")

    assert FernetSeal(tmp_path, KEY.replace("+", "-").replace("/", "_")).unseal(sealed) == "sesame"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", ["lost", "another", "damaged"])
def test_with_another_key_nothing_can_be_read_and_new_values_still_can_be_kept(tmp_path: Path, what: str) -> None:
    sealed = FernetSeal(tmp_path).seal("sesame")
    path = tmp_path / FILE_NAME
    if what == "lost":
        path.unlink()
    else:
        path.write_text(KEY if what == "another" else "not a key \0")

    seal = FernetSeal(tmp_path)
    with pytest.raises(SealBroken):
        seal.unseal(sealed)

    assert seal.unseal(seal.seal("open")) == "open"


def test_a_key_of_the_wrong_shape_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(Unconfigured) as refused:
        FernetSeal(tmp_path, "correct horse")

    assert refused.value.public == (
        "secrets.key: expected 32 random bytes in base64, as openssl rand -base64 32 prints them."
    )
