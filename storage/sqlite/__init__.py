"""Everything that is true of SQLite alone. A second database gets a package beside this one with the same names."""

from storage.sqlite.connection import Asked, Bound, Rows, ask_together, commit, roll_back, run_together
from storage.sqlite.dialect import (
    begin_read,
    begin_write,
    hold_references,
    insert,
    is_duplicate,
    is_full,
    later_of,
    listed,
    meaning_of,
    one_of,
    short_result,
)
from storage.sqlite.engines import Engines, fold_log, open_engines, write_log
from storage.sqlite.files import copy_into, faults, log_bytes, prepare_file, reserve_pages

__all__ = [
    "Asked",
    "Bound",
    "Engines",
    "Rows",
    "ask_together",
    "begin_read",
    "begin_write",
    "commit",
    "copy_into",
    "faults",
    "fold_log",
    "hold_references",
    "insert",
    "is_duplicate",
    "is_full",
    "later_of",
    "listed",
    "log_bytes",
    "meaning_of",
    "one_of",
    "open_engines",
    "prepare_file",
    "reserve_pages",
    "roll_back",
    "run_together",
    "short_result",
    "write_log",
]
