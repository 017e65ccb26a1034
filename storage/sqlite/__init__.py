"""Everything that is true of SQLite alone. A second database gets a package beside this one with the same names."""

from storage.sqlite.connection import Bound, run_together
from storage.sqlite.dialect import begin_read, begin_write, hold_references, insert, is_duplicate, meaning_of
from storage.sqlite.engines import Engines, open_engines
from storage.sqlite.files import copy_into, faults, prepare_file

__all__ = [
    "Bound",
    "Engines",
    "begin_read",
    "begin_write",
    "copy_into",
    "faults",
    "hold_references",
    "insert",
    "is_duplicate",
    "meaning_of",
    "open_engines",
    "prepare_file",
    "run_together",
]
