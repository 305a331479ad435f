"""What the tests of bulk annotation share."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vnreport.bulk.engine import Job, Stop, Summary, run
from vnreport.bulk.report import Report
from vnreport.bulk.shards import Result, Shard, ShardAnnotator
from vnreport.bulk.workers import Answer, Died, Task, Workers

Hire = Callable[[ShardAnnotator], Workers[Shard, Result]]


class Inline(Workers[Task, Answer]):
    """One worker, which is this process: nothing has to be started."""

    def __init__(self, function: Callable[[Task], Answer]) -> None:
        self._function = function
        self._task: Task | None = None

    @property
    def room(self) -> bool:
        return self._task is None

    @property
    def busy(self) -> int:
        return int(self._task is not None)

    def submit(self, task: Task) -> None:
        self._task = task

    def wait(self) -> list[tuple[Task, Answer | Died]]:
        task, self._task = self._task, None
        assert task is not None
        return [(task, self._function(task))]

    def close(self) -> None:
        pass


def write_articles(path: Path, count: int, bad: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    """JSON lines with metadata; the articles numbered in `bad` are empty."""
    rows = [
        {
            "id": f"bài-{i}",
            "text": "" if i in bad else f"Xã họp lần {i}.\nThu ngân sách đạt {i},5 tỷ đồng, bằng {i}% kế hoạch.",
            "year": 2000 + i,
        }
        for i in range(count)
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return rows


def annotate(job: Job, hire: Hire = Inline, report: Report | None = None) -> Summary:
    """Run a job."""
    return run(job, hire, report or Report(), Stop())


def read_all(*paths: Path) -> dict[str, bytes]:
    """The bytes of files and of what lies in folders, by their names."""
    found = {}
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                found[str(file.relative_to(path.parent))] = file.read_bytes()
    return found


def outputs(out: Path) -> dict[str, bytes]:
    """All that a run has left beside and under its output."""
    return read_all(*(path for path in out.parent.iterdir() if path.name.startswith(out.name)))


@dataclass(frozen=True)
class Fatal:
    """Annotates, but kills its process over a shard that holds a word: always, or the first time, noted in a file."""

    function: ShardAnnotator
    word: str
    once: Path | None = None

    def load(self) -> None:
        """Get ready."""
        self.function.load()

    def __call__(self, shard: Shard) -> Result:
        """Annotate a shard, or die."""
        if any(self.word in str(item.data) for item in shard.items) and not (self.once and self.once.exists()):
            if self.once:
                self.once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.function(shard)


@dataclass(frozen=True)
class Together:
    """Measures bytes; is loaded once so many processes are loading it."""

    processes: int
    folder: Path

    def load(self) -> None:
        """Wait for the others."""
        (self.folder / str(os.getpid())).touch()
        end = time.monotonic() + 60
        while len(list(self.folder.iterdir())) < self.processes:
            if time.monotonic() > end:
                raise TimeoutError("the other processes do not start")
            time.sleep(0.01)

    def __call__(self, task: bytes) -> int:
        """Measure."""
        return len(task)
