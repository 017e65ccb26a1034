"""One script per revision. A package, so that it is part of the wheel."""
