"""Quantities of Vietnamese reports: where they stand and what they say, exactly."""

from __future__ import annotations

from datetime import date
from typing import Literal

from vnreport.numerals import Number
from vnreport.quantities.model import Quantity, Reading

__all__ = ["Quantity", "Reading", "convert", "parse_quantities"]


def parse_quantities(text: str, anchor: date | Literal["document"] | None = None) -> list[Quantity]:
    """All quantities of a text, in its order.

    Works on characters with the standard library alone; the result does not
    depend on a tokeniser. The first call loads the tables.

    Args:
        text: any text, in any normal form; offsets are its code points.
        anchor: the day that open and relative dates and periods (`5/7`, `quý I`,
            `6 tháng qua`) are resolved against; `document`: the day that the text
            itself was published on. Without it `resolved` stays empty.

    >>> [(q.text, q.notation()) for q in parse_quantities("Thu 9,2 tỷ đồng, đạt 67,3% dự toán.")]
    [('9,2 tỷ đồng', '9200000000 VND'), ('67,3%', '67.3')]
    """
    from vnreport.quantities.parse import parse

    return parse(text, anchor)


def convert(value: Number, unit: str, to: str, region: str | None = None) -> Number:
    """A value in another unit of the same dimension, exactly.

    Args:
        value: the number in `unit`.
        unit: a unit as `Quantity.unit` gives it, without a rate.
        to: the unit wanted.
        region: `north`, `central` or `south`, for `sào`, `mẫu` and `công`, whose
            size differs by region.

    Raises:
        ValueError: the units measure different things, or the size of one of them
            differs by region and none is given that has it.

    >>> from decimal import Decimal
    >>> convert(Decimal(5), "sào", "m2", region="north")
    Decimal('1800')
    """
    from vnreport.quantities.conversion import convert as exactly

    return exactly(value, unit, to, region)
