"""One goal inside one transaction: everything unfinished about it, and what follows from a change of it."""
