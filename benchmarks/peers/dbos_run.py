"""DBOS on its SQLite: workflows on a queue, then wait for every result. Runs in its own environment."""
# mypy: disable-error-code="import-not-found,untyped-decorator,misc"

import json
import sys
from time import perf_counter

from dbos import DBOS

TUNED = sys.argv[1] == "tuned"
TASKS = 500 if TUNED else 200

DBOS(
    config={
        "name": "nothing",
        "system_database_url": f"sqlite:///{sys.argv[2]}/{sys.argv[1]}.db",
        "log_level": "ERROR",
    }
)


@DBOS.workflow()
def nothing(number: int) -> int:
    return number


DBOS.launch()
if TUNED:
    queue = DBOS.register_queue("work", worker_concurrency=100, polling_interval_sec=0.05)
else:
    queue = DBOS.register_queue("work")
began = perf_counter()
handles = [DBOS.enqueue_workflow("work", nothing, number) for number in range(TASKS)]
queued = perf_counter()
for handle in handles:
    handle.get_result()
print(json.dumps({"tasks": TASKS, "seconds": perf_counter() - began, "queued": queued - began}))
DBOS.destroy()
