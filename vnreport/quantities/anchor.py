"""Open and relative dates made definite against a day that is given, never the clock."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta

from vnreport.quantities.draft import Draft
from vnreport.quantities.periods import split
from vnreport.quantities.source import Source

_NEARER = 200
_AGO = re.compile(r" (?:vừa qua|qua|gần đây|trở lại đây|vừa rồi)(?![^\W_])")
_AHEAD = re.compile(r" (?:sắp tới|tới|tiếp theo)(?![^\W_])")
_UNTIL_NOW = re.compile(r"nay$")
_EDGE_LINES = 5
_PUBLISHED = re.compile(r"(?:cập nhật|ngày đăng|đăng ngày|đăng lúc|ngày)[^\n]{0,12}$")
"""Before a date: `Cập nhật: 10:25`, `Ngày đăng:`."""


def resolve(source: Source, draft: Draft, anchor: date) -> str | None:
    """The interval of days that an open or relative expression names, seen from `anchor`.

    Without a year the year of the anchor is taken, or the one before or after it
    where the interval then lies nearer by more than 200 days (`28/12` in January).

    Returns:
        `2020-01-01/2020-06-30`; None where nothing is open.
    """
    if draft.kind == "duration":
        return _relative(source, draft, anchor)
    iso = draft.iso or ""
    if _UNTIL_NOW.search(source.folded, draft.start, draft.end) and iso.endswith("/.."):
        found = _nearest(iso.removesuffix("/.."), anchor)
        return f"{found[0]}/{anchor}" if found and found[0] <= anchor else None
    if "--" not in iso or ".." in iso:
        return None
    found = _nearest(iso, anchor)
    return f"{found[0]}/{found[1]}" if found else None


def _nearest(iso: str, anchor: date) -> tuple[date, date] | None:
    if "--" not in iso:
        return _interval(iso, anchor.year)
    best = None
    for year in (anchor.year, anchor.year - 1, anchor.year + 1):
        try:
            other = _interval(iso, year)
        except ValueError:  # 29 February
            continue
        if best is None or _distance(best, anchor) - _distance(other, anchor) > _NEARER:
            best = other
    return best


def _distance(interval: tuple[date, date], day: date) -> int:
    return max(0, (interval[0] - day).days, (day - interval[1]).days)


def _interval(iso: str, year: int) -> tuple[date, date]:
    low, slash, high = iso.partition("/")
    begin = _day(low, year, False)
    end = _day(high if slash else low, year, True)
    return begin, end if end >= begin else _day(high, year + 1, True)


def _day(point: str, year: int, last: bool) -> date:
    """The first or last day of a point in time such as `--05`, `2020` or `--02-29`."""
    stated, month, day = split(point[:10])
    at = year if stated == "-" else int(stated)
    number = int(month) if month else 12 if last else 1
    return date(at, number, int(day) if day else monthrange(at, number)[1] if last else 1)


def _relative(source: Source, draft: Draft, anchor: date) -> str | None:
    """`6 tháng qua`, `5 năm tới`."""
    if draft.form != "value" or draft.cells[0].values[0] != int(draft.cells[0].values[0]):
        return None
    count = int(draft.cells[0].values[0])
    other = _shifted(anchor, draft.unit or "", -count) if _AGO.match(source.folded, draft.end) else None
    if other:
        return f"{other}/{anchor}"
    other = _shifted(anchor, draft.unit or "", count) if _AHEAD.match(source.folded, draft.end) else None
    return f"{anchor}/{other}" if other else None


def _shifted(day: date, unit: str, count: int) -> date | None:
    months = {"tháng": 1, "quý": 3, "năm": 12}.get(unit)
    days = {"ngày": 1, "tuần": 7}.get(unit)
    try:
        if days:
            return day + timedelta(days * count)
        if months:
            at = day.year * 12 + day.month - 1 + months * count
            return date(at // 12, at % 12 + 1, min(day.day, monthrange(at // 12, at % 12 + 1)[1]))
    except (ValueError, OverflowError):
        return None
    return None


def document_day(source: Source, drafts: Sequence[Draft]) -> date | None:
    """The day a text was published on, as it says itself.

    That is a full date alone on a line or behind `Cập nhật:` near the beginning
    or the end, or at the end of such a line (`Lâm Hải, ngày 26 tháng 12 năm
    2019`); else the first full date that is not the date of a document; else the
    last day of the first period with a year.
    """
    text = source.folded
    top = _line_end(text, _EDGE_LINES)
    bottom = len(text) - _line_end(text[::-1], _EDGE_LINES)
    first: date | None = None
    for at, draft in enumerate(drafts):
        if draft.kind != "date" or (draft.iso or "-").startswith("-"):
            continue
        day = _day((draft.iso or "")[:10], 1, False)
        line_start = text.rfind("\n", 0, draft.start) + 1
        line_end = text.find("\n", draft.end)
        behind = text[draft.end : line_end if line_end >= 0 else len(text)].strip(" .)|")
        before = text[line_start : draft.start]
        edge = draft.start < top or draft.start >= bottom
        if edge and not behind and (_PUBLISHED.search(before) or not before.strip(" (")):
            return day
        named = at > 0 and drafts[at - 1].kind == "identifier" and draft.start - drafts[at - 1].end < 8
        if first is None and not named:
            first = day
    if first:
        return first
    for draft in drafts:
        if draft.kind == "period" and re.match(r"[0-9]{4}", draft.iso or "") and ".." not in (draft.iso or ""):
            return _interval(draft.iso or "", 1)[1]
    return None


def _line_end(text: str, lines: int) -> int:
    at = -1
    for _ in range(lines):
        at = text.find("\n", at + 1)
        if at < 0:
            return len(text)
    return at
