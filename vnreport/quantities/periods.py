"""Months, quarters, years and parts of them, to intervals of ISO 8601 as precise as stated."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass

from vnreport.quantities.dates import RANGE, YEAR, from_word
from vnreport.quantities.draft import Draft
from vnreport.quantities.lexicon import END, FELLOWS
from vnreport.quantities.nouns import counted
from vnreport.quantities.source import Source
from vnreport.quantities.units import names_place

_MONTH = re.compile(rf"([0-9]{{1,2}})(?![0-9])(?:(?:,? năm | ?[/.-] ?)({YEAR}))?(?![,/][0-9])")
"""Behind `tháng`: `6`, `6/2020`, `6 năm 2020`, not `6/12`."""
_MONTH_JOIN = re.compile(rf" ?(,|và|{RANGE}) ?((?:hết )?tháng )?")
"""Between two months: `,`, `đến hết tháng`."""
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_QUARTER = re.compile(
    rf"(i{{1,3}}|iv|[1-4])(?:(?: ?[/.-] ?|,? năm )({YEAR})| ({YEAR})(?! [^\W\d_]))?"
    rf"{END}(?![.,/][0-9])"
)
"""Behind `quý`: `3`, `II/2020`, `IV năm 2020`, `I 2020`."""
_QUARTER_JOIN = re.compile(rf" ?(,|và|{RANGE}) ?(quý )?")
"""Between two quarters: `và`, `đến quý`."""
_YEARS = re.compile(
    rf"({YEAR})(?: ?[-/] ?({YEAR})|-([0-9]{{2}})(?![0-9.,/%])"
    rf"| (?:đến|tới) (?:hết )?(?:năm )?({YEAR}))?"
)
"""`2020`, `2019 - 2020`, `2019-20`, `2016 đến hết năm 2020`."""
_AND_YEARS = re.compile(rf" ?(?:,|và) ?((?:năm )?)(?={YEAR})")
"""Between two years: `2018, 2019`, `2018 và năm 2019`."""
_MONEY_BEHIND = re.compile(
    rf" ?(nghìn|ngàn|triệu|(?:tỷ|tỉ)(?! (?:lệ|trọng|suất))|đồng(?! (?:{FELLOWS}){END})|đ|%)(?![^\W_])"
)
"""Behind `2020` that is no year: `triệu`, `đồng`, `%`, not `tỷ lệ`, `đồng chí`."""
_UNTIL_NOW = re.compile(rf" (?:đến|tới) nay{END}")
_EDGE = re.compile(r"(?:(tuần|ngày|tháng|mấy|nửa) )?(?<![^\W_])(đầu|cuối|hết) $")
"""Before a period: `đầu`, `cuối`, `hết`; `tuần đầu`, `nửa cuối` do not cut it."""
_EDGES = ("đầu ", "cuối ", "hết ")
_FROM_START = "từ đầu "
_RANGE_WORD = re.compile("đến|tới")
_OF_YEAR = re.compile(
    rf" (?:(đầu|cuối)(?: của)? năm(?! học)|(?:của )?năm(?= ?{YEAR}))"
    rf"(?: ?({YEAR}))?{END}"
)
"""Behind `6 tháng`: `đầu năm 2020`, `cuối năm`, `của năm 2020`, not `đầu năm học`."""
_MONTH_OF_YEAR = re.compile(rf"(0?[1-9]|1[0-2])/({YEAR})(?!/)(?: ?(?:-|đến|tới) ?(0?[1-9]|1[0-2])/({YEAR})(?!/))?")
"""`4/1983`, `4/1983 đến 4/1997`."""
_SCALED = ("lệ ", "hoạch ", "chi tiết ", "phân khu ")  # "quy hoạch tỷ lệ 1/2000", no January
_LIST = frozenset((",", "và"))
_LONGEST = 12
_COMMON_YEAR = 2023  # stands for a year that is not stated


@dataclass(slots=True)
class _Item:
    """A month or a quarter whose year may stand with a later one, and what joins it to the one before."""

    start: int
    end: int
    number: int
    year: int | None
    joined: str
    doubtful: bool = False


def month_of_year(source: Source, start: int) -> list[Draft]:
    """`4/1983`, `4/1983 đến 4/1997` without a head word."""
    match = _MONTH_OF_YEAR.match(source.folded, start)
    if match is None or counted(source, match.end()):
        return []
    if match.group() == "1/2000" and source.folded.endswith(_SCALED, 0, start):
        return []
    low, high = f"{match[2]}-{int(match[1]):02}", f"{match[4]}-{int(match[3] or 0):02}"
    if not match[3]:
        return [Draft(start, match.end(), "period", iso=low)]
    if low > high:
        ends = (start, match.end(2), low), (match.start(3), match.end(), high)
        return [Draft(begin, end, "period", iso=iso, doubtful=True) for begin, end, iso in ends]
    return [Draft(start, match.end(), "period", iso=f"{low}/{high}")]


def months(source: Source, start: int) -> list[Draft]:
    """`6/2020`, `6 năm 2020`, `5, 6/2020`, `3 đến tháng 6` behind the word `tháng`."""

    def interval(month: int, year: int | None) -> tuple[str, str]:
        return (f"{year or '-'}-{month:02}",) * 2

    def read(text: str) -> int | None:
        return int(text) if 1 <= int(text) <= 12 else None

    return _series(source, start, _MONTH, _MONTH_JOIN, read, interval)


def quarters(source: Source, start: int) -> list[Draft]:
    """`II/2020`, `I, II`, `3` behind the word `quý`."""

    def interval(quarter: int, year: int | None) -> tuple[str, str]:
        last = quarter * 3
        return (
            f"{year or '-'}-{last - 2:02}-01",
            f"{year or '-'}-{last:02}-{monthrange(_COMMON_YEAR, last)[1]}",
        )

    def read(text: str) -> int | None:
        return _ROMAN.get(text) or int(text)

    return _series(source, start, _QUARTER, _QUARTER_JOIN, read, interval)


def _series(
    source: Source,
    start: int,
    item: re.Pattern[str],
    join: re.Pattern[str],
    read: Callable[[str], int | None],
    interval: Callable[[int, int | None], tuple[str, str]],
) -> list[Draft]:
    """Months or quarters in a list or a range; the last year counts for all before it.

    `tháng 11 đến tháng 2/2021` begins the year before. Where the stated years run
    backwards there is no range, and neither end is sure.
    """
    found: list[_Item] = []
    at = begin = start
    joined = ""
    while len(found) < _LONGEST:
        match = item.match(source.folded, at)
        number = read(match[1]) if match else None
        if match is None or number is None:
            break
        stated = match[2] or (match[3] if item.groups > 2 else None)
        if found and begin == at and stated is None and counted(source, match.end()):
            break
        found.append(_Item(begin, match.end(), number, int(stated) if stated else None, joined))
        link = join.match(source.folded, match.end())
        if link is None:
            break
        joined, at = link[1], link.end()
        begin = link.start(2) if link[2] else at
    for former, later in zip(reversed(found[:-1]), reversed(found[1:]), strict=True):
        if former.year is None and later.year:
            falls = former.number > later.number
            former.year = later.year - falls
            former.doubtful = later.doubtful or (falls and later.joined in _LIST)
    drafts: list[Draft] = []
    for one in found:
        low, high = interval(one.number, one.year)
        draft = Draft(one.start, one.end, "period", iso=low if low == high else f"{low}/{high}", doubtful=one.doubtful)
        if not drafts or one.joined in _LIST:
            drafts.append(draft)
            continue
        first = (drafts[-1].iso or "").partition("/")[0]
        if not first.startswith("-") and one.year and first > high:
            drafts[-1].doubtful = draft.doubtful = True
            drafts.append(draft)
        else:
            drafts[-1].end, drafts[-1].iso = one.end, f"{first}/{high}"
    return drafts


def years(source: Source, start: int, single: bool) -> list[Draft]:
    """`2020`, `2019 - 2020`, `2016 đến năm 2020`, `2018, 2019 và 2020`.

    Args:
        source: the text.
        start: where the first year begins.
        single: whether one year alone will do.
    """
    drafts: list[Draft] = []
    link: re.Match[str] | None = None
    at = start
    while len(drafts) < _LONGEST:
        draft = _year(source, at, single)
        if draft is None:
            break
        if link:
            draft.start = link.start(1)
        drafts.append(draft)
        link = _AND_YEARS.match(source.folded, draft.end)
        if link is None:
            break
        at = link.end()
    return drafts


def _year(source: Source, start: int, single: bool) -> Draft | None:
    match = _YEARS.match(source.folded, start)
    if match is None:
        return None
    money = _MONEY_BEHIND.match(source.folded, match.end())
    if money and not names_place(source, money):
        return None
    first = int(match[1])
    second = int(match[2] or match[4] or 0)
    if match[3] and int(match[3]) == (first + 1) % 100:
        second = first + 1
    if first < second <= first + 60:
        return Draft(start, match.end(), "period", iso=f"{first}/{second}")
    return Draft(start, match.end(1), "period", iso=str(first)) if single else None


def part_of_year(source: Source, end: int, count: int, unit: str) -> tuple[int, str] | None:
    """What turns `6 tháng` into a period: `đầu năm 2020`, `cuối năm`, `năm 2020`.

    Args:
        source: the text.
        end: the offset behind the unit.
        count: how many.
        unit: `tháng` or `quý`.

    Returns:
        The offset behind the year, and the interval; None where no year follows.
    """
    match = _OF_YEAR.match(source.folded, end)
    size = count * (3 if unit == "quý" else 1)
    if match is None or not 1 <= size <= 12:
        return None
    return match.end(), year_part(size, match[1] == "cuối", match[2])


def year_part(months: int, last: bool, year: str | None) -> str:
    """The first or last months of a year, as an interval of days."""
    low, high = (13 - months, 12) if last else (1, months)
    end = monthrange(int(year) if year else _COMMON_YEAR, high)[1]
    return f"{year or '-'}-{low:02}-01/{year or '-'}-{high:02}-{end:02}"


def widen(source: Source, drafts: list[Draft], begin: int, floor: int, cut: bool) -> None:
    """Give periods the words around them: the head, `đầu`, `cuối`, `hết năm`, `từ`, `đến nay`.

    Args:
        source: the text.
        drafts: the periods, in order.
        begin: where the head word of the first begins.
        floor: what stands before it belongs to another quantity.
        cut: whether `đầu` and `cuối` cut the period (not a term of office or a school year).
    """
    first = drafts[0]
    first.start = begin
    edge = None
    if cut and source.folded.endswith(_EDGES, 0, begin):
        edge = _EDGE.search(source.folded, max(0, begin - 12), begin)
    if edge and edge[2] == "hết" and not source.folded.startswith("năm", begin):
        edge = None  # "hết tháng 6" is the month
    if edge and not edge[1] and edge.start(2) >= floor:
        first.start = edge.start(2)
        low, _, high = (first.iso or "").partition("/")
        first.iso = f"{_first_day(low)}/.." if edge[2] == "đầu" else f"../{_last_day(high or low)}"
    last = drafts[-1]
    if not cut and source.folded.endswith(_FROM_START, 0, begin):
        now = _UNTIL_NOW.match(source.folded, first.end)
        if now:  # "từ đầu nhiệm kỳ 2020-2025 đến nay"
            first.start, first.end = begin - len(_FROM_START), now.end()
            first.iso = f"{(first.iso or '').partition('/')[0]}/.."
    now = _UNTIL_NOW.match(source.folded, last.end) if cut else None
    start = from_word(source, last.start) if now else last.start
    opened = (last.iso or "").removesuffix("/..")
    if now and start < last.start and "/" not in opened:
        last.start, last.end, last.iso = start, now.end(), f"{opened}/.."
    elif _RANGE_WORD.search(source.folded, first.start, first.end):
        first.start = from_word(source, first.start)


def _first_day(point: str) -> str:
    year, month, day = split(point)
    return f"{year}-{month or '01'}-{day or '01'}"


def _last_day(point: str) -> str:
    year, month, day = split(point)
    month = month or "12"
    longest = monthrange(_COMMON_YEAR if year == "-" else int(year), int(month))[1]
    return f"{year}-{month}-{day or longest}"


def split(point: str) -> tuple[str, str, str]:
    """Year (`-` where open), month and day of an ISO date, as far as it goes."""
    year = "-" if point.startswith("--") else point[:4]
    rest = [*point[len(year) + 1 :].split("-"), "", ""]
    return year, rest[0], rest[1]
