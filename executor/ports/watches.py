"""A cheap look at something that was gone: is it back?"""

from typing import Protocol


class Watches(Protocol):
    """What may be looked at, as texts: ``tcp://host:port`` (its door opens), ``http://…`` (it answers with less than
    500), ``disk:<path>`` (there is room; an empty path is where the workspaces are), ``memory``, ``port:<number>`` (it
    is free), ``lock:<path>`` (nobody holds it), ``files``, ``processes``."""

    async def look(self, probe: str) -> bool | None:
        """Whether it is back. None: that can't be seen from outside, only a try can tell. Takes seconds at most and
        changes nothing. Never raises."""
        ...


class Blind:
    """Sees nothing: a try has to tell."""

    async def look(self, probe: str) -> bool | None:
        return None
