"""From unit to unit of one dimension, exactly."""

from __future__ import annotations

from fractions import Fraction

from vnreport.numerals import Number, quotient
from vnreport.quantities.lexicon import REGIONAL, UNITS

_DIMENSIONS = {unit.symbol: (unit.dimension, unit.factor) for unit in UNITS.values()}


def convert(value: Number, unit: str, to: str, region: str | None) -> Number:
    """See `vnreport.quantities.convert`."""
    if unit == to:
        return value
    dimension, factor = _factor(unit, region)
    other, divisor = _factor(to, region)
    if dimension is None or dimension != other or factor is None or divisor is None:
        if dimension is not None and dimension == other and (unit in REGIONAL or to in REGIONAL):
            raise ValueError(f"the size of {unit!r} or {to!r} differs by region; give one that has it")
        raise ValueError(f"cannot convert {unit!r} to {to!r}")
    return quotient(Fraction(value) * factor, divisor)


def _factor(unit: str, region: str | None) -> tuple[str | None, Fraction | None]:
    dimension, factor = _DIMENSIONS.get(unit, (None, None))
    if unit in REGIONAL:
        factor = REGIONAL[unit].get(region or "")
    return dimension, factor
