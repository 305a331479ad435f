"""From a text to its quantities: fold, scan, judge, resolve."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from vnreport.quantities.anchor import document_day, resolve
from vnreport.quantities.draft import Draft
from vnreport.quantities.evidence import Verdict, judge
from vnreport.quantities.model import Quantity
from vnreport.quantities.scan import drafts
from vnreport.quantities.source import Source, fold


def parse(text: str, anchor: date | Literal["document"] | None) -> list[Quantity]:
    """See `vnreport.quantities.parse_quantities`."""
    source = fold(text)
    found = drafts(source)
    day = document_day(source, found) if anchor == "document" else anchor
    verdicts = judge(source, found)
    return [_quantity(source, draft, verdict, day) for draft, verdict in zip(found, verdicts, strict=True)]


def _quantity(source: Source, draft: Draft, verdict: Verdict, day: date | None) -> Quantity:
    start, end = source.span(draft.start, draft.end)
    form = draft.form
    numbers: tuple[Any, ...] = verdict.numbers
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
        value=numbers[0] if form == "value" else None,
        low=numbers[0] if form == "range" else None,
        high=numbers[1] if form == "range" else None,
        numerator=numbers[0] if form == "ratio" else None,
        denominator=numbers[1] if form == "ratio" else None,
    )
