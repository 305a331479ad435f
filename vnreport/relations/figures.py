"""The figures of a sentence, each with the words before and behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from vnreport.relations.spans import QuantityLike, Span
from vnreport.text import normalize

_NUMERIC = frozenset(("money", "percent", "ratio", "count", "measure", "duration"))
_LONG = re.compile(r"\b(?:năm|tháng|tuần|quý|nhiệm kỳ)\b")
_BRACKETS = re.compile(r"\([^()]*\)")
_PER_ONE = re.compile(r"\b(?:trên|mỗi|từng)\s+\Z")
_CLIP = 300
"""How many characters beside a figure are read."""
_CUT = re.compile(r"[,;:()“”\"]| [-–—] ?|\.\s")


@dataclass(frozen=True)
class Figure:
    """A figure that can be set against another.

    Attributes:
        span: where it stands in the composed text.
        quantity: what it says.
        before: what stands between it and the figure before it.
        behind: what stands between it and the next one.
        surface: its own characters.
        place: its place among the figures of the sentence.
    """

    span: Span
    quantity: QuantityLike
    before: str
    behind: str
    surface: str
    place: int

    @cached_property
    def left(self) -> str:
        """The words before it, normalised; without what stands in brackets there."""
        return _words(self.before)

    @cached_property
    def right(self) -> str:
        """The words behind it, likewise."""
        return _words(self.behind)

    @property
    def percent(self) -> bool:
        return self.quantity.kind == "percent"

    @property
    def ratio(self) -> bool:
        return self.quantity.kind == "ratio"

    @cached_property
    def segment(self) -> str:
        """The words before it since the last comma, bracket, colon or dash."""
        return _CUT.split(self.left.rstrip(" :"))[-1].strip()

    @cached_property
    def phrase(self) -> str:
        """The segment; for a figure that opens a bracket, the words before the bracket."""
        if self.segment or not self.left.endswith("("):
            return self.segment
        return _CUT.split(self.left[:-1])[-1].strip()

    @cached_property
    def near(self) -> str:
        """The last two segments before it."""
        return " ".join(_CUT.split(self.left)[-2:])

    @cached_property
    def unit(self) -> str:
        """Its unit or counted noun, normalised; empty where it has none."""
        return normalize(self.quantity.unit) if self.quantity.unit else ""

    @property
    def value(self) -> Fraction | None:
        """Its number, a ratio's numerator; None for a range."""
        number = self.quantity.numerator if self.ratio else self.quantity.value
        return None if number is None else Fraction(number)

    def alike(self, other: Figure) -> bool:
        """Whether both may measure the same thing."""
        if self.quantity.kind != other.quantity.kind:
            return False
        if self.quantity.kind in ("percent", "count", "ratio"):
            return True
        return self.unit.split("/")[0] == other.unit.split("/")[0]

    def counts_same(self, other: Figure) -> bool:
        """Whether both count or measure in the same unit."""
        if self.percent or other.percent:
            return self.percent and other.percent
        mine, others = self.unit.split("/")[0], other.unit.split("/")[0]
        return not mine or not others or mine in others or others in mine


def tells_figures(members: Sequence[Span], quantities: Sequence[QuantityLike]) -> bool:
    """Whether any of a sentence's quantities may be a figure."""
    return any(quantities[span.index].kind in _NUMERIC for span in members)


def figures(text: str, sentence: Span, spans: Sequence[Span], quantities: Sequence[QuantityLike]) -> Iterator[Figure]:
    """The figures of a sentence in their order; dates, identifiers and the like are words between them."""
    numeric: list[Span] = []
    for span in spans:
        quantity = quantities[span.index]
        if quantity.kind not in _NUMERIC:
            continue
        if quantity.kind == "duration" and _LONG.search(text[span.start : span.end].lower()):
            continue
        if quantity.value == 1 and _PER_ONE.search(text, max(sentence.start, span.start - 20), span.start):
            continue
        if not numeric or span.start >= numeric[-1].end:
            numeric.append(span)
    edges = [sentence.start, *(edge for span in numeric for edge in (span.start, span.end)), sentence.end]
    gaps = list(zip(edges[::2], edges[1::2], strict=True))
    for place, span in enumerate(numeric):
        (start, end), (behind, until) = gaps[place], gaps[place + 1]
        yield Figure(
            span=span,
            quantity=quantities[span.index],
            before=text[max(start, end - _CLIP) : end],
            behind=text[behind : min(until, behind + _CLIP)],
            surface=text[span.start : span.end],
            place=place,
        )


def _words(gap: str) -> str:
    """A gap normalised, without the brackets that open and close in it."""
    return " ".join(_BRACKETS.sub(" ", normalize(gap)).split()) if gap else ""
