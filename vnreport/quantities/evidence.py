"""Which reading of an ambiguous number holds: the figures beside it, units, sentence, document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import NamedTuple

from vnreport.numerals import Number
from vnreport.quantities.arithmetic import NEAR, Relation, Relations, Term
from vnreport.quantities.draft import Cell, Draft
from vnreport.quantities.lexicon import UNITS
from vnreport.quantities.model import Reading, Status, plain
from vnreport.quantities.source import Source

# How often the convention holds where one mark has three digits behind it.
_USUAL = {(".", False): 0.97, (",", False): 0.6, (".", True): 0.7, (",", True): 0.97}
_MILLIARDS = frozenset(("tỷ", "tỉ"))
# Units too small for a thousandth of them to be stated.
_FINE = frozenset(
    unit.symbol
    for unit in UNITS.values()
    if unit.dimension in ("mass", "length", "area", "volume") and unit.factor is not None and unit.factor <= 1
)
_MOST_OPEN = 4


class Verdict(NamedTuple):
    """The numbers chosen for a draft's cells, how sure they are, and what else was possible."""

    numbers: tuple[Number, ...]
    status: Status
    readings: tuple[Reading, ...] = ()


@dataclass(slots=True)
class _Doubt:
    """An ambiguous number: what speaks for each value, and what was decided."""

    cell: Cell
    draft: int
    sentence: int
    notes: dict[Number, list[str]] = field(default_factory=lambda: defaultdict(list))
    proved: set[Number] = field(default_factory=set)
    refuted: bool = False
    favoured: Number | None = None
    chosen: Number | None = None
    status: Status = "prior"

    def role(self, value: Number) -> str:
        """Whether `value` takes the mark for decimals or for thousands."""
        return "thousands" if value == max(self.cell.values) else "decimal"

    def usual(self, value: Number) -> float:
        """How likely the reading is before any evidence."""
        chance = _USUAL[self.cell.mark, self.cell.scale in _MILLIARDS]
        return chance if value == self.cell.values[0] else 1 - chance


def judge(source: Source, drafts: Sequence[Draft]) -> list[Verdict]:
    """Choose a reading for each draft. The number that the text states is never changed."""
    if any(len(cell.values) > 1 for draft in drafts for cell in draft.cells):
        return _Judge(Relations(source, drafts), drafts).run()
    return [_certain(draft) for draft in drafts]


def _certain(draft: Draft) -> Verdict:
    numbers = tuple([cell.values[0] for cell in draft.cells])
    return Verdict(numbers, "prior" if draft.doubtful else "certain")


