"""How many threads the networks use, so that processes and threads never stand in each other's way."""

from __future__ import annotations

import multiprocessing
import os
from functools import lru_cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """How many threads a network may use: one in a worker process, else what `OMP_NUM_THREADS` or the machine gives."""
    if multiprocessing.parent_process() is not None:
        return 1
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdigit() and int(given):
        return int(given)
    return cores()


class SingleThread:
    """A context in which numpy's matrix products use one thread; small ones are slower with several.

    The limit holds for the whole process: it is set when the first thread
    enters, and what it was before comes back when the last one leaves.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._limit = _controller().limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limit.restore_original_limits()


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
