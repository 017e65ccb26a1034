"""nanobot as it comes, with its own tools. Arguments: the server, the folder, the task."""
# mypy: disable-error-code="import-not-found,misc"

import asyncio
import json
import sys
from pathlib import Path

from nanobot import Nanobot


async def main(url: str, folder: str, task: str) -> None:
    config = Path(folder).parent / "config.json"
    chosen = {
        "agents": {"defaults": {"workspace": folder, "model": "scripted", "provider": "custom"}},
        "providers": {"custom": {"apiKey": "none", "apiBase": url}},
    }
    config.write_text(json.dumps(chosen), encoding="utf-8")
    await Nanobot.from_config(config, workspace=folder).run(task)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
