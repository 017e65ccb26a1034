"""Import names and the packages they come from (modules.toml)."""

from typing import Any

from executor.engine.classification.verdict import data

_TABLE: dict[str, Any] = data("modules.toml")
_PACKAGES: dict[str, str] = _TABLE["python"]
_OWN = frozenset(_TABLE["own"]["python"])


def package_of(module: str) -> str:
    """The package that a Python import name is installed from: ``cv2`` → ``opencv-python-headless``. The longest part
    of a dotted name that the table knows decides; else the first part is the package's own name."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if (known := _PACKAGES.get(".".join(parts[:length]))) is not None:
            return known
    return parts[0]


def is_own(module: str) -> bool:
    """A name that people give to their own modules; a package of that name would be a stranger's."""
    return module.split(".")[0] in _OWN
