"""Processes that apply a function, each with its own copy of it; one that dies is replaced."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, Protocol, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")
_Asked = TypeVar("_Asked", contravariant=True)
_Answered = TypeVar("_Answered", covariant=True)

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""Environment of a worker: as many threads as cores in each of as many processes only stand in each other's way."""


class WorkersError(RuntimeError):
    """The workers cannot do their work at all; the message has the remedy."""


@dataclass(frozen=True, slots=True)
class Died:
    """Stands in the place of an answer where the process died over its task."""

    how: str


class Function(Protocol[_Asked, _Answered]):
    """What workers apply: it is pickled to them, loaded there, and called with one task after the other."""

    def load(self) -> object:
        """Get ready."""

    def __call__(self, task: _Asked, /) -> _Answered:
        """Answer a task."""


class Workers(ABC, Generic[Task, Answer]):
    """Applies a function to tasks, several at a time.

    `submit` while there is `room`; `wait` for answers while there are `busy` workers.
    """

    def __enter__(self) -> Workers[Task, Answer]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    @abstractmethod
    def room(self) -> bool:
        """Whether a worker is free, or can be started."""

    @property
    @abstractmethod
    def busy(self) -> int:
        """How many tasks wait for their answers."""

    @abstractmethod
    def submit(self, task: Task) -> None:
        """Give a task to a free worker."""

    @abstractmethod
    def wait(self) -> list[tuple[Task, Answer | Died]]:
        """Wait until there is an answer, and return those that there are.

        Raises:
            WorkersError: the function raised, or a worker died before it was loaded.
        """

    @abstractmethod
    def close(self) -> None:
        """End the workers, whatever they are at."""


@dataclass(slots=True)
class _Process(Generic[Task]):
    process: BaseProcess
    pipe: Connection[Any, Any]
    task: Task | None = None
    loaded: bool = False


class Processes(Workers[Task, Answer]):
    """Workers on this machine: spawned where they are needed, one thread each.

    Args:
        function: what to apply.
        jobs: how many processes at most.
    """

    def __init__(self, function: Function[Task, Answer], jobs: int) -> None:
        self._function = function
        self._jobs = jobs
        self._workers: list[_Process[Task]] = []

    @property
    def room(self) -> bool:
        """Whether a worker is free, or can be started."""
        return self.busy < self._jobs

    @property
    def busy(self) -> int:
        """How many tasks wait for their answers."""
        return sum(worker.task is not None for worker in self._workers)

    def submit(self, task: Task) -> None:
        """Give a task to a free worker."""
        worker = next((worker for worker in self._workers if worker.task is None), None) or self._start()
        worker.task = task
        if worker.loaded:
            self._send(worker)

    def wait(self) -> list[tuple[Task, Answer | Died]]:
        """Wait until there is an answer, and return those that there are."""
        answers: list[tuple[Task, Answer | Died]] = []
        while not answers:
            ready = wait([worker.pipe for worker in self._workers if worker.task is not None])
            for worker in [worker for worker in self._workers if worker.pipe in ready]:
                answer = self._receive(worker)
                if answer is not None and worker.task is not None:
                    answers.append((worker.task, answer))
                    worker.task = None
        return answers

    def _send(self, worker: _Process[Task]) -> None:
        with suppress(ConnectionError):  # waiting for the answer tells
            worker.pipe.send(worker.task)

    def _receive(self, worker: _Process[Task]) -> Any:
        try:
            answer = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            self._workers.remove(worker)
            how = _how_it_ended(worker.process.exitcode)
            if not worker.loaded:
                killed = worker.process.exitcode is not None and worker.process.exitcode < 0
                remedy = "use fewer --jobs" if killed else 'a script needs `if __name__ == "__main__":`'
                raise WorkersError(f"a worker {how} before its model was loaded; {remedy}") from None
            return Died(how)
        if isinstance(answer, WorkersError):
            raise answer
        if not worker.loaded:  # only now does it take what is sent: a task larger than the pipe would hold us up
            worker.loaded = True
            self._send(worker)
        return answer

    def _start(self) -> _Process[Task]:
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        process = multiprocessing.get_context("spawn").Process(target=_work, args=(self._function, theirs), daemon=True)
        with _surroundings_of_workers():
            process.start()
        theirs.close()
        worker: _Process[Task] = _Process(process, ours)
        self._workers.append(worker)
        return worker

    def close(self) -> None:
        """End the workers, whatever they are at."""
        for worker in self._workers:
            worker.pipe.close()
            if worker.task is not None:
                worker.process.kill()
        for worker in self._workers:
            worker.process.join()
        self._workers = []


def _work(function: Function[Any, Any], pipe: Connection[Any, Any]) -> None:
    try:
        function.load()
        pipe.send(None)
        while True:
            pipe.send(function(pipe.recv()))
    except (EOFError, ConnectionError):
        return  # who asked is gone
    except Exception as error:
        pipe.send(WorkersError(f"{type(error).__name__}: {error}"))


@contextmanager
def _surroundings_of_workers() -> Iterator[None]:
    """What a new process inherits: one thread, and deafness to signals that only this process should act on."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _how_it_ended(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"was killed ({name}{', perhaps for want of memory' if name == 'SIGKILL' else ''})"
    return f"ended by itself (exit code {code})"


def map_in_order(workers: Workers[Task, Answer], tasks: Iterable[Task], ahead: int) -> Iterator[Answer]:
    """The answers in the order of the tasks, which are taken up lazily.

    Args:
        workers: they do the work.
        tasks: any number of them.
        ahead: how many tasks, at most, are under way or answered before an earlier one.

    Raises:
        WorkersError: two processes have died over the same task.
    """
    numbered = enumerate(tasks)
    under_way: dict[int, Task] = {}
    answers: dict[int, Answer] = {}
    deaths: set[int] = set()
    turn = 0
    while True:
        while workers.room and len(under_way) + len(answers) < ahead:
            try:
                number, task = next(numbered)
            except StopIteration:
                break
            under_way[number] = task
            workers.submit(task)
        if turn in answers:
            yield answers.pop(turn)
            turn += 1
            continue
        if not under_way:
            return
        for task, answer in workers.wait():
            number = next(number for number, other in under_way.items() if other is task)
            if not isinstance(answer, Died):
                answers[number] = answer
                del under_way[number]
                deaths.discard(number)
            elif number in deaths:
                raise WorkersError(f"two processes died over the same texts: the second {answer.how}")
            else:
                deaths.add(number)
                workers.submit(task)
