"""Which reading of an ambiguous number holds: the figures beside it, units, sentence, document."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import prod

from vnreport.numerals import Number
from vnreport.quantities.draft import Draft
from vnreport.quantities.lexicon import UNITS
from vnreport.quantities.model import Reading, Status, plain
from vnreport.quantities.source import Source

_SENTENCE_END = re.compile(r"\n|[.!?…][\"”’)]* *(?=[A-ZĐÀ-ỸƯƠ\n])|;")
_SHARE = re.compile(r"(?:đạt|bằng|=|\(|được|tức|chiếm|tương đương|chỉ|là|:|thu)[^%]{0,14}$")
_GROWTH = re.compile(r"(?:tăng|giảm|vượt)[^%]{0,14}$")
_CHANGE = re.compile(r"(?:tăng|giảm|vượt|hụt|thiếu|thừa|hơn|kém|nhiều hơn|ít hơn)(?: thêm| so với)?[^0-9]{0,8}$")
_FACTORS = {unit.symbol: (unit.dimension, unit.factor) for unit in UNITS.values() if unit.factor}
_AMOUNTS = frozenset(("money", "measure", "count", "ratio"))
_NEAR = 6
# How often the convention holds where one mark has three digits behind it.
_USUAL = {(".", ""): 0.97, (",", ""): 0.6, (".", "tỷ"): 0.7, (",", "tỷ"): 0.97}
_USUAL |= {(mark, "tỉ"): usual for (mark, scale), usual in list(_USUAL.items()) if scale == "tỷ"}
_FINE = frozenset(
    unit.symbol
    for unit in UNITS.values()
    if unit.dimension in ("mass", "length", "area", "volume") and unit.factor is not None and unit.factor <= 1
)
_ROLES = ("decimal", "thousands")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The numbers chosen for a draft's cells, and how sure they are."""

    numbers: tuple[Number, ...]
    status: Status
    readings: tuple[Reading, ...] = ()


@dataclass(slots=True)
class _Cell:
    """One ambiguous number: `open` are the values still possible, `support` speaks for them."""

    draft: int
    index: int
    values: tuple[Number, ...]
    mark: str
    scale: str
    sentence: int
    support: dict[Number, list[str]] = field(default_factory=lambda: defaultdict(list))
    failed: bool = False
    favoured: Number | None = None
    chosen: Number | None = None
    status: Status = "prior"

    def prior(self, value: Number) -> float:
        """How likely the reading is before any evidence."""
        usual = _USUAL[self.mark, self.scale if self.scale in ("tỷ", "tỉ") else ""]
        return usual if value == self.values[0] else 1 - usual

    def role(self, value: Number) -> str:
        """Whether `value` takes the mark for decimals or for thousands."""
        return _ROLES[value == max(self.values)]


@dataclass(frozen=True, slots=True)
class _Term:
    draft: int
    index: int


def judge(source: Source, drafts: Sequence[Draft]) -> list[Verdict]:
    """Choose a reading for each draft. The number that the text states is never changed."""
    return _Judge(source, drafts).run()


