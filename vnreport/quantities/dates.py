"""Days of the calendar as texts write them, in lists and ranges, to ISO 8601."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass

from vnreport.quantities.draft import Draft
from vnreport.quantities.nouns import counted
from vnreport.quantities.source import Source

YEAR = r"(?:1[5-9]|20|21)[0-9]{2}(?![0-9])"
RANGE = r"-|đến hết|đến|tới"
LIST = frozenset((",", ";", "và", "hoặc"))
_DAY_MONTH_YEAR = re.compile(rf"([0-9]{{1,2}}) ?([/.-]) ?([0-9]{{1,2}}) ?\2 ?(?:({YEAR})|([0-9]{{2}})(?![0-9.,/%]))")
"""`21/6/2018`, `21-6-2018`, `21. 6. 2018`, `21/6/18`."""
_IN_WORDS = re.compile(rf"([0-9]{{1,2}}) tháng ([0-9]{{1,2}})(?![0-9])(?:(?:,? năm | ?[/.-] ?)({YEAR}))?")
"""`21 tháng 6 năm 2018`, `21 tháng 6/2018`, `21 tháng 6`."""
_SLASHED = re.compile(r"([0-9]{1,2}) ?/ ?([0-9]{1,2})(?![0-9])(?! ?/ ?[0-9]|,[0-9]|\.[0-9]{3}(?![0-9])| ?%)")
"""`21/6`, `21 / 6`, not `2/3,5`, `2/1.500`, `3/4%`."""
_DASHED = re.compile(r"([0-9]{1,2})(?:(-)|\.)([0-9]{1,2})(?![0-9])(?(2)(?! ?[/-] ?[0-9]))(?![.,][0-9]| ?%)")
"""`21-6`, `21.6`, not `21-6-18`, `2.5%`."""
_SPACED = re.compile(r"([0-9]{1,2}) ?- ?([0-9]{1,2})(?![0-9])(?! ?[/.-] ?[0-9]| ?%)")
"""`21 - 6`, not `2 - 5%`."""
_YEAR_FIRST = re.compile(rf"({YEAR})([/-])([0-9]{{2}})\2([0-9]{{2}})(?![0-9])")
"""`2018-06-21`, `2018/06/21`."""
_THREE_PARTS = re.compile(rf"[0-9]{{1,2}} ?([/.-]) ?[0-9]{{1,2}} ?\1 ?{YEAR}")
"""Whatever the day and the month: `31/02/2024`, `45-13-2024`."""
_TWO_PARTS = re.compile(rf"[0-9]{{1,2}}(?:/[0-9]{{1,2}}(?![0-9/]| ?%)| tháng [0-9]{{1,2}}(?![0-9])(?:,? năm {YEAR})?)")
"""The same behind `ngày`: `45/13`, `31 tháng 2`, `31 tháng 2 năm 2024`."""
_LUNAR = re.compile(
    r"[0-9]{1,2}(?: tháng (?:giêng|chạp)|(?: ?[/-] ?| tháng )[0-9]{1,2} ?\(?(?:âm lịch|âl|al))(?![^\W_])"
)
"""`12 tháng Giêng`, `10/3 âm lịch`, `15 tháng 8 âm lịch`."""
_ALONE = re.compile(r"([0-9]{1,2})(?![0-9])(?![.,/][0-9])")
"""The `21` of `21 và 22/6/2018`."""
_JOIN = re.compile(rf" ?(,|;|và(?= )|hoặc(?= )|{RANGE}) ?(?:(?:hết )?ngày )?")
"""Between two days: `,`, `và`, `đến hết ngày`."""
_CLOCK_BEHIND = re.compile(r"(?: ?[,|-] ?| )([01]?[0-9]|2[0-3])[:h]([0-5][0-9])(?![0-9])")
"""Behind a date: `08:33`, `- 8h30`."""
_CLOCK_BEFORE = re.compile(r"([01]?[0-9]|2[0-3])[:h]([0-5][0-9])(?::[0-5][0-9])?[ ,|-]{1,4}")
"""Before a date: `08:33`, `8h30,`, `08:33:10 |`."""
_UNTIL_NOW = re.compile(r" (?:đến|tới) nay(?![^\W_])")
_FROM = re.compile(r"(?<![^\W_])từ (?:ngày |tháng |năm |quý )?$")
_SHARE_BEFORE = re.compile(r"(?:đạt|có|được|còn|là|với|:|,|-|bầu|chiếm) ?$")
"""Before `12/9` that is a ratio and no date: `đạt`, `bầu`, `:`."""
_FRACTION_BEFORE = re.compile(r"(?<![^\W_])(?:trên|hơn|gần|khoảng|dưới|ít nhất|bằng|chỉ) $")
"""Before `2/3` that is a fraction and no date: `hơn`, `ít nhất`."""
_DISABLED = "thương binh "
_SHARE_BEHIND = re.compile(r" ?(?:\(|=|số|tổng|nhất trí|đồng ý|tán thành|phiếu|diện|dân số|đạt)")
"""Behind `12/9` that is a ratio and no date: `đồng ý`, `tổng số`, `(`."""
MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = rf"({'|'.join(MONTH_NAMES)})[a-z]{{0,6}}\.?"
_ENGLISH = re.compile(rf"([0-9]{{1,2}})(?:st|nd|rd|th)? {_NAMED},? ({YEAR})")
"""`19th May 2020`, `19 May, 2020`."""
_ENGLISH_DAY = re.compile(rf"([0-9]{{1,2}})(?:st|nd|rd|th)?,? ({YEAR})")
"""Behind the name of a month: `19, 2020`, `19th 2020`."""
_ENGLISH_MONTH = re.compile(rf"(?<![^\W_]){_NAMED} $")
"""Before such a day: `May`, `Sept.`."""
_LONGEST = 6
# A date or a list of days that ends in one: what must stand there for `days` to look closer.
_NEAR = re.compile(
    rf"[0-9]{{1,4}}(?: ?(?:,|;|và|hoặc|{RANGE}) ?"
    rf"(?:(?:hết )?ngày )?[0-9]{{1,2}}){{0,{_LONGEST - 1}}}"
    r" ?(?:[/.-] ?[0-9]|tháng )"
)


@dataclass(slots=True)
class _Day:
    """A day whose month or year may stand with a later one: `21 và 22/6/2018`."""

    start: int
    end: int
    day: int
    month: int | None = None
    year: int | None = None

    def exists(self) -> bool:
        if self.month is None:
            return 1 <= self.day <= 31
        return 1 <= self.month <= 12 and 1 <= self.day <= monthrange(self.year or 2000, self.month)[1]

    def iso(self) -> str:
        return f"{self.year or '-'}-{self.month:02}-{self.day:02}"


def days(source: Source, start: int, head: bool) -> list[Draft]:
    """The date or dates at `start`; a range of them is one period.

    Args:
        source: the text.
        start: where the first number begins.
        head: whether a word such as `ngày` announces a date, so that it may come
            without a year (`5/7`, `5.2`).
    """
    items: list[_Day] = []
    joins: list[str] = []
    at = start
    if _NEAR.match(source.folded, start) is None:
        return []
    while len(items) < _LONGEST:
        item = _day(source, at, head, bool(items))
        if item is None:
            break
        items.append(item)
        join = _JOIN.match(source.folded, item.end)
        if join is None:
            break
        joins.append(join[1])
        at = join.end()
    while items and items[-1].month is None:
        items.pop()
    if not items or not (head or _sure(source, items, joins)):
        return []
    for item, later in zip(reversed(items[:-1]), reversed(items[1:]), strict=True):
        item.month = item.month or later.month
        if item.year is None and later.year and item.month and later.month:
            item.year = later.year - (item.month > later.month)
    if not all(item.exists() for item in items):
        return []
    return _drafts(source, items, joins)


def _sure(source: Source, items: list[_Day], joins: list[str]) -> bool:
    """Whether dates without a head word are dates: they have a year, or are a rising pair."""
    if any(item.year for item in items):
        return True
    if len(items) == 1 or joins[0] == "," or counted(source, items[-1].end):
        return False
    return items[0].month is not None or items[0].day < items[-1].day


def _drafts(source: Source, items: list[_Day], joins: list[str]) -> list[Draft]:
    drafts: list[Draft] = []
    at = 0
    while at < len(items):
        item = items[at]
        ranged = at + 1 < len(items) and joins[at] not in LIST
        if ranged and _falls(item, items[at + 1]):
            drafts += [Draft(day.start, day.end, "date", iso=day.iso(), doubtful=True) for day in items[at : at + 2]]
            at += 2
        elif ranged:
            last = items[at + 1]
            start = item.start if joins[at] == "-" else from_word(source, item.start)
            drafts.append(Draft(start, last.end, "period", iso=f"{item.iso()}/{last.iso()}"))
            at += 2
        else:
            now = _UNTIL_NOW.match(source.folded, item.end) if at + 1 == len(items) else None
            start = from_word(source, item.start) if now else item.start
            if now and start < item.start:
                drafts.append(Draft(start, now.end(), "period", iso=f"{item.iso()}/.."))
            else:
                drafts.append(Draft(item.start, item.end, "date", iso=item.iso()))
            at += 1
    clock = _CLOCK_BEHIND.match(source.folded, items[-1].end)
    if clock and len(items) == 1 and items[0].year:
        drafts[0].end = clock.end()
        drafts[0].iso = _timed(items[0].iso(), clock)
    return drafts


def _falls(first: _Day, last: _Day) -> bool:
    """Whether the second day lies before the first, whatever the years that are not stated."""
    if first.year and last.year:
        return first.iso() > last.iso()
    return first.month == last.month and first.day > last.day


def _day(source: Source, at: int, head: bool, later: bool) -> _Day | None:
    """The day at `at`; `later` if it goes on a list, where it may be a number of something."""
    text = source.folded
    match = _IN_WORDS.match(text, at)
    if match and (match[3] or not counted(source, match.end())):  # not "6 tháng 12 ngày"
        item = _Day(at, match.end(), int(match[1]), int(match[2]), int(match[3]) if match[3] else None)
        if item.exists():
            return item
    match = _YEAR_FIRST.match(text, at)
    if match:
        item = _Day(at, match.end(), int(match[4]), int(match[3]), int(match[1]))
        return item if item.exists() else None
    match = _DAY_MONTH_YEAR.match(text, at)
    if match and (match[4] or ((head or match[2] == "/") and not counted(source, match.end()))):
        year = int(match[4]) if match[4] else _century(int(match[5]))
        item = _Day(at, match.end(), int(match[1]), int(match[3]), year)
        if item.exists():
            return item
    match = _SLASHED.match(text, at)
    if match:
        item = _Day(at, match.end(), int(match[1]), int(match[2]))
    elif head and (match := _DASHED.match(text, at)):
        item = _Day(at, match.end(), int(match[1]), int(match[3]))
    elif head and (match := _SPACED.match(text, at)):
        item = _Day(at, match.end(), int(match[1]), int(match[2]) if int(match[1]) > int(match[2]) else 0)
    if match and item.exists() and not (later and counted(source, item.end)):
        return item
    match = _ALONE.match(text, at)
    item = _Day(at, match.end(), int(match[1])) if match else _Day(at, at, 0)
    return item if item.exists() else None


def _century(year: int) -> int:
    return year + (2000 if year < 50 else 1900)


def loose(source: Source, start: int) -> list[Draft]:
    """`19/9`, `27-7` that nothing announces: a date unless it is a share of something.

    The draft is marked as doubtful. `thương binh 2/4` is the grade of a disabled veteran.
    """
    slashed = _SLASHED.match(source.folded, start)
    match = slashed or _DASHED.match(source.folded, start)
    if match is None or not (slashed or match[2]) or _SHARE_BEFORE.search(source.folded, max(0, start - 12), start):
        return []
    day = _Day(start, match.end(), int(match[1]), int(match[match.lastindex or 0]))
    if (
        slashed
        and day.day < (day.month or 0) < 10
        and _FRACTION_BEFORE.search(source.folded, max(0, start - 12), start)
    ):
        return []  # "hơn 2/3 thời gian"
    if slashed and day.day <= 4 == day.month and source.folded.endswith(_DISABLED, 0, start):
        return [Draft(start - len(_DISABLED), day.end, "identifier")]
    if not day.exists() or (not slashed and day.day < (day.month or 0)):
        return []
    if counted(source, day.end) or _SHARE_BEHIND.match(source.folded, day.end):
        return []
    return [Draft(start, day.end, "date", iso=day.iso(), doubtful=True)]


def impossible(source: Source, start: int, head: bool) -> int:
    """The end of `31/02/2024`, `ngày 45/13`: written as a date, but of no day of the calendar.

    Args:
        source: the text.
        start: where the first number begins; `days` found nothing there.
        head: whether the word `ngày` announces a date.

    Returns:
        The offset behind it; 0 where nothing is written as a date.
    """
    match = _THREE_PARTS.match(source.folded, start)
    if match is None and head:
        match = _TWO_PARTS.match(source.folded, start)
        if match and counted(source, match.end()):  # "một ngày 12/15 hộ", "5 ngày 30 tháng 6 năm"
            return 0
    return match.end() if match else 0


def lunar(source: Source, start: int) -> int:
    """The end of `12 tháng Giêng`, `10/3 âm lịch`: days of the lunar calendar, which ISO 8601 has not; 0 elsewhere."""
    match = _LUNAR.match(source.folded, start)
    return match.end() if match else 0


def clocked(source: Source, start: int) -> list[Draft]:
    """`08:33 10/07/2020`: a date behind the time of day."""
    match = _CLOCK_BEFORE.match(source.folded, start)
    found = days(source, match.end(), False) if match else []
    if match is None or len(found) != 1 or found[0].kind != "date":
        return []
    found[0].start = start
    found[0].iso = _timed((found[0].iso or "")[:10], match)
    return found


def english(source: Source, start: int) -> list[Draft]:
    """`May 19, 2020`, `19th May 2020`; without its year such a date may be anything."""
    begin, month, day = start, None, _ENGLISH.match(source.folded, start)
    if day:
        month, year = day[2], day[3]
    elif (day := _ENGLISH_DAY.match(source.folded, start)) and (
        name := _ENGLISH_MONTH.search(source.folded, max(0, start - 12), start)
    ):
        begin, month, year = name.start(), name[1], day[2]
    if day is None or month is None:
        return []
    item = _Day(begin, day.end(), int(day[1]), MONTH_NAMES.index(month) + 1, int(year))
    return [Draft(begin, item.end, "date", iso=item.iso())] if item.exists() else []


def _timed(iso: str, clock: re.Match[str]) -> str:
    return f"{iso}T{int(clock[1]):02}:{clock[2]}"


def from_word(source: Source, start: int) -> int:
    """The start of `từ` or `từ ngày` before a range, else `start`."""
    if source.folded.rfind("từ ", max(0, start - 16), start) < 0:
        return start
    match = _FROM.search(source.folded, max(0, start - 16), start)
    return match.start() if match else start
