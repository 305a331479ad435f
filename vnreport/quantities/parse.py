"""From a text to its quantities: fold, scan, judge, resolve."""

from __future__ import annotations

from datetime import date
from typing import Literal

from vnreport.numerals import Number
from vnreport.quantities.anchor import document_day, resolve
from vnreport.quantities.draft import Draft
from vnreport.quantities.evidence import Verdict, judge
from vnreport.quantities.model import Quantity
from vnreport.quantities.scan import drafts
from vnreport.quantities.source import Source, fold

_FIELDS = {
    "none": (),
    "value": ("value",),
    "range": ("low", "high"),
    "ratio": ("numerator", "denominator"),
}


def parse(text: str, anchor: date | Literal["document"] | None) -> list[Quantity]:
    """See `vnreport.quantities.parse_quantities`."""
    source = fold(text)
    found = drafts(source)
    day = document_day(source, found) if anchor == "document" else anchor
    verdicts = judge(source, found)
    return [_quantity(source, draft, verdict, day) for draft, verdict in zip(found, verdicts, strict=True)]


def _quantity(source: Source, draft: Draft, verdict: Verdict, day: date | None) -> Quantity:
    start, end = source.span(draft.start, draft.end)
    numbers: dict[str, Number] = dict(zip(_FIELDS[draft.form], verdict.numbers, strict=True))
    return Quantity(
        start=start,
        end=end,
        text=source.given[start:end],
        kind=draft.kind,
        unit=draft.unit,
        iso=draft.iso,
        approx=draft.approx,
        status=verdict.status,
        readings=verdict.readings,
        resolved=resolve(source, draft, day) if day else None,
        **numbers,  # type: ignore[arg-type]
    )
