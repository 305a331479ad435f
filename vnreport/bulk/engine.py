"""A run from its inputs to its files: begins or goes on, feeds the workers, keeps what they give."""

from __future__ import annotations

import json
import platform
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from vnreport import __version__
from vnreport.bulk.annotator import Annotator
from vnreport.bulk.formats import Format
from vnreport.bulk.items import Item, Reading, find_column
from vnreport.bulk.output import Manifest, Output, RunError
from vnreport.bulk.report import Report
from vnreport.bulk.shards import ARTICLES, Result, Shard, ShardAnnotator, cut_shards
from vnreport.bulk.sources import STANDARD_INPUT, read_inputs, total_size
from vnreport.bulk.store import Entry, Store
from vnreport.bulk.workers import Died, Workers

Hire = Callable[[ShardAnnotator], AbstractContextManager[Workers[Shard, Result]]]

_AHEAD = 4  # shards that wait for a free worker
_CHANGED = (
    "{}: is complete, but the inputs have changed since; name another output, or annotate what has changed: --overwrite"
)
_PACKAGES = ("spacy", "numpy", "underthesea", "underthesea_core", "onnxruntime", "pyarrow", "trafilatura", "pypdf")


class Unfinished(Exception):
    """A run that ended before its end; the same command goes on with it."""


@dataclass(frozen=True)
class Job:
    """What to annotate, how, and where to write it.

    Attributes:
        inputs: names of files, folders and the like, as for `read_inputs`.
        output: the file or folder to write.
        format: how it is written.
        reading: how the inputs are read.
        model: as for `vnreport.load`.
        shard: how many articles are annotated together.
        retry: take the articles again that were set aside.
        overwrite: replace what another run, or something else, left under the output's name.
    """

    inputs: Sequence[str]
    output: Path
    format: Format
    reading: Reading = field(default_factory=Reading)
    model: str | None = None
    shard: int = ARTICLES
    retry: bool = False
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """What a complete run has.

    Attributes:
        annotated: how many articles were.
        errors: how many were set aside, in the file `errors_file`.
        errors_file: has a row for each of them.
        idle: whether there was nothing left to do.
    """

    annotated: int
    errors: int
    errors_file: Path
    idle: bool = False


class Stop:
    """Is set to end a run after the shards that are under way."""

    asked = False


def run(job: Job, hire: Hire, report: Report, stop: Stop) -> Summary:
    """Annotate all articles of the inputs, or those that an earlier run has left.

    Args:
        job: what to do.
        hire: gives the workers for it.
        report: is told of the progress.
        stop: ends the run early.

    Raises:
        RunError: the output is of another run, of other inputs or of something else;
            or no article could be annotated, and nothing is written.
        Unfinished: the run was stopped, or the disk is full.
        WorkersError: the workers cannot work.
    """
    fingerprint = describe_run(job)
    with Output(job.output, job.format) as output:
        output.check(job.inputs)
        items = _Tally(read_distinct(job.inputs, job.reading, output.paths()))
        complete = _find_complete(job, output, fingerprint)
        if complete and not job.overwrite and not _has_work(job, complete, output.paths()):
            return Summary(complete["annotated"], complete["errors"], output.errors, idle=True)
        output.begin(fingerprint)
        try:
            if complete:
                output.restore(_entries(complete))
            report.begin(total_size(job.inputs, output.paths()))
            annotator = ShardAnnotator(Annotator(job.model), job.reading, job.format)
            with hire(annotator) as workers:
                loop = _Loop(output.store, workers, report, stop, redo_errors=job.retry)
                entries = loop.run(cut_shards(items, job.shard))
            if not any(entry.articles for entry in entries):
                output.discard()
                raise RunError(
                    f"{job.output}: is not written, since nothing could be annotated; mend what is named above"
                )
            before = None if job.overwrite else output.manifest()
            if before and (before["run"] != fingerprint or output.lacks(before)):
                before = None
            if before and _good_digests(before) - {entry.digest for entry in entries}:
                raise RunError(_CHANGED.format(job.output))
            manifest: Manifest = {
                "run": fingerprint,
                "environment": _environment(),
                "inputs": items.inputs(),
                "annotated": sum(entry.articles for entry in entries),
                "errors": sum(entry.errors for entry in entries),
                "syllables": sum(entry.syllables for entry in entries),
                "shards": [asdict(entry) for entry in entries],
            }
            output.publish(entries, manifest, job.overwrite)
        except OSError as error:
            raise Unfinished(f"{error.filename or job.output}: {error.strerror or error}") from error
    return Summary(manifest["annotated"], manifest["errors"], output.errors)


