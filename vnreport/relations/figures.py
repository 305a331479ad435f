"""The figures of a sentence, each with the words before and behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from vnreport.relations.spans import QuantityLike, Span
from vnreport.text import normalize

_NUMERIC = frozenset(("money", "percent", "ratio", "count", "measure", "duration"))
_LONG = re.compile(r"\b(?:năm|tháng|tuần|quý|nhiệm kỳ)\b")
_BRACKETS = re.compile(r"\([^()]*\)")
_RANKED = re.compile(r"\b(?:đứng|xếp|vị trí|hạng|từ|lên|xuống|ở)(?: ở)?\s+\Z", re.IGNORECASE)
STEP = "bậc"
"""The unit in which a rank changes."""
_PER_ONE = re.compile(r"\b(?:trên|mỗi|từng)\s+\Z")
_SCALE = 100
"""Of how many parts a ratio of one is rather the scale of a map."""
_CLIP = 300
"""How many characters beside a figure are read."""
_CUT = re.compile(r"[,;:()“”\"]| [-–—] ?|\.\s")


@dataclass(slots=True)
class Figure:
    """A figure that can be set against another.

    Attributes:
        span: where it stands in the composed text.
        quantity: what it says.
        left: the words between it and the figure before it, normalised; without
            what stands in brackets there.
        right: the words between it and the next one, likewise.
        surface: its own characters.
        place: its place among the figures of the sentence.
        segment: the words before it since the last comma, bracket, colon or dash.
        percent: whether it is a percentage.
        ratio: whether it is a ratio.
        rank: whether it is a place in a list of ranks, the first of which is the best.
        unit: its unit or counted noun, normalised; empty where it has none.
    """

    span: Span
    quantity: QuantityLike
    left: str
    right: str
    surface: str
    place: int
    segment: str = field(init=False)
    percent: bool = field(init=False)
    ratio: bool = field(init=False)
    rank: bool = field(init=False)
    unit: str = field(init=False)
    _value: Fraction | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        quantity = self.quantity
        self.segment = _last_segment(self.left.rstrip(" :"))
        self.percent = quantity.kind == "percent"
        self.ratio = quantity.kind == "ratio"
        self.rank = quantity.kind == "ordinal"
        self.unit = normalize(quantity.unit) if quantity.unit else ""

    @property
    def phrase(self) -> str:
        """The segment; for a figure that opens a bracket, the words before the bracket."""
        if self.segment or not self.left.endswith("("):
            return self.segment
        return _last_segment(self.left[:-1])

    @property
    def near(self) -> str:
        """The last two segments before it."""
        return " ".join(_CUT.split(self.left)[-2:])

    @property
    def value(self) -> Fraction | None:
        """Its number, a ratio's numerator; None for a range."""
        if self._value is None:
            number = self.quantity.numerator if self.ratio else self.quantity.value
            self._value = None if number is None else Fraction(number)
        return self._value

    def alike(self, other: Figure) -> bool:
        """Whether both may measure the same thing."""
        if self.quantity.kind != other.quantity.kind:
            return False
        if self.quantity.kind in ("percent", "count", "ratio"):
            return True
        mine, others = (unit.replace(" ", "").split("/") for unit in (self.unit, other.unit))
        return mine[0] == others[0] and (set(mine) <= set(others) or set(others) <= set(mine))

    def counts_same(self, other: Figure) -> bool:
        """Whether both count or measure in the same unit."""
        if self.percent or other.percent:
            return self.percent and other.percent
        mine, others = self.unit.split("/")[0], other.unit.split("/")[0]
        return not mine or not others or mine in others or others in mine


def tells_figures(members: Sequence[Span], quantities: Sequence[QuantityLike]) -> bool:
    """Whether any of a sentence's quantities may be a figure."""
    kinds = [quantities[span.index].kind for span in members]
    return not _NUMERIC.isdisjoint(kinds) or kinds.count("ordinal") > 1


def figures(text: str, sentence: Span, spans: Sequence[Span], quantities: Sequence[QuantityLike]) -> Iterator[Figure]:
    """The figures of a sentence in their order; dates, identifiers and the like are words between them."""
    numeric: list[Span] = []
    ranks = _ranks(text, sentence, spans, quantities)
    for span in spans:
        quantity = quantities[span.index]
        kind = quantity.kind
        if kind not in _NUMERIC and span.index not in ranks:
            continue
        if kind == "duration" and _LONG.search(text[span.start : span.end].lower()):
            continue
        if kind == "ratio" and quantity.numerator == 1 and _no_result(quantity, text[span.start : span.end]):
            continue
        if quantity.value == 1 and _PER_ONE.search(text, max(sentence.start, span.start - 20), span.start):
            continue
        if not numeric or span.start >= numeric[-1].end:
            numeric.append(span)
    edges = [sentence.start, *[edge for span in numeric for edge in (span.start, span.end)], sentence.end]
    right = ""
    for place, span in enumerate(numeric):
        start, end, behind, until = edges[2 * place : 2 * place + 4]
        left = right if place and end - start <= _CLIP else _words(text[max(start, end - _CLIP) : end])
        right = _words(text[behind : min(until, behind + _CLIP)])
        yield Figure(span, quantities[span.index], left, right, text[span.start : span.end], place)


def _no_result(quantity: QuantityLike, surface: str) -> bool:
    """Whether a ratio of one is the scale of a map (`1/500`) or one among several (`một trong sáu chỉ tiêu`)."""
    return (quantity.denominator or 0) >= _SCALE or surface.lower().startswith("một trong")


def _ranks(text: str, sentence: Span, spans: Sequence[Span], quantities: Sequence[QuantityLike]) -> set[int]:
    """The indices of the places of a ranking that changed: `từ vị trí thứ 5 xuống thứ 11`, `đứng thứ 11, tụt 6 bậc`."""
    found = [span for span in spans if quantities[span.index].kind == "ordinal"]
    if not found:
        return set()
    ranks = {span.index for span in found if _RANKED.search(text, max(sentence.start, span.start - 12), span.start)}
    steps = any(quantities[span.index].unit == STEP for span in spans)
    return ranks if steps or len(ranks) > 1 else set()


def _last_segment(words: str) -> str:
    return _CUT.split(words)[-1].strip()


def _words(gap: str) -> str:
    """A gap normalised, without the brackets that open and close in it."""
    if not gap:
        return ""
    words = normalize(gap)
    if ")" in words and "(" in words:
        words = _BRACKETS.sub(" ", words)
    return " ".join(words.split())
