"""A machine on a queue, in a process of its own: it notes each job that it does. See test_postgres_load.py.

python -m tests.jobs.queue_machine ADDRESS MACHINE FOLDER CONCURRENCY
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from mattebox.jobs.queue import JobQueue, QueueHandler

JOB_SECONDS = 0.05


def main() -> None:
    address, machine, folder, concurrency = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])

    def do_job(name: str) -> None:
        time.sleep(JOB_SECONDS)
        with open(folder / name, "a") as note:  # one line for each time that it is done
            note.write(f"{machine}\n")

    queue = JobQueue(address, machine)
    queue.start({"jobs": QueueHandler(do_job, concurrency), "hooks": QueueHandler(lambda _: None, 1)})
    threading.Event().wait()  # until it is killed


if __name__ == "__main__":
    main()
