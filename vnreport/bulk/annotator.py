"""The one annotator: in this process, in workers, in Ray actors, under Spark and Dask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from vnreport.bulk.columns import RECORDS
from vnreport.bulk.items import NO_TEXT, describe

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

T = TypeVar("T")

_BATCH = 40_000  # characters that go through the pipeline together
_WORDS = 50_000  # a vocabulary's lexemes at most, but for those of one batch
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a text has no annotation.

    Attributes:
        stage: `reading`, `tokenizer`, a component of the pipeline, `records` or `process`.
        reason: what went wrong, in one line.
    """

    stage: str
    reason: str


_EMPTY = Failure("reading", NO_TEXT)
_MISSING = frozenset(("None", "nan", "NaT", "<NA>"))  # what stands in the empty cells of frames


@dataclass(frozen=True)
class Annotator:
    """Annotates texts; can be pickled, loads its model where it is first used.

    Called with texts it gives their records. Called with a batch of a table, it
    adds the `columns`: one for each kind of record, and `error`, which is None
    where all went well.

    Args:
        model: a released pipeline or the folder of another one; `vi_report_trf` if None.
        text: the column that holds the texts.

    >>> annotate = Annotator()
    >>> annotate({"text": ["Thu ngân sách đạt 9,2 tỷ đồng."]})["quantities"][0][0]["value"]
    '9200000000'
    """

    model: str | Path | None = None
    text: str = "text"

    columns: ClassVar[tuple[str, ...]] = (*RECORDS, "error")

    def __call__(self, batch: Any) -> Any:
        """Annotate a batch.

        Args:
            batch: texts (`list[str]`), columns by name (`dict[str, Sequence]`),
                or a pandas frame.

        Returns:
            For texts what `records` gives; for columns and frames another one
            of the same kind with its columns and ours.

        Raises:
            ValueError: the table has no column of texts, or one of our names.
        """
        if isinstance(batch, list):
            return self.records(batch)
        self.check(list(batch if isinstance(batch, Mapping) else batch.columns))
        rows = self.records(list(batch[self.text]))
        columns = {name: [row[name] for row in rows] for name in self.columns}
        return {**batch, **columns} if isinstance(batch, Mapping) else add_to_frame(batch, columns)

    def check(self, names: Sequence[Any]) -> None:
        """See that a table has one column of texts, and none that would be replaced.

        Args:
            names: of its columns.

        Raises:
            ValueError: it is not so; the message has the columns that are there.
        """
        if self.text not in names:
            there = ", ".join(map(repr, names)) or "no columns"
            raise ValueError(f"there is no column {self.text!r}, but {there}; name the one with the texts: text=COLUMN")
        if names.count(self.text) > 1:
            raise ValueError(f"there are {names.count(self.text)} columns {self.text!r}; rename all but one")
        if replaced := ", ".join(repr(name) for name in names if name in self.columns):
            raise ValueError(f"there is {replaced} already, which annotation would replace; rename it or drop it")

    def records(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """What `vnreport.to_records` gives for each text, and its `error`."""
        from vnreport.records import to_records

        rows: list[dict[str, Any]] = []
        for result in self.annotate(texts, lambda _, doc: to_records(doc)):
            if isinstance(result, Failure):
                rows.append({**{name: [] for name in RECORDS}, "error": f"{result.stage}: {result.reason}"})
            else:
                rows.append({**result, "error": None})
        return rows

    def annotate(self, texts: Sequence[str], use: Callable[[int, Doc], T]) -> Iterator[T | Failure]:
        """Annotate texts in batches of bounded length, in order.

        Args:
            texts: any number of them.
            use: makes what is wanted of a text's number and its Doc, which lives
                no longer than the call.

        Yields:
            What `use` gave, or why there is nothing.
        """
        nlp = self.load()
        results: list[T | Failure]
        for start, stop in _batches(texts):
            with _LOCK, bounded(nlp):
                try:
                    docs = nlp.pipe(texts[start:stop], batch_size=stop - start)
                    results = [use(i, doc) if _has_text(texts[i]) else _EMPTY for i, doc in enumerate(docs, start)]
                except Exception:
                    results = [_annotate_alone(nlp, i, texts[i], use) for i in range(start, stop)]
            yield from results

    def load(self) -> Language:
        """The pipeline; loaded once a process."""
        return _load(self.model)


def add_to_frame(frame: Any, columns: Mapping[str, list[Any]]) -> Any:
    """A pandas frame with more columns, which hold their values as they are: None too, which pandas would make NaN."""
    import pandas

    return frame.assign(**{name: pandas.Series(values, frame.index, dtype=object) for name, values in columns.items()})


def bounded(nlp: Language) -> AbstractContextManager[object]:
    """A context that forgets the words met in it, once the vocabulary knows many; its Docs end with it.

    Those met first stay: a lexeme costs as much as all stages together cost for a syllable.
    """
    return nlp.memory_zone() if len(nlp.vocab) >= _WORDS else nullcontext()


@lru_cache(maxsize=2)
def _load(model: str | Path | None) -> Language:
    from vnreport.models import load

    return load(model)


def _batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = length = 0
    for i, text in enumerate(texts):
        more = len(text) + 1 if isinstance(text, str) else 1
        if length and length + more > _BATCH:
            yield start, i
            start, length = i, 0
        length += more
    if start < len(texts):
        yield start, len(texts)


def _has_text(text: str) -> bool:
    return bool(text) and not text.isspace()


def _annotate_alone(nlp: Language, number: int, text: str, use: Callable[[int, Doc], T]) -> T | Failure:
    """Annotate one text stage by stage, to tell which one fails."""
    if not isinstance(text, str):
        return _EMPTY if str(text) in _MISSING else Failure("reading", f"is no text but {type(text).__name__}")
    if not _has_text(text):
        return _EMPTY
    if len(text) > nlp.max_length:
        longer = f"{len(text):,} characters in one text, more than {nlp.max_length:,}"
        return Failure("reading", f"{longer}; split it into articles")
    stage = "tokenizer"
    try:
        doc = nlp.make_doc(text)
        for stage, component in nlp.pipeline:  # noqa: B007 told where it fails
            doc = component(doc)
        stage = "records"
        return use(number, doc)
    except Exception as error:
        return Failure(stage, describe(error))
