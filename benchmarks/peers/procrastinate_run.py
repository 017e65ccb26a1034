"""Procrastinate: jobs queued first, then a worker until all are stored as succeeded. Runs in its own environment."""
# mypy: disable-error-code="import-not-found,untyped-decorator,misc"

import asyncio
import json
import sys
from time import perf_counter

import procrastinate

TASKS = 1_000


async def main(concurrency: int, address: str) -> None:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=address, max_size=20))

    @app.task(name="nothing")
    async def nothing(number: int) -> int:
        return number

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await nothing.batch_defer_async(*({"number": number} for number in range(TASKS)))
        began = perf_counter()
        await app.run_worker_async(concurrency=concurrency, wait=False, install_signal_handlers=False)
        seconds = perf_counter() - began
        done = len(list(await app.job_manager.list_jobs_async(status="succeeded")))
    print(json.dumps({"tasks": done, "seconds": seconds}))


asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
