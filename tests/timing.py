from __future__ import annotations

import time
import timeit
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def seconds(work: Callable[[T], object], argument: T) -> float:
    """The processor time of one run, without garbage collection."""
    return timeit.timeit(lambda: work(argument), timer=time.process_time, number=1)


def growth(work: Callable[[T], object], few: T, many: T, runs: int = 3) -> float:
    """How many times the processor time for `few` the work needs for `many`; times below 20 ms count as that.

    The least of some runs counts. They are taken in turn, so that what else the machine does slows both, and what
    is remembered of the last text helps neither.
    """
    pairs = [(seconds(work, few), seconds(work, many)) for _ in range(runs)]
    return min(second for _, second in pairs) / max(min(first for first, _ in pairs), 0.02)
