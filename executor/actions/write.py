"""The write action: a file in the goal's workspace."""

import asyncio
from time import monotonic
from typing import ClassVar

from pydantic import field_validator

from executor.actions.paths import Folder, check_path
from executor.actions.typed import Parameters, Typed
from executor.domain.errors import WrongInput
from executor.domain.outcome import Result
from executor.ports import Context


def sound_path(path: str) -> str:
    """For pydantic: what can be seen to be wrong about a path, as its kind of error."""
    try:
        check_path(path)
    except WrongInput as error:
        raise ValueError(error.public.rstrip(".")) from None
    return path


class WriteParameters(Parameters):
    path: str
    content: str
    append: bool = False

    _sound = field_validator("path")(sound_path)


class Write(Typed[WriteParameters]):
    name: ClassVar[str] = "write"
    model = WriteParameters

    def what(self, parameters: WriteParameters) -> str:
        verb = "adds to" if parameters.append else "writes"
        return f"{verb} {parameters.path} ({_size(parameters.content)})"

    async def act(self, parameters: WriteParameters, context: Context) -> Result:
        began = monotonic()
        content = parameters.content.encode("utf-8", errors="replace")
        folder = Folder(context.workspace)
        put = folder.append if parameters.append else folder.write
        size = await asyncio.to_thread(put, parameters.path, content)
        return Result(
            success=True,
            result=f"{parameters.path}, {size:,} bytes",
            output=parameters.path,
            metadata={
                "execution_time": round(monotonic() - began, 3),
                "file_path": parameters.path,
                "file_size": size,
            },
        )


def _size(content: str) -> str:
    return f"{len(content.encode('utf-8', errors='replace')):,} bytes"
