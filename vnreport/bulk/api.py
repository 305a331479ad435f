"""`vnreport.annotate`: data sets, frames and texts."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from vnreport.bulk.annotator import Annotator, add_to_frame
from vnreport.bulk.columns import NESTED, Schema, build_type
from vnreport.bulk.workers import Processes, map_in_order
from vnreport.models import digest, find


def annotate(
    data: Any, model: str | Path | None = None, *, text: str = "text", batch_size: int = 128, jobs: int = 1
) -> Any:
    """Annotate a data set, a frame, or any number of texts.

    Args:
        data: a `datasets` `Dataset`, `DatasetDict`, `IterableDataset` or
            `IterableDatasetDict`, a pandas or polars `DataFrame`, or an iterable of
            strings.
        model: a released pipeline or the folder of another one; `vi_report_trf` if None.
        text: the column that holds the texts.
        batch_size: how many articles are handed over together; within these, what
            goes through the pipeline at once is chosen by length.
        jobs: how many processes; with more than one a script needs the usual
            `if __name__ == "__main__":`. An `IterableDataset` takes no more than one.

    Returns:
        For strings an iterator, which reads them as it goes and keeps their
        order, of what `to_records` gives. For the others the same kind of object,
        with a column for each kind of record. Both have `error`: None, or why a
        text could not be annotated; its records are then empty. A `Dataset` is
        annotated at once and cached, an `IterableDataset` as it is read.

    Raises:
        TypeError: `data` is none of these.
        ValueError: `batch_size` or `jobs` is less than 1; there is no column `text`, or
            there is one that would be replaced, since it is named as one of ours.
        OSError: there is no such pipeline; the message lists those there are.

    >>> import vnreport
    >>> records = next(vnreport.annotate(["Xã trồng mới 120 ha rừng."]))
    >>> records["quantities"][0]["value"], records["quantities"][0]["unit"]
    ('120', 'ha')
    """
    for name, number in (("batch_size", batch_size), ("jobs", jobs)):
        if number < 1:
            raise ValueError(f"{name} is {number}; give 1 or more")
    annotator = Annotator(model, text)
    find(model)  # so that a slip is told at once, not where the first text is read
    for columns in _columns(data):
        annotator.check(columns)
    if _is(data, "datasets", "DatasetDict", "IterableDatasetDict"):
        options: dict[str, Any] = {"text": text, "batch_size": batch_size, "jobs": jobs}
        return type(data)({name: annotate(part, model, **options) for name, part in data.items()})
    if _is(data, "datasets", "Dataset", "IterableDataset"):
        return _annotate_dataset(data, annotator, batch_size, jobs)
    if _is(data, "pandas", "DataFrame") or _is(data, "polars", "DataFrame"):
        rows = list(_annotate_texts(data[text], annotator, batch_size, jobs))
        added = {name: [row[name] for row in rows] for name in Annotator.columns}
        is_pandas = _is(data, "pandas", "DataFrame")
        return add_to_frame(data, added) if is_pandas else data.with_columns(_to_polars(added))
    if isinstance(data, str | bytes | Mapping) or not isinstance(data, Iterable):
        remedy = "; put one text in a list" if isinstance(data, str) else ""
        if isinstance(data, Mapping):
            remedy = f"; of a mapping give its texts, such as data[{text!r}]"
        raise TypeError(f"give a data set, a frame or an iterable of strings, not {type(data).__name__}{remedy}")
    return _annotate_texts(data, annotator, batch_size, jobs)


def _is(data: Any, library: str, *kinds: str) -> bool:
    """Whether this is of a class of a library, or of one derived from it; no library is imported to find out."""
    module = sys.modules.get(library)
    return isinstance(data, tuple(getattr(module, kind, ()) for kind in kinds))


def _columns(data: Any) -> Iterator[list[Any]]:
    """The names of the columns of each table, as far as they are known before it is read."""
    if _is(data, "datasets", "DatasetDict", "IterableDatasetDict"):
        for part in data.values():
            yield from _columns(part)
    elif _is(data, "pandas", "DataFrame") or _is(data, "polars", "DataFrame"):
        yield list(data.columns)
    elif _is(data, "datasets", "Dataset", "IterableDataset") and data.column_names:
        yield data.column_names


def _annotate_texts(texts: Iterable[str], annotator: Annotator, batch_size: int, jobs: int) -> Iterator[dict[str, Any]]:
    texts = iter(texts)
    batches = iter(lambda: list(islice(texts, batch_size)), [])
    if jobs == 1:
        for batch in batches:
            yield from annotator.records(batch)
    else:
        with Processes[list[str], list[dict[str, Any]]](annotator, jobs) as workers:
            for rows in map_in_order(workers, batches, ahead=4 * jobs):
                yield from rows


def _annotate_dataset(data: Any, annotator: Annotator, batch_size: int, jobs: int) -> Any:
    from datasets import Features

    features = data.features and Features({**data.features, **_features()})
    options: dict[str, Any] = {"batched": True, "batch_size": batch_size, "features": features}
    if _is(data, "datasets", "Dataset"):
        if not len(data):  # then `map` adds nothing
            for name, feature in _features().items():
                data = data.add_column(name, [], feature=feature)
            return data
        options["num_proc"] = jobs if jobs > 1 else None
        # The cache's own key would pickle the model, which is another one after its first use.
        options["new_fingerprint"] = _fingerprint(data._fingerprint, annotator)
    return data.map(annotator, **options)


def _fingerprint(before: str, annotator: Annotator) -> str:
    from vnreport import __version__

    parts = (before, __version__, digest(find(annotator.model)), annotator.text)
    return blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def _features() -> dict[str, Any]:
    from datasets import Value

    leaves = {"decimal": "string", "date": "string", "integer": "int32", "number": "float64", "string": "string"}

    def to_feature(schema: Schema) -> Any:
        return build_type(schema, lambda leaf: Value(leaves[leaf]), lambda item: [item], dict)

    return {**{name: to_feature(schema) for name, schema in NESTED.items()}, "error": Value("string")}


def _to_polars(columns: dict[str, list[Any]]) -> list[Any]:
    import polars as pl

    leaves = {"integer": pl.Int32, "number": pl.Float64}

    def to_type(schema: Schema) -> Any:
        return build_type(schema, lambda leaf: leaves.get(leaf, pl.String), pl.List, pl.Struct)

    kinds = {name: to_type(schema) for name, schema in NESTED.items()}
    return [pl.Series(name, values, kinds.get(name, pl.String)) for name, values in columns.items()]
