"""The composition root: the one place that names the concrete adapters, and opens, runs and closes everything in order.

Opening: the data folder's lock, the database, the engine; then what faces people. Closing is the same backwards:
nothing new comes in, what runs is ended and stored, what is to be said is said, the database closes.
"""

from bot.app.doors import Workshop, open_executor, open_workshop
from bot.app.house import House, archive, open_house, shelf
from bot.app.parts import try_sandbox
from bot.app.whole import run

__all__ = [
    "House",
    "Workshop",
    "archive",
    "open_executor",
    "open_house",
    "open_workshop",
    "run",
    "shelf",
    "try_sandbox",
]
