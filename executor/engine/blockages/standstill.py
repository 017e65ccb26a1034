"""A command that ends well, leaves everything as it found it, and is not what its check wants: it would do the same for
ever. One that failed is another matter: it may wait for something that nobody sees.
"""

import asyncio
from dataclasses import replace

from executor.domain.outcome import Result
from executor.domain.plan import Check, CheckKind
from executor.engine.classification import asks_outside, only_reads
from executor.ports import Workspaces

LEFT = "left"
"""In the metadata of a failed result: a digest of the goal's folder as the attempt left it."""


async def with_left(failed: Result, ran: Result, check: Check, workspaces: Workspaces, goal_number: int) -> Result:
    """The failed result with what its command left behind, where that tells whether the next one would do the same:
    not for what another machine may answer otherwise next time, nor where more than files is looked at."""
    command = ran.metadata.get("command")
    if ran.metadata.get("exit_code") != 0 or not isinstance(command, str) or asks_outside(command):
        return failed
    if check.kind is not CheckKind.FILE and not (check.kind is CheckKind.COMMAND and only_reads(check.command)):
        return failed
    left = await asyncio.to_thread(workspaces.inventory, goal_number)
    return replace(failed, metadata={**failed.metadata, LEFT: left}) if left else failed
