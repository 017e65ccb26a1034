"""Huey on its SQLite: tasks queued first, then a consumer until every result is stored. Runs in its own environment."""
# mypy: disable-error-code="import-not-found,untyped-decorator,misc"

import json
import sys
import time

from huey import SqliteHuey
from huey.consumer import Consumer

TASKS = 2_000
huey = SqliteHuey("nothing", filename=f"{sys.argv[2]}/{sys.argv[1]}.db", fsync=True)


@huey.task()
def nothing(number: int) -> int:
    return number


for number in range(TASKS):
    nothing(number)
consumer = Consumer(huey, workers=4, worker_type="thread", initial_delay=0.001, max_delay=0.01)
began = time.perf_counter()
consumer.start()
while huey.result_count() < TASKS:
    time.sleep(0.01)
print(json.dumps({"tasks": TASKS, "seconds": time.perf_counter() - began}), flush=True)
consumer.stop(graceful=False)
