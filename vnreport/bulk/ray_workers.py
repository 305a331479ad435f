"""Ray actors that apply a function, on this machine or on a cluster."""

from __future__ import annotations

from typing import Any

from vnreport.bulk.workers import Answer, Died, Function, Task, Workers, WorkersError


class RayActors(Workers[Task, Answer]):
    """Workers of a Ray cluster, one core each; tasks and answers travel through its object store.

    Args:
        function: what to apply.
        jobs: how many actors at most; one for each core of the cluster if None.
        address: of the cluster; a local one is started if None.
    """

    def __init__(self, function: Function[Task, Answer], jobs: int | None = None, address: str | None = None) -> None:
        try:
            import ray
        except ImportError:
            raise WorkersError("--engine ray needs Ray: pip install 'vnreport[ray]'") from None
        self._owned = not ray.is_initialized()
        if self._owned:
            try:
                ray.init(address=address, include_dashboard=None if address else False, log_to_driver=False)
            except ConnectionError as error:
                raise WorkersError(f"{address}: no Ray cluster answers there ({error})") from None
        self._actor = ray.remote(num_cpus=1)(_Actor)
        self._function = function
        self._jobs = jobs or int(ray.cluster_resources().get("CPU", 1))
        self._idle: list[Any] = []
        self._tasks: dict[Any, tuple[Any, Task]] = {}

    @property
    def room(self) -> bool:
        """Whether an actor is free, or can be started."""
        return self.busy < self._jobs

    @property
    def busy(self) -> int:
        """How many tasks wait for their answers."""
        return len(self._tasks)

    def submit(self, task: Task) -> None:
        """Give a task to a free actor."""
        actor = self._idle.pop() if self._idle else self._actor.remote(self._function)
        self._tasks[actor.answer.remote(task)] = (actor, task)

    def wait(self) -> list[tuple[Task, Answer | Died]]:
        """Wait until there is an answer, and return those that there are."""
        import ray

        ready, _ = ray.wait(list(self._tasks), num_returns=1)
        answers: list[tuple[Task, Answer | Died]] = []
        for reference in ready:
            actor, task = self._tasks.pop(reference)
            try:
                answers.append((task, ray.get(reference)))
                self._idle.append(actor)
            except ray.exceptions.RayTaskError as error:
                raise WorkersError(str(error.cause)) from None
            except ray.exceptions.RayError as error:
                if "creation task" in str(error):
                    raise WorkersError(f"the model cannot be loaded on the cluster: {error}") from None
                answers.append((task, Died(f"was lost ({type(error).__name__})")))
        return answers

    def close(self) -> None:
        """End the actors, whatever they are at, and the cluster if it was started for them."""
        import ray

        for actor in [*self._idle, *(actor for actor, _ in self._tasks.values())]:
            ray.kill(actor)
        self._idle, self._tasks = [], {}
        if self._owned:
            ray.shutdown()


class _Actor:
    def __init__(self, function: Any) -> None:
        function.load()
        self._function = function

    def answer(self, task: Any) -> Any:
        return self._function(task)