class _Judge:
    def __init__(self, source: Source, drafts: Sequence[Draft]) -> None:
        self.source = source
        self.drafts = drafts
        self.cells: dict[_Term, _Cell] = {}
        self.sentences: list[int] = []
        self.linked: list[tuple[list[_Term], list[tuple[Number, ...]]]] = []

    def run(self) -> list[Verdict]:
        ambiguous = [i for i, draft in enumerate(self.drafts) if any(len(c.values) > 1 for c in draft.cells)]
        if ambiguous:
            self.open(ambiguous)
            for _ in range(2):
                self.arithmetic()
            self.link()
            self.usage()
        return [self.verdict(i) for i in range(len(self.drafts))]

    def open(self, ambiguous: list[int]) -> None:
        """Number the sentences; units that are counted whole close what they can."""
        text, at, sentence = self.source.typed, 0, 0
        for draft in self.drafts:
            sentence += _SENTENCE_END.search(text, at, draft.start) is not None
            self.sentences.append(sentence)
            at = draft.end
        for i in ambiguous:
            draft = self.drafts[i]
            for j, cell in enumerate(draft.cells):
                if len(cell.values) == 1:
                    continue
                entry = _Cell(i, j, cell.values, cell.mark, cell.scale, self.sentences[i])
                if draft.whole:
                    entry.chosen = max(cell.values)
                    entry.status = "certain" if cell.mark == "." else "settled"
                    entry.support[entry.chosen].append(f"units: {draft.unit} is counted in whole numbers")
                elif cell.mark == "," and not cell.scale and draft.unit in _FINE:
                    entry.support[max(cell.values)].append(f"units: {draft.unit} is hardly stated to the thousandth")
                    entry.favoured = max(cell.values)
                self.cells[_Term(i, j)] = entry

    # Arithmetic

    def possible(self, term: _Term) -> tuple[Number, ...]:
        cell = self.cells.get(term)
        if cell is None:
            return self.drafts[term.draft].cells[term.index].values[:1]
        return cell.values if cell.chosen is None else (cell.chosen,)

    def arithmetic(self) -> None:
        """Let each relation that the text states around an open number vote."""
        for terms, holds, words, clear in self.relations():
            unsure = [term for term in terms if len(self.possible(term)) > 1]
            if not unsure or len(unsure) > 4:
                continue
            fitting = [combo for combo in product(*map(self.possible, terms)) if holds(*combo)]
            for term in unsure:
                cell = self.cells[term]
                values = {combo[terms.index(term)] for combo in fitting}
                if len(values) > 1 and len(fitting) < 2 ** len(unsure):
                    self.linked.append((terms, fitting))
                if len(values) == 1:
                    (value,) = values
                    note = f"arithmetic: {words}"
                    if note not in cell.support[value]:
                        cell.support[value].append(note)
                elif not values and clear:
                    cell.failed = True
        for cell in self.cells.values():
            if cell.chosen is None:
                self.settle(cell)

    def link(self) -> None:
        """Of readings that arithmetic leaves only together, take the likeliest together."""
        for terms, fitting in self.linked:
            cells = [(term, self.cells[term]) for term in terms if term in self.cells]
            if any(cell.status != "prior" for _, cell in cells):
                continue

            def likely(combo: tuple[Number, ...], cells: list[tuple[_Term, _Cell]] = cells) -> float:
                return prod(cell.prior(combo[terms.index(term)]) for term, cell in cells)  # noqa: B023

            best = max(fitting, key=likely)
            for term, cell in cells:
                value = best[terms.index(term)]
                if cell.chosen is None and value != cell.values[0]:
                    cell.chosen = value
                    others = ", ".join(self.surface(other) for other in terms if other != term)
                    cell.support[value].append(f"arithmetic: goes with {others}")

    def settle(self, cell: _Cell) -> None:
        backed = [value for value in cell.values if any(n.startswith("arithmetic") for n in cell.support[value])]
        if len(backed) == 1:
            cell.chosen, cell.status = backed[0], "settled"
        elif backed or cell.failed:
            cell.status = "conflict"

    def relations(self) -> Iterator[tuple[list[_Term], Callable[..., bool], str, bool]]:
        """Relations near an open number: its terms, a test, words for it, whether it is explicit."""
        seen: set[int] = set()
        for cell in list(self.cells.values()):
            if cell.chosen is None:
                for i in range(max(0, cell.draft - _NEAR), min(len(self.drafts), cell.draft + _NEAR + 1)):
                    if i not in seen:
                        seen.add(i)
                        yield from self.around(i)

    def around(self, i: int) -> Iterator[tuple[list[_Term], Callable[..., bool], str, bool]]:
        draft = self.drafts[i]
        if draft.form != "value" or not draft.cells:
            return
        before = self.amounts(range(i - 1, max(-1, i - 1 - _NEAR), -1), i)
        after = self.amounts(range(i + 1, min(len(self.drafts), i + 1 + _NEAR)), i)
        if draft.kind == "percent":
            yield from self.shares(i, before, after)
        elif draft.kind in _AMOUNTS:
            yield from self.sums(i, after)
            yield from self.changes(i, before, after)
            yield from self.products(i, before, after)
            yield from self.words(i)

    def amounts(self, indices: range, i: int) -> list[int]:
        """Amounts of the sentence (or of the one before, for a percentage that begins one)."""
        found = []
        for j in indices:
            distance = abs(self.sentences[j] - self.sentences[i])
            if distance > (j < i and self.drafts[i].kind == "percent"):
                break
            if self.drafts[j].kind in _AMOUNTS and self.drafts[j].form in ("value", "ratio"):
                found.append(j)
        return found

    def pairs(self, i: int, before: list[int], after: list[int]) -> Iterator[tuple[_Term, _Term, bool]]:
        """What a percentage may compare: `A/B, đạt p%`, `A, bằng p% kế hoạch (B)`."""
        if before and self.drafts[before[0]].form == "ratio":
            yield _Term(before[0], 0), _Term(before[0], 1), True
        if len(before) > 1 and self.alike(before[1], before[0]):
            between = self.source.folded[self.drafts[before[1]].end : self.drafts[before[0]].start]
            yield _Term(before[1], 0), _Term(before[0], 0), between.strip() in ("/", "trên", "trên tổng số")
        if before and after and self.alike(before[0], after[0]):
            yield _Term(before[0], 0), _Term(after[0], 0), False

    def alike(self, one: int, other: int) -> bool:
        a, b = self.drafts[one], self.drafts[other]
        if a.form != "value" or b.form != "value":
            return False
        return a.unit == b.unit or (a.dimension == b.dimension == "count" and not (a.unit and b.unit))

    def shares(
        self, i: int, before: list[int], after: list[int]
    ) -> Iterator[tuple[list[_Term], Callable[..., bool], str, bool]]:
        draft = self.drafts[i]
        lead = self.source.folded[max(0, draft.start - 24) : draft.start]
        growth = _GROWTH.search(lead) is not None
        beside = bool(before) and not self.source.folded[self.drafts[before[0]].end : draft.start].strip(" ,;(-=:")
        if not growth and not beside and not _SHARE.search(lead):
            return
        place = _last_place(draft)
        stated = Fraction(draft.cells[0].values[0])

        def share(a: Number, b: Number) -> bool:
            return bool(b) and abs(Fraction(a) / Fraction(b) * 100 - stated) < place

        def grown(a: Number, b: Number) -> bool:
            return bool(b) and abs(abs(Fraction(a) / Fraction(b) - 1) * 100 - stated) < place

        nearest = before[0] if before else i
        alone = self.sentences[nearest] == self.sentences[i] and all(d.kind != "percent" for d in self.drafts[nearest:i])
        for a, b, clear in self.pairs(i, before, after):
            words = f"{self.surface(a)} / {self.surface(b)} = {self.surface(_Term(i, 0))}"
            if growth:
                yield [a, b], grown, f"{words} of change", False
            else:
                yield [a, b], share, words, clear and alone and not draft.approx

    def sums(self, i: int, after: list[int]) -> Iterator[tuple[list[_Term], Callable[..., bool], str, bool]]:
        """`1.095 hộ (970 hộ nghèo, 125 hộ cận nghèo)`."""
        parts = [j for j in after if self.drafts[j].form == "value" and self.same_measure(i, j)]

        def adds(total: Number, *members: Number) -> bool:
            return Fraction(total) == sum(map(Fraction, members))

        for size in range(2, min(_NEAR, len(parts)) + 1):
            terms = [_Term(j, 0) for j in (i, *parts[:size])]
            yield terms, adds, " + ".join(map(self.surface, terms[1:])) + f" = {self.surface(terms[0])}", False

    def same_measure(self, one: int, other: int) -> bool:
        a, b = self.drafts[one], self.drafts[other]
        return a.dimension == b.dimension and (a.dimension == "count" or a.unit == b.unit)

    def changes(
        self, i: int, before: list[int], after: list[int]
    ) -> Iterator[tuple[list[_Term], Callable[..., bool], str, bool]]:
        """`9.850 tấn, vượt 650 tấn so với kế hoạch (9.200 tấn)`."""
        lead = self.source.folded[max(0, self.drafts[i].start - 24) : self.drafts[i].start]
        if not _CHANGE.search(lead):
            return

        def differ(change: Number, a: Number, b: Number) -> bool:
            return abs(Fraction(a) - Fraction(b)) == Fraction(change)

        now = [j for j in before if self.alike(i, j)]
        then = [j for j in after if self.alike(i, j)]
        for a, b in [(now[:1], then[:1]), (now[:1], now[1:2])]:
            if a and b:
                terms = [_Term(i, 0), _Term(a[0], 0), _Term(b[0], 0)]
                words = " - ".join(map(self.surface, terms[1:])) + f" = {self.surface(terms[0])}"
                yield terms, differ, words, False

    def products(
        self, i: int, before: list[int], after: list[int]
    ) -> Iterator[tuple[list[_Term], Callable[..., bool], str, bool]]:
        """`115 ha`, `62,58 tạ/ha`, `719,67 tấn`: a rate times what it is paid by."""
        rate = self.drafts[i]
        above, found, below = (rate.unit or "").partition("/")
        if not found or "/" in below:
            return
        near = before[:3] + after[:3]
        place = _last_place(rate)
        for j in near:
            base = self.drafts[j]
            if base.form != "value" or (base.unit or "").split(" ")[0] != below.split(" ")[0]:
                continue
            for k in near:
                total = self.drafts[k]
                factor = _convert(above, total.unit or "")
                if k == j or total.form != "value" or factor is None:
                    continue

                def yields(r: Number, b: Number, t: Number, factor: Fraction = factor) -> bool:
                    total = Fraction(r) * Fraction(b) * factor
                    return abs(total - Fraction(t)) <= Fraction(b) * place * factor

                terms = [_Term(i, 0), _Term(j, 0), _Term(k, 0)]
                words = " × ".join(map(self.surface, terms[:2])) + f" = {self.surface(terms[2])}"
                yield terms, yields, words, False

    def words(self, i: int) -> Iterator[tuple[list[_Term], Callable[..., bool], str, bool]]:
        """`13.503.000.000đ (Mười ba tỷ …)`: digits against words."""
        if i + 1 >= len(self.drafts) or self.drafts[i + 1].form != "value":
            return
        spelled = self.drafts[i + 1]
        between = self.source.folded[self.drafts[i].end : spelled.start]
        if spelled.cells[0].typed or not re.fullmatch(r" ?\((?:bằng chữ:? ?)?", between):
            return

        def equal(a: Number, b: Number) -> bool:
            return a == b

        terms = [_Term(i, 0), _Term(i + 1, 0)]
        yield terms, equal, f"{self.surface(terms[0])} = {self.surface(terms[1])}", True

    def surface(self, term: _Term) -> str:
        draft = self.drafts[term.draft]
        if draft.form == "ratio":
            return draft.cells[term.index].typed or "?"
        return " ".join(self.source.typed[draft.start : draft.end].split())

    # How sentence and document use the marks

    def usage(self) -> None:
        """What the marks mean elsewhere: a hint, and a choice only for a comma like those before it."""
        seen: dict[tuple[int, str, str], list[tuple[int, str]]] = defaultdict(list)
        groups_commas = decimal_commas = False
        for i, draft in enumerate(self.drafts):
            for j, cell in enumerate(draft.cells):
                entry = self.cells.get(_Term(i, j))
                if entry and entry.chosen is not None:
                    mark, role = cell.mark, entry.role(entry.chosen)
                    groups_commas |= mark == "," and not cell.scale and role == "thousands"
                    decimal_commas |= mark == "," and not cell.scale and role == "decimal"
                elif entry is None and cell.typed.count(".") + cell.typed.count(",") == 1:
                    mark, role = "." if "." in cell.typed else ",", "decimal"
                else:
                    continue
                for place in (self.sentences[i], -1):
                    examples = seen[place, mark, role]
                    if len(examples) < 2:
                        examples.append((i, cell.typed))
        for cell in self.cells.values():
            if cell.status == "certain":
                continue
            for value in cell.values:
                for place, name in ((cell.sentence, "sentence"), (-1, "document")):
                    examples = [typed for i, typed in seen[place, cell.mark, cell.role(value)] if i != cell.draft]
                    if examples:
                        cell.support[value].append(f"{name}: {cell.role(value)} in {examples[0]}")
            if cell.chosen is None and cell.status == "prior":
                cell.chosen = cell.favoured
                if cell.mark == "," and not cell.scale and groups_commas and not decimal_commas:
                    cell.chosen = max(cell.values)

    # The outcome

    def verdict(self, i: int) -> Verdict:
        draft = self.drafts[i]
        entries = [self.cells.get(_Term(i, j)) for j in range(len(draft.cells))]
        numbers = tuple(
            entry.chosen if entry and entry.chosen is not None else cell.values[0]
            for entry, cell in zip(entries, draft.cells, strict=True)
        )
        open_cells = [entry for entry in entries if entry and entry.status != "certain"]
        if not open_cells:
            return Verdict(numbers, "prior" if draft.doubtful else "certain")
        statuses = {entry.status for entry in open_cells}
        status: Status = "conflict" if "conflict" in statuses else "prior" if "prior" in statuses else "settled"
        if draft.doubtful and status == "settled":
            status = "prior"
        return Verdict(numbers, status, self.readings(draft, entries, numbers))

    def readings(
        self, draft: Draft, entries: list[_Cell | None], numbers: tuple[Number, ...]
    ) -> tuple[Reading, ...]:
        join = "/" if draft.form == "ratio" else ".."
        found: list[Reading] = []
        for combo in product(*(cell.values for cell in draft.cells)):
            notes: list[str] = []
            for entry, cell, value in zip(entries, draft.cells, combo, strict=True):
                if entry:
                    notes += entry.support[value]
                    if value == cell.values[0]:
                        role = "groups thousands" if cell.mark == "." else "marks decimals"
                        notes.append(f"convention: a {'dot' if cell.mark == '.' else 'comma'} {role}")
            found.append(Reading(join.join(plain(value) or "" for value in combo), tuple(notes)))
        chosen = join.join(plain(value) or "" for value in numbers)
        return tuple(sorted(found, key=lambda reading: reading.value != chosen))


def _last_place(draft: Draft) -> Fraction:
    """One unit of the last place that the number states, in the draft's unit."""
    typed = draft.cells[0].typed
    value = draft.cells[0].values[0]
    digits = str(plain(value))
    if not typed:
        return Fraction(1)
    places = len(typed) - max(typed.rfind("."), typed.rfind(",")) - 1 if digits.count(".") else 0
    if ("," in typed or "." in typed) and not places and len(re.split("[.,]", typed)[-1]) != 3:
        places = len(re.split("[.,]", typed)[-1])
    return Fraction(1, 10**places)


def _convert(unit: str, other: str) -> Fraction | None:
    """The factor from one unit to another of its dimension: `tạ` to `t` is 1/10."""
    if unit == other:
        return Fraction(1)
    one, two = _FACTORS.get(unit), _FACTORS.get(other)
    if one is None or two is None or one[0] != two[0] or not one[1] or not two[1]:
        return None
    return one[1] / two[1]