class _Judge:
    def __init__(self, relations: Relations, drafts: Sequence[Draft]) -> None:
        self.relations = relations
        self.drafts = drafts
        self.doubts: dict[Term, _Doubt] = {}
        for i, draft in enumerate(drafts):
            for j, cell in enumerate(draft.cells):
                if len(cell.values) > 1:
                    self.doubts[Term(i, j)] = self.doubt(draft, cell, i)

    def doubt(self, draft: Draft, cell: Cell, i: int) -> _Doubt:
        """What the unit says at once."""
        doubt = _Doubt(cell, i, self.relations.sentences[i])
        larger = max(cell.values)
        if draft.whole:
            doubt.chosen = larger
            doubt.status = "certain" if cell.mark == "." else "settled"
            doubt.notes[larger].append(f"units: {draft.unit} is counted in whole numbers")
        elif cell.mark == "," and not cell.scale and draft.unit in _FINE:
            doubt.favoured = larger
            doubt.notes[larger].append(f"units: {draft.unit} is hardly stated to the thousandth")
        return doubt

    def run(self) -> list[Verdict]:
        if any(doubt.chosen is None for doubt in self.doubts.values()):
            linked = self.arithmetic() + self.arithmetic()
            self.link(linked)
        self.usage()
        doubted = {term.draft for term in self.doubts}
        return [self.verdict(i, draft) if i in doubted else _certain(draft) for i, draft in enumerate(self.drafts)]

    def possible(self, term: Term) -> tuple[Number, ...]:
        doubt = self.doubts.get(term)
        if doubt is None:
            return self.drafts[term.draft].cells[term.cell].values
        return doubt.cell.values if doubt.chosen is None else (doubt.chosen,)

    def arithmetic(self) -> list[tuple[Relation, list[tuple[Number, ...]]]]:
        """Let each relation around an open number vote.

        Returns:
            The relations that leave several readings, but only some of them together.
        """
        linked = []
        for relation in self.open_relations():
            terms = relation.terms
            unsure = [term for term in terms if len(self.possible(term)) > 1]
            if not 0 < len(unsure) <= _MOST_OPEN:
                continue
            fitting = [combo for combo in product(*map(self.possible, terms)) if relation.holds(*combo)]
            if 1 < len(fitting) < 2 ** len(unsure):
                linked.append((relation, fitting))
            for term in unsure:
                doubt, values = self.doubts[term], {combo[terms.index(term)] for combo in fitting}
                if len(values) == 1:
                    self.prove(doubt, values.pop(), f"arithmetic: {relation.words}")
                elif not values and relation.explicit:
                    doubt.refuted = True
        for doubt in self.doubts.values():
            if doubt.chosen is None and len(doubt.proved) == 1:
                (doubt.chosen,) = doubt.proved
                doubt.status = "settled"
            elif doubt.chosen is None and (doubt.proved or doubt.refuted):
                doubt.status = "conflict"
        return linked

    def prove(self, doubt: _Doubt, value: Number, note: str) -> None:
        doubt.proved.add(value)
        if note not in doubt.notes[value]:
            doubt.notes[value].append(note)

    def open_relations(self) -> list[Relation]:
        """The relations near a number that is still open."""
        wanted = {doubt.draft for doubt in self.doubts.values() if doubt.chosen is None}
        near: set[int] = set()
        for i in wanted:
            near.update(range(max(0, i - NEAR), min(len(self.drafts), i + NEAR + 1)))
        return [relation for i in sorted(near) for relation in self.relations.around(i, wanted)]

    def link(self, linked: list[tuple[Relation, list[tuple[Number, ...]]]]) -> None:
        """Of readings that only hold together, take those that are likeliest together."""
        for relation, fitting in linked:
            open_terms = {at: self.doubts[term] for at, term in enumerate(relation.terms) if term in self.doubts}
            if any(doubt.status != "prior" for doubt in open_terms.values()):
                continue
            chances = [prod(doubt.usual(combo[at]) for at, doubt in open_terms.items()) for combo in fitting]
            best = fitting[chances.index(max(chances))]
            for at, doubt in open_terms.items():
                if doubt.chosen is None and best[at] != doubt.cell.values[0]:
                    doubt.chosen = best[at]
                    doubt.notes[best[at]].append(f"arithmetic: only together in {relation.words}")

    def usage(self) -> None:
        """What the marks mean elsewhere: a hint; it decides only for commas in small units."""
        seen: dict[tuple[int | None, str, str], list[tuple[int, str]]] = defaultdict(list)
        commas: set[str] = set()
        for i, draft in enumerate(self.drafts):
            for j, cell in enumerate(draft.cells):
                doubt = self.doubts.get(Term(i, j))
                if doubt and doubt.chosen is not None:
                    mark, role = cell.mark, doubt.role(doubt.chosen)
                    if mark == "," and not cell.scale:
                        commas.add(role)
                elif doubt is None and cell.typed.count(".") + cell.typed.count(",") == 1:
                    mark, role = "." if "." in cell.typed else ",", "decimal"
                else:
                    continue
                for place in (self.relations.sentences[i], None):
                    if len(seen[place, mark, role]) < 2:
                        seen[place, mark, role].append((i, cell.typed))
        for doubt in self.doubts.values():
            if doubt.status == "certain":
                continue
            for value in doubt.cell.values:
                for place, name in ((doubt.sentence, "sentence"), (None, "document")):
                    examples = seen.get((place, doubt.cell.mark, doubt.role(value)), [])
                    other = next((typed for i, typed in examples if i != doubt.draft), None)
                    if other:
                        doubt.notes[value].append(f"{name}: {doubt.role(value)} in {other}")
            if doubt.chosen is None and doubt.status == "prior":
                doubt.chosen = doubt.favoured
                if doubt.cell.mark == "," and not doubt.cell.scale and commas == {"thousands"}:
                    doubt.chosen = max(doubt.cell.values)

    def verdict(self, i: int, draft: Draft) -> Verdict:
        doubts = [self.doubts.get(Term(i, j)) for j in range(len(draft.cells))]
        unsure = {doubt.status for doubt in doubts if doubt and doubt.status != "certain"}
        numbers = tuple(
            doubt.chosen if doubt and doubt.chosen is not None else cell.values[0]
            for doubt, cell in zip(doubts, draft.cells, strict=True)
        )
        if not unsure:
            return Verdict(numbers, "prior" if draft.doubtful else "certain")
        status: Status = "prior" if "prior" in unsure or draft.doubtful else "settled"
        if "conflict" in unsure:
            status = "conflict"
        return Verdict(numbers, status, _readings(draft, doubts, numbers))


def _readings(draft: Draft, doubts: list[_Doubt | None], numbers: tuple[Number, ...]) -> tuple[Reading, ...]:
    join = "/" if draft.form == "ratio" else ".."
    found: list[Reading] = []
    for combo in product(*(cell.values for cell in draft.cells)):
        notes: list[str] = []
        for doubt, value in zip(doubts, combo, strict=True):
            if doubt:
                notes += doubt.notes[value]
                if value == doubt.cell.values[0]:
                    dot = doubt.cell.mark == "."
                    notes.append(f"convention: a {'dot groups thousands' if dot else 'comma marks decimals'}")
        found.append(Reading(join.join(plain(value) or "" for value in combo), tuple(dict.fromkeys(notes))))
    chosen = join.join(plain(value) or "" for value in numbers)
    return tuple(sorted(found, key=lambda reading: reading.value != chosen))
