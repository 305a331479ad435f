"""Numbers with their units: amounts, ranges, ratios and lists that share a unit."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import prod

from vnreport.numerals import ONES, Number, negated, parse_number, quotient
from vnreport.quantities import dates, identifiers, periods
from vnreport.quantities.context import Context
from vnreport.quantities.draft import Cell, Draft
from vnreport.quantities.lexicon import END, SET_PHRASE
from vnreport.quantities.nouns import counted
from vnreport.quantities.numbers import Located, magnitude_follows, number_at
from vnreport.quantities.source import Source
from vnreport.quantities.units import implied, with_unit
from vnreport.text import LOWER, UPPER

_RANGE = frozenset(("-", "đến", "tới"))
_LIST = frozenset((",", ";", "và", "hoặc", "hay"))
_CHANGE = frozenset(("xuống", "xuống còn", "lên"))
_CONNECT = re.compile(
    r" ?(-|/|,|;|đến|tới|và|hoặc|hay|xuống còn|xuống|lên|trong) ?"
    r"(?:tổng số |số |dưới |gần |hơn |khoảng )?(?=[0-9]|-[0-9]|[^\W\d_])"
)
"""`15 - 30`, `22/24`, `hai hoặc ba`, `5 tỷ xuống còn 3 tỷ`, `4 trong tổng số 9`."""
_CONNECTORS = frozenset("-/,;đtvhxl")
_STREET = re.compile(rf" [{UPPER}][{LOWER}]+ [{UPPER}][{LOWER}]+")
"""`35 Cao Thắng`, a house."""
_DIGIT_WORD = re.compile(rf",? ({'|'.join(ONES)}){END}")
"""The second of `ba bốn`, `hai, ba`."""
_WHOLE_THOUSANDS = re.compile(r"([0-9]{1,3})\.000")
_LEADING = re.compile(rf"({'|'.join(ONES)}) (trăm|chục|mươi){END}")
"""The end of `hai đến ba trăm`, `năm, sáu mươi`."""
_MINUS = re.compile(r"(?:(?:^|[ (|])(-)|(?<![^\W_])(âm) )$")
"""Before a number: `(-`, `âm`, not `10-`."""
_SIGNED = re.compile(r" ?(?:(?:-|đến|tới) ?-?[0-9]+(?:[.,][0-9]+)? ?)?(?:%|độ(?! tuổi)|°|º|o ?c)")
"""Behind a number that may be negative: `%`, `độ C`, `đến 0 độ C`, not `độ tuổi`."""
_MINUTES = re.compile(rf" ?([0-5]?[0-9]) ?(?:phút|'){END}")
"""Behind hours: `30 phút`, `30'`."""
_BEHIND = re.compile(rf" trở (lên|xuống){END}")
_AGE_LIST = re.compile(r"[0-9]{1,3}(?:(?:, ?| và )[0-9]{1,3}){0,5}(?![0-9]|[.,/-][0-9]| ?-)")
"""Behind `tuổi`: `90`, `70, 75 và 80`, not `18-25`."""
_DIGITS = re.compile("[0-9]+")
_QUOTES = frozenset("“\"'‘")
_NAME_IN_QUOTES = re.compile(r"(?: [^\W\d_]+){1,3}[”\"'’]")
"""Behind the number of `“3 không”`, `“4 tại chỗ”`."""
_COMMAS = re.compile(r"[0-9]{1,3}(?:,[0-9]{1,3}){1,12}(?![0-9])(?!,[0-9])")
"""`30,40,45`."""
_HUNDRED_PERCENT = "trăm phần trăm"
_SPAN_HEADS = frozenset(
    (
        "trong",
        "sau",
        "suốt",
        "chậm",
        "là",
        "thêm",
        "đủ",
        "trễ",
        "quá",
        "dài",
        "hạn",
        "mỗi",
        "trước",
        "được",
        "mất",
        "muộn",
        "đã",
        "tù",
        "khóa",
        "khoá",
    )
)
_SPAN_BEHIND = re.compile(r" (?:liền|liên|qua|tới|tuổi|nay|sau|trước|tù|rư[ỡở]i|cải)|/")
"""Behind `6 tháng`, which are then a span of time: `qua`, `tuổi`, `/lần`."""
_RESULT_BEHIND = re.compile(r" (?:ước|đạt|được) (?:ước |đạt |được |gần |trên |hơn |khoảng )*[0-9]")
"""Behind `8 tháng`, which are then the first of the year: `ước đạt hơn 5`."""
_REMAINING = re.compile(rf" còn lại{END}")
"""Behind `3 tháng`, which are then the last of the year."""
_MANY_MONTHS = 6  # from here on "8 tháng" may as well be the months of the year so far
_LONGEST = 12
_SHORT = 2  # digits of a number in a set phrase
_LIST_RUN = re.compile(
    r"(?: ?(?:,|;|và|hoặc|hay) ?"
    rf"(?:[0-9]{{1,15}}(?:[.,][0-9]{{1,15}}){{0,3}}|(?:{'|'.join(ONES)}){END})){{0,{_LONGEST}}}"
)
"""The rest of a list: `, 10 và 15`, `, ba`."""


def read(source: Source, context: Context, worded: bool = False) -> list[Draft]:
    """The amounts at the context's start: one, or the members of a list; none if it is no number.

    Args:
        source: the text.
        context: what stands before the number.
        worded: whether the number begins with a word.
    """
    start = context.start
    if worded and source.folded.startswith(_HUNDRED_PERCENT, start):
        cells = (Cell((Decimal(100),)),)
        draft = Draft(start, start + len(_HUNDRED_PERCENT), "percent", "value", cells, "%", "percent")
        return [_finished(source, draft, context)]
    located = number_at(source, start)
    if located is None:
        return [] if worded else _comma_list(source, context)
    if context.last == "tuổi" and not worded and (ages := _ages(source, context)):
        return ages
    pair = _neighbours(source, located) if worded else None
    if pair:
        return [_finished(source, pair, context)]
    fraction = _fraction(source, located) if worded else None
    if fraction:
        return [_finished(source, fraction, context)]
    short = len(located.cell.typed) <= _SHORT and not located.scaled
    if short and (SET_PHRASE.match(source.folded, start) or _quoted(source, located)):
        return []
    first = with_unit(source, _signed(source, located), worded)
    drafts = [draft for draft in _joined(source, first, worded) if draft.kind]
    return [_finished(source, draft, context if draft is drafts[0] else None) for draft in drafts]


def _quoted(source: Source, located: Located) -> bool:
    """`“3 không”`, `“96 mùa xuân có Đảng”`: a short name in quotation marks that begins with a number."""
    if source.typed[located.start - 1 : located.start] not in _QUOTES:
        return False
    return _NAME_IN_QUOTES.match(source.folded, located.end) is not None and not counted(source, located.end)


def _signed(source: Source, located: Located) -> Located:
    """`-2,3%`, `âm 2 độ C`, `-2 đến 0 độ C`: a minus before what can fall below zero."""
    start = located.start
    if not source.folded.endswith(("-", "âm "), 0, start):
        return located
    minus = _MINUS.search(source.folded, max(0, start - 5), start)
    if minus is None or not _SIGNED.match(source.folded, located.end):
        return located
    cell = located.cell._replace(values=tuple(map(negated, located.cell.values)))
    return located._replace(start=minus.start(minus.lastindex or 0), cell=cell)


def _joined(source: Source, first: Draft, worded: bool) -> list[Draft]:
    """`first` and what a connector ties to it."""
    link = _connector(source, first.end)
    if link is None or (first.kind and link[0] not in _RANGE):
        return [_alone(source, first, worded)]
    join, at = link
    second = _member(source, at, join, worded)
    found: list[Draft] = []
    if second is None:
        pass
    elif join in _RANGE:
        found = _range(source, first, second, join)
    elif join == "/" or (join == "trong" and second.kind == "count" and not second.doubtful):
        found = [_ratio(source, first, second)]
    elif join in _LIST:
        found = _list(source, first, second, join, worded)
    elif join in _CHANGE and second.kind:
        found = [_shared(source, first, second)]
    return found or [_alone(source, first, worded)]


def _connector(source: Source, end: int) -> tuple[str, int] | None:
    if source.folded[end : end + 2].lstrip()[:1] not in _CONNECTORS:
        return None
    match = _CONNECT.match(source.folded, end)
    return (match[1], match.end()) if match else None


def _member(source: Source, at: int, join: str, worded: bool) -> Draft | None:
    """The number behind a connector, unless it is a code, a date or a year of its own."""
    sign = join in _RANGE and source.folded.startswith("-", at)
    located = number_at(source, at + sign)
    if located is None or identifiers.code(source, at):
        return None
    if not located.cell.typed and not worded and join not in ("đến", "tới"):
        return None
    if join in _LIST and (dates.days(source, at, False) or periods.years(source, at, True)):
        return None
    return with_unit(source, _signed(source, located) if sign else located, worded)


def _neighbours(source: Source, low: Located) -> Draft | None:
    """`ba bốn lần`, `hai, ba năm`: two digits in words that name a range."""
    match = _DIGIT_WORD.match(source.folded, low.end)
    value = low.cell.values[0]
    if match is None or low.scaled or not 1 < value < 9 or ONES[match[1]] not in (value + 1, 7 if value == 5 else 0):
        return None
    high = number_at(source, match.start(1))
    draft = with_unit(source, high, True) if high else None
    if draft is None or not draft.kind:
        return None
    cell = scaled_like(_times(low.cell, _leading(source, value, draft)), draft.cells[0])
    draft.start, draft.form, draft.cells = low.start, "range", (cell, draft.cells[0])
    return draft


def _range(source: Source, low: Draft, high: Draft, join: str) -> list[Draft]:
    """One quantity of two ends; nothing where they are not of one kind or do not rise."""
    bare = not low.kind or implied(source, low)
    if not bare and (low.kind != high.kind or not f"{high.unit}/".startswith(f"{low.unit}/")):
        return []
    below = _lower(_thousands(_led(source, low, high), high), high.cells[0]) if bare else low.cells[0]
    if below.values[0] >= high.cells[0].values[0]:
        return []
    high.start = low.start if join == "-" else dates.from_word(source, low.start)
    high.form, high.cells = "range", (below, high.cells[0])
    if not high.kind:
        high.kind, high.doubtful = "count", True
    return [high]


def _lower(low: Cell, high: Cell) -> Cell:
    """The lower end with the magnitudes of the upper, or with its last: `800 đến 1 nghìn 200 tỷ`."""
    below = scaled_like(low, high)
    if not low.sizes and below.values[0] >= high.values[0]:
        return scaled_like(low, high._replace(sizes=high.sizes[-1:]))
    return below


def _thousands(cell: Cell, owner: Draft) -> Cell:
    """`20 - 30.000 đồng`: the lower end most likely shares the thousands; then `owner` is doubtful."""
    thousands = _WHOLE_THOUSANDS.fullmatch(owner.cells[0].typed)
    if not thousands or owner.cells[0].sizes or not cell.typed.isdigit() or int(cell.typed) >= int(thousands[1]):
        return cell
    owner.doubtful = True
    return _times(cell, 1000)


def _led(source: Source, member: Draft, owner: Draft) -> Cell:
    """`hai đến ba trăm`: a digit in words, most likely of hundreds; then `owner` is doubtful."""
    cell = member.cells[0]
    size = 1 if cell.typed or member.kind else _leading(source, cell.values[0], owner)
    if size > 1:
        owner.doubtful = True
    return _times(cell, size)


def _leading(source: Source, digit: Number, owner: Draft) -> int:
    """What the first digit of a number in words stands for, if a lesser one before it may share that."""
    match = _LEADING.match(source.folded, owner.start)
    if match is None or not 0 < digit < ONES[match[1]] or (digit == 1 and match[2] == "mươi"):
        return 1
    return 100 if match[2] == "trăm" else 10


def _ratio(source: Source, above: Draft, below: Draft) -> Draft:
    """`22/24 tiêu chí`, `1,9/4,6 tỷ đồng`: the unit and the magnitude count for both."""
    first, second = scaled_like(above.cells[0], below.cells[0]), below.cells[0]
    small = first.values[0] <= 31 and second.values[0] <= 12
    unsure = not below.kind and (small or source.folded.startswith("/", below.end))
    below.doubtful = unsure or (first != above.cells[0] and not first.typed)
    below.start, below.kind, below.form, below.cells = above.start, "ratio", "ratio", (first, second)
    return below


def _list(source: Source, first: Draft, second: Draft, join: str, worded: bool) -> list[Draft]:
    """`5, 10 năm`: numbers that share the unit of the last; `21, 5 tỷ`: one torn decimal."""
    torn = _torn(first, second) if join == "," else None
    if torn:
        return [torn]
    run = _LIST_RUN.match(source.folded, second.end)
    if not second.kind and run and not counted(source, run.end()) and not magnitude_follows(source, run.end()):
        return []
    members = [first, second]
    while not members[-1].kind and len(members) < _LONGEST:
        link = _connector(source, members[-1].end)
        member = _member(source, link[1], link[0], worded) if link and link[0] in _LIST else None
        if member is None:
            return []
        members.append(member)
    last = members[-1]
    if last.dimension == "calendar" and plausible_year(first.cells[0].typed):
        return []  # "năm 2016, 2017 và 6 tháng đầu năm 2018"
    numbers = [member.cells[0].values[0] for member in members]
    rising = all(b == a + 1 for a, b in pairwise(numbers))
    if not last.kind or (last.kind == "count" and not rising):
        return []
    if rising and len(members) == 2 and join == "," and numbers[1] < 10:  # "đi lại 5, 6 lần": rather a range
        last.doubtful = True
    return [*(_shared(source, member, last) for member in members[:-1]), last]


def _shared(source: Source, member: Draft, owner: Draft) -> Draft:
    """The member of a list with the unit of its last."""
    member.cells = (scaled_like(_led(source, member, owner), owner.cells[0]),)
    member.kind, member.unit, member.dimension, member.whole = owner.kind, owner.unit, owner.dimension, owner.whole
    member.doubtful = owner.doubtful or owner.kind == "count"
    return member


def _torn(first: Draft, second: Draft) -> Draft | None:
    whole, part = first.cells[0].typed, second.cells[0].typed
    if second.kind not in ("money", "percent", "measure") or not (whole.isdigit() and part.isdigit()):
        return None
    if len(whole) > 3 or len(part) > 2 or int(part) == int(whole) + 1 or int(whole) < int(part) > 9:
        return None
    missing = (Fraction(f"{whole}.{part}") - int(part)) * prod(second.cells[0].sizes)
    value = quotient(Fraction(second.cells[0].values[0]) + missing, Fraction(1))
    second.cells = (second.cells[0]._replace(values=(value,), typed=f"{whole},{part}"),)
    second.start, second.doubtful = first.start, True
    return second


def _comma_list(source: Source, context: Context) -> list[Draft]:
    """`30,40,45 năm tuổi Đảng`: a list whose commas touch its numbers."""
    start = context.start
    match = _COMMAS.match(source.folded, start)
    if match is None:
        return []
    parts = match.group().split(",")
    cells = [Cell((Decimal(part),), "", part) for part in parts]
    last = with_unit(source, Located(match.end() - len(parts[-1]), match.end(), cells[-1]), False)
    if not last.kind:
        return []
    drafts = []
    for part, cell in zip(parts[:-1], cells[:-1], strict=True):
        drafts.append(_shared(source, Draft(start, start + len(part), "", "value", (cell,)), last))
        start += len(part) + 1
    return [_finished(source, draft, context) for draft in (*drafts, last)]


def _ages(source: Source, context: Context) -> list[Draft]:
    """`ở tuổi 90`, `tuổi 70, 75 và 80`: bare numbers behind `tuổi`."""
    match = _AGE_LIST.match(source.folded, context.start)
    if match is None or counted(source, match.end()) or magnitude_follows(source, match.end()):
        return []
    members = _DIGITS.finditer(source.folded, context.start, match.end())
    cells = [(m.start(), m.end(), Cell((Decimal(m.group()),), "", m.group())) for m in members]
    return [Draft(start, end, "age", "value", (cell,), "tuổi", "age") for start, end, cell in cells]


def _alone(source: Source, draft: Draft, worded: bool) -> Draft:
    """A number that nothing is tied to; without a unit a year, a house (`35 Cao Thắng`) or a bare count."""
    if draft.kind or worded:
        return draft
    if plausible_year(draft.cells[0].typed):
        return Draft(draft.start, draft.end, "period", iso=draft.cells[0].typed, doubtful=True)
    if draft.cells[0].typed.isdigit() and _STREET.match(source.typed, draft.end):
        return Draft(draft.start, draft.end, "identifier")
    behind = source.folded[draft.end : draft.end + 1]
    if behind.isalpha() or behind in ("_", "\ufe0f", "\u20e3"):
        return draft
    draft.kind, draft.dimension, draft.doubtful = "count", "count", True
    return draft


def plausible_year(typed: str) -> bool:
    """Whether digits without a unit are rather a year than a number."""
    return "1900" <= typed < "2100" and len(typed) == 4 and typed.isdigit()


def _fraction(source: Source, located: Located) -> Draft | None:
    """`một phần ba`, `hai phần ba số hộ`: a ratio."""
    above, found, below = source.folded[located.start : located.end].partition(" phần ")
    if not found:
        return None
    try:
        numbers = (parse_number(above), parse_number("bốn" if below.strip() == "tư" else below))
    except ValueError:  # `sáu phần triệu`: a magnitude alone is no number
        return None
    cells = tuple(Cell((number,)) for number in numbers)
    return Draft(located.start, located.end, "ratio", "ratio", cells)


def _finished(source: Source, draft: Draft, context: Context | None) -> Draft:
    """What may turn a span of time into a period, minutes behind hours, approximators."""
    if draft.kind == "duration" and draft.form == "value":
        period = _period(source, draft, context)
        if period:
            return period
        minutes = _MINUTES.match(source.folded, draft.end) if draft.unit == "giờ" else None
        if minutes:
            hours = Fraction(draft.cells[0].values[0]) + Fraction(int(minutes[1]), 60)
            draft.cells = (Cell((quotient(Fraction(hours), Fraction(1)),)),)
            draft.end = minutes.end()
    behind = _BEHIND.match(source.folded, draft.end) if source.folded.startswith(" trở", draft.end) else None
    if draft.kind == "identifier":
        return draft
    draft.approx = context.approximator(draft.dimension) if context else None
    if draft.approx is None and behind:
        draft.approx = "over" if behind[1] == "lên" else "under"
    return draft


def _period(source: Source, draft: Draft, context: Context | None) -> Draft | None:
    """`6 tháng đầu năm 2020`; `sơ kết 9 tháng`, the first nine months as reports say it."""
    number = draft.cells[0].values[0]
    if draft.unit not in ("tháng", "quý") or number != int(number):
        return None
    part = periods.part_of_year(source, draft.end, int(number), draft.unit)
    if part:
        return Draft(draft.start, part[0], "period", iso=part[1])
    if context is None or draft.unit != "tháng" or not 1 < number < 12:
        return None
    rest = _REMAINING.match(source.folded, draft.end)
    if context.last in _SPAN_HEADS or context.approximator(draft.dimension):
        return None
    draft.doubtful = number >= _MANY_MONTHS
    if _SPAN_BEHIND.match(source.folded, draft.end):
        return None
    if rest or number == 9 or _RESULT_BEHIND.match(source.folded, draft.end):
        iso = periods.year_part(int(number), rest is not None, None)
        return Draft(draft.start, draft.end, "period", iso=iso, doubtful=True)
    return None


def scaled_like(cell: Cell, other: Cell) -> Cell:
    """`15-30 triệu`, `1 nghìn đến 2 nghìn tỷ`: the magnitudes of the last number count for the first."""
    own = len(cell.sizes)
    return _times(cell, prod(other.sizes[own:]), other.scale) if other.sizes[:own] == cell.sizes else cell


def _times(cell: Cell, factor: int, scale: str = "") -> Cell:
    if factor == 1:
        return cell
    values: list[Number] = [quotient(Fraction(value) * factor, Fraction(1)) for value in cell.values]
    return cell._replace(values=tuple(values), scale=scale)
