"""Shards: as many articles as are annotated, written and, if need be, lost together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from vnreport.bulk.annotator import Annotator, Failure
from vnreport.bulk.columns import count_syllables
from vnreport.bulk.formats import Annotated, Format, Part
from vnreport.bulk.items import Item, Reading, describe
from vnreport.bulk.readers import read_item
from vnreport.inputs import InputError, Text

ARTICLES = 128
"""How many articles a shard has at most, where the user does not say."""

_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Shard:
    """A run of articles.

    Attributes:
        number: its place in the run.
        items: the articles.
        digest: of all that their annotation depends on, given model and options.
        probe: whether it is only to see if a process survives it.
    """

    number: int
    items: tuple[Item, ...]
    digest: str
    probe: bool = False

    @property
    def weight(self) -> float:
        """How many bytes of the inputs it takes, about."""
        return sum(item.weight for item in self.items)


@dataclass(frozen=True, slots=True)
class Result:
    """What annotating a shard gives.

    Attributes:
        articles: how many were annotated.
        syllables: how many they have.
        errors: a row for each that was set aside: `id`, `source`, `stage`, `reason`.
        parts: the data for each file of the output.
    """

    articles: int
    syllables: int
    errors: list[dict[str, str]] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)


def cut_shards(items: Iterable[Item], articles: int) -> Iterator[Shard]:
    """Cut a stream of items into shards of bounded size.

    A table or an archive begins a shard of its own, so that a change in one
    source leaves the shards of the others as they are.
    """
    for number, shard in enumerate(_group(items, articles)):
        state = blake2b(digest_size=20)
        for item in shard:
            state.update(item.digest())
        yield Shard(number, tuple(shard), state.hexdigest())


def _group(items: Iterable[Item], articles: int) -> Iterator[list[Item]]:
    group: list[Item] = []
    size = 0
    for item in items:
        full = len(group) >= articles or size + item.size > _BYTES
        if group and (full or item.group != group[-1].group):
            yield group
            group, size = [], 0
        group.append(item)
        size += item.size
    if group:
        yield group


@dataclass(frozen=True)
class ShardAnnotator:
    """Reads, annotates and encodes a shard; can be pickled.

    Args:
        annotator: annotates texts.
        reading: how items are read.
        format: how the result is written.
    """

    annotator: Annotator
    reading: Reading
    format: Format

    def load(self) -> None:
        """Load the model, so that the first shard is not slower than the others."""
        self.annotator.load()

    def __call__(self, shard: Shard) -> Result:
        """Annotate a shard; what is wrong with an article sets aside that article alone."""
        outcomes = list(self.annotate(shard.items))
        try:
            parts = self._encode(outcomes)
        except Exception:
            outcomes = [self._encodable(outcome) for outcome in outcomes]
            parts = self._encode(outcomes)
        done = [outcome for outcome in outcomes if isinstance(outcome, Annotated)]
        errors = [
            {"id": item.id, "source": item.source, "stage": outcome.stage, "reason": outcome.reason}
            for item, outcome in zip(shard.items, outcomes, strict=True)
            if isinstance(outcome, Failure)
        ]
        return Result(len(done), sum(count_syllables(article.text.text) for article in done), errors, parts)

    def annotate(self, items: Sequence[Item]) -> Iterator[Annotated | Failure]:
        """Read and annotate items, in order; nothing is encoded yet."""
        read = [self._read(item) for item in items]
        texts = [text for text in read if isinstance(text, Text)]
        results = self.annotator.annotate([t.text for t in texts], lambda i, doc: self.format.keep(texts[i], doc))
        for item, text in zip(items, read, strict=True):
            result = text if isinstance(text, Failure) else next(results)
            if isinstance(text, Failure) or isinstance(result, Failure):
                yield result
            else:
                yield Annotated(text, item.source, result)

    def _read(self, item: Item) -> Text | Failure:
        try:
            return read_item(item, self.reading)
        except InputError as error:
            return Failure(item.stage, error.reason)
        except Exception as error:
            return Failure(item.stage, f"cannot be read ({describe(error)}); check it, or export it again")

    def _encode(self, outcomes: Iterable[Annotated | Failure]) -> dict[str, Part]:
        return self.format.encode([outcome for outcome in outcomes if isinstance(outcome, Annotated)])

    def _encodable(self, outcome: Annotated | Failure) -> Annotated | Failure:
        try:
            self._encode([outcome])
        except Exception as error:
            return Failure("writing", describe(error))
        return outcome
