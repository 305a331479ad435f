"""What a text says of its figures with other figures: shares, sums, differences, products."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from fractions import Fraction
from typing import NamedTuple

from vnreport.numerals import Number
from vnreport.quantities.draft import Draft
from vnreport.quantities.lexicon import UNITS
from vnreport.quantities.source import Source
from vnreport.text import UPPER

_SENTENCE_END = re.compile(rf"\n|[.!?…][\"”’)]* *(?=[{UPPER}\n])|;")
_SHARE = re.compile(r"(?:đạt|bằng|=|\(|được|tức|chiếm|tương đương|chỉ|là|:|thu)[^%]{0,14}$")
"""Before a percentage that is a share: `đạt`, `chiếm gần`, `(`."""
_GROWTH = re.compile(r"(?:tăng|giảm|vượt)[^%]{0,14}$")
"""Before a percentage that is a change: `tăng`, `giảm khoảng`."""
_CHANGE = re.compile(r"(?:tăng|giảm|vượt|hụt|thiếu|thừa|hơn|kém|nhiều hơn|ít hơn)(?: thêm| so với)?[^0-9]{0,8}$")
"""Before an amount that is a difference: `vượt`, `tăng thêm gần`."""
_PARTS = re.compile(r"\(|:|trong đó|gồm|chia|trong số")
"""Between a whole and the first of its parts."""
_IN_WORDS = re.compile(r" ?\((?:bằng chữ:? ?)?$")
"""Between a number in digits and the same in words: `(`, `(bằng chữ:`."""
_OF = frozenset(("/", "trên", "trên tổng số", "trên tổng"))
_FACTORS = {unit.symbol: (unit.dimension, unit.factor) for unit in UNITS.values() if unit.factor}
_AMOUNTS = frozenset(("money", "measure", "count", "ratio"))
_LEAD = 24
NEAR = 6


class Term(NamedTuple):
    """One number: cell `cell` of draft `draft`."""

    draft: int
    cell: int = 0


class Relation(NamedTuple):
    """A statement about several numbers.

    Attributes:
        terms: the numbers.
        holds: whether the statement is true of values for them.
        words: the statement as a reader would put it.
        explicit: whether the text plainly makes it; else it is only likely.
    """

    terms: tuple[Term, ...]
    holds: Callable[..., bool]
    words: str
    explicit: bool = False


class Relations:
    """Finds the relations around a draft, within its sentence."""

    def __init__(self, source: Source, drafts: Sequence[Draft]) -> None:
        self.source = source
        self.drafts = drafts
        self.sentences: list[int] = []
        at = sentence = 0
        for draft in drafts:
            sentence += _SENTENCE_END.search(source.typed, at, draft.start) is not None
            self.sentences.append(sentence)
            at = draft.end

    def around(self, i: int, wanted: Set[int]) -> Iterator[Relation]:
        """The relations whose verb or percentage stands with draft `i`, where they may tell of a wanted draft."""
        draft = self.drafts[i]
        if draft.form != "value" or not (draft.kind == "percent" or draft.kind in _AMOUNTS):
            return
        before = self.amounts(range(i - 1, max(-1, i - 1 - NEAR), -1), i)
        after = self.amounts(range(i + 1, min(len(self.drafts), i + 1 + NEAR)), i)
        if i not in wanted and wanted.isdisjoint(before) and wanted.isdisjoint(after):
            return
        if draft.kind == "percent":
            yield from self.shares(i, before, after)
        else:
            yield from self.sums(i, after)
            yield from self.differences(i, before, after)
            yield from self.products(i, before[:3] + after[:3])
            yield from self.spelled(i)

    def surface(self, term: Term) -> str:
        """The number as typed, with its unit."""
        draft = self.drafts[term.draft]
        if draft.form == "ratio":
            return draft.cells[term.cell].typed
        return " ".join(self.source.typed[draft.start : draft.end].split())

    def amounts(self, indices: range, i: int) -> list[int]:
        """Amounts of the sentence, and of the one before for a percentage that begins one."""
        found = []
        for j in indices:
            if abs(self.sentences[j] - self.sentences[i]) > (j < i and self.drafts[i].kind == "percent"):
                break
            if self.drafts[j].kind in _AMOUNTS and self.drafts[j].form in ("value", "ratio"):
                found.append(j)
        return found

    def alike(self, one: int, other: int) -> bool:
        """Whether two drafts are single numbers of one unit; a count may lack its noun."""
        a, b = self.drafts[one], self.drafts[other]
        if a.form != "value" or b.form != "value":
            return False
        return a.unit == b.unit or (a.dimension == b.dimension == "count" and not (a.unit and b.unit))

    def between(self, one: int, other: int) -> str:
        return self.source.folded[self.drafts[one].end : self.drafts[other].start]

    def shares(self, i: int, before: list[int], after: list[int]) -> Iterator[Relation]:
        """`A/B, đạt p%`, `A, bằng p% kế hoạch (B)`, `từ B lên A, tăng p%`."""
        draft = self.drafts[i]
        lead = self.source.folded[max(0, draft.start - _LEAD) : draft.start]
        growth = _GROWTH.search(lead) is not None
        beside = bool(before) and not self.between(before[0], i).strip(" ,;(-=:")
        if not (growth or beside or _SHARE.search(lead)):
            return
        stated = Fraction(draft.cells[0].values[0])
        place = last_place(draft.cells[0].typed, stated)

        def share(a: Number, b: Number) -> bool:
            return bool(b) and abs(Fraction(a) / Fraction(b) * 100 - stated) < place

        def grown(a: Number, b: Number) -> bool:
            return bool(b) and abs(abs(Fraction(a) / Fraction(b) - 1) * 100 - stated) < place

        for a, b, explicit in self.pairs(i, before, after):
            words = f"{self.surface(a)} / {self.surface(b)} = {self.surface(Term(i))}"
            if growth:
                yield Relation((a, b), grown, f"{words} of change")
            else:
                yield Relation((a, b), share, words, explicit and not draft.approx)

    def pairs(self, i: int, before: list[int], after: list[int]) -> Iterator[tuple[Term, Term, bool]]:
        """What a percentage may compare, and whether the text sets the two side by side."""
        if not before:
            return
        alone = self.sentences[before[0]] == self.sentences[i]
        alone = alone and all(draft.kind != "percent" for draft in self.drafts[before[0] : i])
        if self.drafts[before[0]].form == "ratio":
            yield Term(before[0], 0), Term(before[0], 1), alone
        if len(before) > 1 and self.alike(before[1], before[0]):
            beside = self.between(before[1], before[0]).strip() in _OF
            yield Term(before[1]), Term(before[0]), alone and beside
            if not beside:  # "dự toán B; đã thu A, đạt p%"
                yield Term(before[0]), Term(before[1]), False
        if after and self.alike(before[0], after[0]):
            yield Term(before[0]), Term(after[0]), False

    def sums(self, i: int, after: list[int]) -> Iterator[Relation]:
        """`1.095 hộ (970 hộ nghèo, 125 hộ cận nghèo)`."""
        whole = self.drafts[i]
        if not after or not _PARTS.search(self.between(i, after[0])):
            return
        parts = [
            Term(j)
            for j in after
            if self.drafts[j].form == "value"
            and self.drafts[j].dimension == whole.dimension
            and (whole.dimension == "count" or self.drafts[j].unit == whole.unit)
        ]

        def adds(total: Number, *members: Number) -> bool:
            return Fraction(total) == sum(Fraction(member) for member in members)

        for size in range(2, len(parts) + 1):
            words = " + ".join(map(self.surface, parts[:size])) + f" = {self.surface(Term(i))}"
            yield Relation((Term(i), *parts[:size]), adds, words)

    def differences(self, i: int, before: list[int], after: list[int]) -> Iterator[Relation]:
        """`9.850 tấn, vượt 650 tấn so với kế hoạch (9.200 tấn)`."""
        lead = self.source.folded[max(0, self.drafts[i].start - _LEAD) : self.drafts[i].start]
        if not _CHANGE.search(lead):
            return

        def differ(change: Number, a: Number, b: Number) -> bool:
            return abs(Fraction(a) - Fraction(b)) == Fraction(change)

        now = [Term(j) for j in before if self.alike(i, j)]
        then = [Term(j) for j in after if self.alike(i, j)]
        for others in (now[:1] + then[:1], now[:2]):
            if len(others) == 2:
                words = " - ".join(map(self.surface, others)) + f" = {self.surface(Term(i))}"
                yield Relation((Term(i), *others), differ, words)

    def products(self, i: int, near: list[int]) -> Iterator[Relation]:
        """`115 ha`, `62,58 tạ/ha`, `719,67 tấn`: a rate times what it is counted by."""
        rate = self.drafts[i]
        above, slash, below = (rate.unit or "").partition("/")
        if not slash or "/" in below:
            return
        place = last_place(rate.cells[0].typed, Fraction(rate.cells[0].values[0]))
        for j in near:
            base = self.drafts[j]
            if base.form != "value" or (base.unit or "").split(" ")[0] != below.split(" ")[0]:
                continue
            for k in near:
                factor = _conversion(above, self.drafts[k].unit or "")
                if k == j or self.drafts[k].form != "value" or factor is None:
                    continue

                def yields(r: Number, b: Number, t: Number, factor: Fraction = factor) -> bool:
                    slack = Fraction(b) * place * factor
                    return abs(Fraction(r) * Fraction(b) * factor - Fraction(t)) <= slack

                terms = (Term(i), Term(j), Term(k))
                words = " × ".join(map(self.surface, terms[:2])) + f" = {self.surface(terms[2])}"
                yield Relation(terms, yields, words)

    def spelled(self, i: int) -> Iterator[Relation]:
        """`13.503.000.000đ (Mười ba tỷ …)`: digits against words."""
        if i + 1 >= len(self.drafts) or self.drafts[i + 1].form != "value":
            return
        if self.drafts[i + 1].cells[0].typed or not _IN_WORDS.fullmatch(self.between(i, i + 1)):
            return

        def equal(a: Number, b: Number) -> bool:
            return a == b

        words = f"{self.surface(Term(i))} = {self.surface(Term(i + 1))}"
        yield Relation((Term(i), Term(i + 1)), equal, words, explicit=True)


def last_place(surface: str, value: Fraction) -> Fraction:
    """One unit of the last place of a number as it was typed.

    Args:
        surface: the number with its unit (`24,20%`, `1,5 tỷ đồng`).
        value: its value, in base units.

    Returns:
        0.01 and 100,000,000 for the examples; 1 where the surface is no plain
        decimal number.
    """
    digits = int("".join(re.findall(r"\d", surface)) or 0)
    unit = abs(value) / digits if digits else Fraction(0)
    power = max(unit.numerator, unit.denominator)
    plain = min(unit.numerator, unit.denominator) == 1 and str(power).strip("0") == "1"
    return unit if plain else Fraction(1)


def _conversion(unit: str, other: str) -> Fraction | None:
    """The factor from one unit to another of its dimension: 1/10 from `tạ` to `t`."""
    if unit == other:
        return Fraction(1)
    one, two = _FACTORS.get(unit), _FACTORS.get(other)
    if one is None or two is None or one[0] != two[0] or not one[1] or not two[1]:
        return None
    return one[1] / two[1]
