"""What the relations stage reads: spans with offsets, whoever made them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, TypeVar

from vnreport.numerals import Number
from vnreport.quantities.diacritics import restore
from vnreport.text import compose


class SpanLike(Protocol):
    """A stretch of the text: code point offsets, end exclusive."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


class LabelledSpan(SpanLike, Protocol):
    """An entity or a sentence with its label."""

    @property
    def label(self) -> str: ...


class QuantityLike(SpanLike, Protocol):
    """The fields of `vnreport.quantities.Quantity` that indicators are made of."""

    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> Number | None: ...
    @property
    def unit(self) -> str | None: ...
    @property
    def low(self) -> Number | None: ...
    @property
    def high(self) -> Number | None: ...
    @property
    def numerator(self) -> Number | None: ...
    @property
    def denominator(self) -> Number | None: ...
    @property
    def approx(self) -> str | None: ...


@dataclass(slots=True)
class Span:
    """A span of the composed text; `index` is its place in the list that was given."""

    index: int
    start: int
    end: int
    label: str = ""


S = TypeVar("S", bound=SpanLike)


@lru_cache(maxsize=1)  # roles and indicators read the same text in turn
def _readable(text: str) -> tuple[str, list[int] | None]:
    composed, offsets = compose(text)
    return restore(composed), offsets


class Offsets:
    """Offsets of the text as given, told in its composed form (NFC, nothing invisible, lost diacritics restored)."""

    def __init__(self, text: str) -> None:
        self.text, self._offsets = _readable(text)

    def __call__(self, offset: int) -> int:
        """Where `offset` of the text as given lies in the composed text."""
        if self._offsets is None:
            return offset
        return max(bisect_right(self._offsets, offset, hi=len(self._offsets)) - 1, 0)

    def spans(self, given: Sequence[SpanLike]) -> list[Span]:
        """The spans in the composed text, in the order of their starts."""
        if self._offsets is None:
            found = [Span(i, s.start, s.end, getattr(s, "label", "")) for i, s in enumerate(given)]
        else:
            found = [Span(i, self(s.start), self(s.end), getattr(s, "label", "")) for i, s in enumerate(given)]
        found.sort(key=lambda span: span.start)
        return found


def group(spans: Sequence[Span], sentences: Sequence[Span]) -> list[list[Span]]:
    """The spans of each sentence, by their starts; one list a sentence."""
    groups: list[list[Span]] = [[] for _ in sentences]
    starts = [sentence.start for sentence in sentences]
    for span in spans:
        place = bisect_right(starts, span.start) - 1
        if place >= 0:
            groups[place].append(span)
    return groups
