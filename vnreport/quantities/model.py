"""What the number stage hands out: one record for each numeric expression."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from vnreport.numerals import Number

Status = Literal["certain", "settled", "prior", "conflict"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One value an ambiguous shape may state, and what speaks for it."""

    value: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quantity:
    """A numeric expression and what it says.

    Attributes:
        start: offset of its first character in the text as given, in code points.
        end: offset behind its last character.
        text: its characters.
        kind: one of `vnreport.schema.KINDS`.
        value: the stated number in `unit`, magnitude words multiplied out; for
            an ordinal its place. None for ranges, ratios, dates, periods and
            identifiers.
        unit: `VND`, `VND/người/năm`, `%`, `t`, `ha`, `tạ/ha`, the counted noun
            as typed, `năm` …; None where the text names none.
        low: the lower end of a range, in `unit`.
        high: its upper end.
        numerator: of a ratio.
        denominator: of a ratio.
        iso: the date or period in ISO 8601 as the text states it (`--02-03`,
            `2020/2025`, `../2020-12-31`).
        approx: `under`, `over`, `about` or `estimated`.
        status: `certain`: the shape has one reading; `settled`: the evidence
            leaves one; `prior`: the convention chose; `conflict`: the
            evidence speaks against itself or against what is stated.
        readings: all readings of an ambiguous shape, the chosen one first.
        resolved: a date or period that is open or relative as an interval of
            days, `2020-01-01/2020-06-30`, where an anchor was given.
    """

    start: int
    end: int
    text: str
    kind: str
    value: Number | None = None
    unit: str | None = None
    low: Number | None = None
    high: Number | None = None
    numerator: Number | None = None
    denominator: Number | None = None
    iso: str | None = None
    approx: str | None = None
    status: Status = "certain"
    readings: tuple[Reading, ...] = ()
    resolved: str | None = None

    def notation(self) -> str:
        """The reading as `corpus/FORMAT.md` writes it: `3750000000 VND`, `22/24 tiêu chí`."""
        if self.kind in ("date", "period"):
            return self.iso or ""
        if self.kind == "identifier":
            return ""
        if self.numerator is not None:
            number = f"{plain(self.numerator)}/{plain(self.denominator)}"
        elif self.low is not None:
            number = f"{plain(self.low)}..{plain(self.high)}"
        else:
            number = plain(self.value) or ""
        unit = "" if self.kind == "percent" and self.unit == "%" else self.unit
        return f"{number} {unit}" if unit else number

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready record; decimals are exact plain strings, None where empty."""
        return {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "kind": self.kind,
            "value": plain(self.value),
            "unit": self.unit,
            "low": plain(self.low),
            "high": plain(self.high),
            "numerator": plain(self.numerator),
            "denominator": plain(self.denominator),
            "iso": self.iso,
            "approx": self.approx,
            "status": self.status,
            "readings": [{"value": r.value, "evidence": list(r.evidence)} for r in self.readings],
            "resolved": self.resolved,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Quantity:
        """The quantity that `to_dict` wrote.

        Raises:
            KeyError: a field is missing.
            ValueError: a number is not in the form that `to_dict` writes.
        """
        fields: dict[str, Any] = {name: record[name] for name in cls.__slots__}
        for name in _NUMBERS:
            if fields[name] is not None:
                fields[name] = _number(fields[name])
        fields["readings"] = tuple([Reading(r["value"], tuple(r["evidence"])) for r in fields["readings"]])
        return cls(**fields)


_NUMBERS = ("value", "low", "high", "numerator", "denominator")
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+|/[1-9][0-9]*)?")
"""`25500000`, `-0.05`, `1/3`."""


def _number(text: str) -> Number:
    if not _PLAIN.fullmatch(text):
        raise ValueError(f"not a number of a quantity's record: {text!r}")
    return Fraction(text) if "/" in text else Decimal(text)


def plain(number: Number | None) -> str | None:
    """An exact plain string: `25500000`, `0.05`, `1/3`; no exponent, no trailing zeros."""
    if number is None:
        return None
    if isinstance(number, Fraction):
        return str(number)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
