"""A quantity in the making: offsets in the folded text, and numbers with all their readings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from vnreport.numerals import Number

Form = Literal["none", "value", "range", "ratio"]


class Cell(NamedTuple):
    """One number as typed.

    Attributes:
        values: what it may state, the conventional reading first, magnitude words applied.
        mark: the one mark of an ambiguous shape, `.` or `,`; else empty.
        typed: its digits with their marks; empty where it stands in words.
        scale: the magnitude word behind the digits, `tỷ`; empty without one.
        sizes: the magnitudes that count for its first number, `nghìn tỷ` in `2 nghìn 500 tỷ`.
    """

    values: tuple[Number, ...]
    mark: str = ""
    typed: str = ""
    scale: str = ""
    sizes: tuple[int, ...] = ()


@dataclass(slots=True)
class Draft:
    """A quantity before its reading is chosen.

    Attributes:
        start: where it begins in `Source.folded`.
        end: where it ends there.
        kind: one of `vnreport.schema.KINDS`; empty where the number is not yet understood.
        form: what its numbers are.
        cells: its numbers, as many as the form needs: none, one or two.
        unit: as in `Quantity`.
        dimension: what the unit measures, as in `units.tsv`; `count` for a noun.
        iso: as in `Quantity`.
        approx: as in `Quantity`.
        whole: whether what is counted comes in whole numbers only.
        doubtful: whether the kind itself, or a magnitude that numbers in words share, rests on convention.
    """

    start: int
    end: int
    kind: str
    form: Form = "none"
    cells: tuple[Cell, ...] = ()
    unit: str | None = None
    dimension: str = ""
    iso: str | None = None
    approx: str | None = None
    whole: bool = False
    doubtful: bool = False