def read_distinct(names: Sequence[str], reading: Reading, skip: Collection[Path] = ()) -> Iterator[tuple[str, Item]]:
    """What `read_inputs` gives; a row is set aside where an earlier one has the same value in the column of names.

    Of each value 8 bytes of a digest are kept. Among ten million that one is
    set aside for nothing is less likely than one in 100,000.
    """
    seen = set[int]()
    for name, item in read_inputs(names, reading, skip):
        own = _name_in_row(item, reading.id) if reading.id else None
        if own is not None:
            count = len(seen)
            seen.add(int.from_bytes(blake2b(own.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"))
            if len(seen) == count:
                reason = (
                    f"an earlier article has {own[:100]!r} in the column {reading.id!r} too; make its values differ"
                )
                item = replace(item, data=b"", error=reason)
        yield name, item


def _name_in_row(item: Item, column: str) -> str | None:
    row = item.data
    if item.format == "json" and item.error is None:
        try:
            row = json.loads(str(row).removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            return None  # whoever reads the row says so
    value = row.get(find_column(column, row)) if isinstance(row, dict) else None
    return None if value is None else str(value)


def describe_run(job: Job) -> Manifest:
    """All that the result depends on, but for what the inputs hold.

    Raises:
        RunError: there is no such model.
    """
    from vnreport.models import digest, find

    try:
        folder = find(job.model)
    except OSError as error:
        raise RunError(str(error)) from None
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    model = {"name": f"{meta['lang']}_{meta['name']}", "version": meta["version"], "sha256": digest(folder)}
    return {
        "vnreport": __version__,
        "model": model,
        "format": job.format.name,
        "reading": asdict(job.reading),
        "shard": job.shard,
        "inputs": list(dict.fromkeys(job.inputs)),
    }


def _environment() -> dict[str, str]:
    """Versions of what the result may depend on."""
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    return versions


def _find_complete(job: Job, output: Output, fingerprint: Manifest) -> Manifest | None:
    """The manifest of the run if it is complete; None if it is to be begun or gone on with."""
    begun, complete = output.begun(), output.manifest()
    if begun == fingerprint:
        return None
    other = begun or (complete and complete["run"])
    if not job.overwrite:
        if other and other != fingerprint:
            raise RunError(
                f"{job.output}: is of a run with {_differences(other, fingerprint)}; "
                "name another output, or replace it: --overwrite"
            )
        if other is None and (there := output.there()):
            raise RunError(f"{there}: is there already; name another output, or replace it: --overwrite")
    if complete is None or complete["run"] != fingerprint:
        return None
    if changed := output.changed(complete):
        if not job.overwrite:
            raise RunError(
                f"{changed}: is not as the run has left it; name another output, or have it made again: --overwrite"
            )
        return None
    return None if output.lacks(complete) else complete


def _differences(before: Manifest, now: Manifest) -> str:
    changed = [name for name in now if before.get(name) != now[name]]
    return " and ".join(f"other {name} ({json.dumps(before.get(name), ensure_ascii=False)[:200]})" for name in changed)


def _has_work(job: Job, complete: Manifest, skip: Collection[Path]) -> bool:
    """Whether a complete run has articles to take again.

    Raises:
        RunError: the inputs are not what they were.
    """
    if STANDARD_INPUT in job.inputs:
        raise RunError(f"{job.output}: is there already; name another output, or replace it: --overwrite")
    items = (item for _, item in read_distinct(job.inputs, job.reading, skip))
    digests = [shard.digest for shard in cut_shards(items, job.shard)]
    if digests == [entry.digest for entry in _entries(complete)]:
        return job.retry and complete["errors"] > 0
    if job.retry and _good_digests(complete) <= set(digests):
        return True
    raise RunError(_CHANGED.format(job.output))


def _good_digests(complete: Manifest) -> set[str]:
    """Of the shards that a complete run has without errors: what takes its place must have them too."""
    return {entry.digest for entry in _entries(complete) if not entry.errors}


def _entries(manifest: Manifest) -> list[Entry]:
    return [Entry(**entry) for entry in manifest["shards"]]


class _Tally:
    """Passes items on, and counts and digests those of each input."""

    def __init__(self, named: Iterable[tuple[str, Item]]) -> None:
        self._named = named
        self._counts = Counter[str]()
        self._states: dict[str, Any] = {}

    def __iter__(self) -> Iterator[Item]:
        for name, item in self._named:
            self._counts[name] += 1
            self._states.setdefault(name, blake2b(digest_size=20)).update(item.digest())
            yield item

    def inputs(self) -> list[Manifest]:
        """Name, number of articles and digest of each input."""
        return [
            {"name": name, "articles": self._counts[name], "blake2b": state.hexdigest()}
            for name, state in self._states.items()
        ]


class _Loop:
    """Feeds workers with the shards that are not in the store, and stores their results."""

    def __init__(
        self, store: Store, workers: Workers[Shard, Result], report: Report, stop: Stop, redo_errors: bool
    ) -> None:
        self._store = store
        self._workers = workers
        self._report = report
        self._stop = stop
        self._redo_errors = redo_errors
        self._waiting: deque[Shard] = deque()
        self._entries: dict[int, Entry] = {}
        self._deaths = Counter[int]()
        self._inquests: dict[int, _Inquest] = {}

    def run(self, shards: Iterator[Shard]) -> list[Entry]:
        """Go through all shards.

        Returns:
            What is known of each, in order.

        Raises:
            Unfinished: it was asked to stop.
        """
        self._feed(shards)
        while self._workers.busy:
            answers = self._workers.wait()
            for shard, answer in answers:
                if shard.probe or isinstance(answer, Died):
                    self._waiting.extendleft(self._investigate(shard, answer))
            self._feed(shards)  # so that nobody waits while results are written
            for shard, answer in answers:
                if not shard.probe and not isinstance(answer, Died):
                    entry = self._store.put(shard.digest, answer)
                    self._entries[shard.number] = entry
                    self._report.done(entry, shard.weight, answer.errors)
        if self._waiting or (self._stop.asked and next(shards, None) is not None):
            raise Unfinished("stopped before the end")
        return [self._entries[number] for number in sorted(self._entries)]

    def _feed(self, shards: Iterator[Shard]) -> None:
        while not self._stop.asked:
            while self._waiting and self._workers.room:
                self._workers.submit(self._waiting.popleft())
            if len(self._waiting) >= _AHEAD:
                return
            shard = next(shards, None)
            if shard is None:
                return
            entry = self._store.get(shard.digest)
            if entry is None or (entry.errors and self._redo_errors):
                self._waiting.append(shard)
            else:
                self._entries[shard.number] = entry
                self._report.done(entry, shard.weight, reused=True)

    def _investigate(self, shard: Shard, answer: Result | Died) -> list[Shard]:
        """What to try after a process has died over a shard.

        The first time it may be bad luck: the shard is tried again. The second
        time each of its articles is tried alone, and those that kill are set
        aside. If that does not help, all of them are.
        """
        if shard.probe:
            inquest = self._inquests[shard.number]
            inquest.tried += 1
            if isinstance(answer, Died):
                inquest.deaths[shard.items[0].id] = answer.how
            return [inquest.verdict()] if inquest.tried == len(inquest.shard.items) else []
        assert isinstance(answer, Died)
        self._deaths[shard.number] += 1
        if self._deaths[shard.number] == 1:
            return [shard]
        inquest = self._inquests.setdefault(shard.number, _Inquest(shard))
        if self._deaths[shard.number] == 2:
            return [replace(shard, items=(item,), probe=True) for item in shard.items]
        inquest.deaths.update((item.id, answer.how) for item in shard.items)
        return [inquest.verdict()]


@dataclass
class _Inquest:
    """Which articles of a shard kill the process that annotates them."""

    shard: Shard
    tried: int = 0
    deaths: dict[str, str] = field(default_factory=dict)

    def verdict(self) -> Shard:
        """The shard, with those articles set aside."""
        return replace(self.shard, items=tuple(map(self._judge, self.shard.items)))

    def _judge(self, item: Item) -> Item:
        if item.id not in self.deaths:
            return item
        reason = f"a process {self.deaths[item.id]} over it; look at it, or try again: --retry-errors"
        return replace(item, data=b"", error=reason, stage="process")
