"""Quantities that begin with a word or a Roman numeral: `ba hộ`, `lần thứ nhất`, `khóa XX`."""

from __future__ import annotations

import re
from decimal import Decimal

from vnreport.numerals import AFTER_ODD
from vnreport.quantities import amounts, periods
from vnreport.quantities.context import Context
from vnreport.quantities.dates import YEAR
from vnreport.quantities.draft import Cell, Draft
from vnreport.quantities.identifiers import name_start
from vnreport.quantities.lexicon import END, NOUNS, PLACES
from vnreport.quantities.nouns import counted, known_noun, noun_end
from vnreport.quantities.numbers import number_at
from vnreport.quantities.source import Source

_ORDINALS = {"nhất": 1, "nhì": 2} | {word: value for word, value in AFTER_ODD.items() if value > 1}
_ORDINAL = re.compile(rf"(?:lần thứ|thứ|lần|hạng) (mười|{'|'.join(_ORDINALS)}){END}")
"""`lần thứ nhất`, `thứ ba`, `lần hai`, `hạng nhì`."""
_WEEKDAY_BEFORE = frozenset(("sáng", "chiều", "tối", "trưa", "ngày", "vào", "trực", "cả", "kể", "các"))
_WEEKDAY_ROW = re.compile(r"(?:sáng|chiều|tối|trưa|ngày|vào|các)(?: thứ \w+,?(?: và| hoặc)?){1,6} (?:thứ )?$")
"""Before a day of the week: `vào thứ hai, thứ ba và`."""
_WEEKDAY_BEHIND = re.compile(
    r" ?,? ?\(?(?:ngày )?[0-9]{1,2} ?[/.-] ?[0-9]"
    r"|,? (?:chủ nhật|hằng tuần|hàng tuần|và thứ|tuần)"
)
"""Behind a day of the week: `ngày 5/7`, `hằng tuần`, `và thứ`."""
_ITEM_LEAD = re.compile(r"(?:^|\n|[.;:!?…”\"] )[^\w\n]{0,8}$")
"""The beginning of a line or a sentence, with bullets or without: `nghèo; +`."""
_ROMAN = re.compile(r"(?=[ivxl])(?:xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
"""Any below 90, in lower case: `iv`, `xx`, `xliv`."""
_NEXT_ROMAN = re.compile(rf"(?:, | và )((?:X{{1,3}})?(?:IX|IV|V?I{{1,3}}|V)|X{{1,3}}){END}")
"""Behind `khóa XX`: `, XXI`, `và XXII`."""
_LONGEST = 12
_LETTERS = {"i": 1, "v": 5, "x": 10, "l": 50}
_PART = re.compile(r"(?:phần|mục|chương)$")
"""Before `II`: at the beginning of a line a heading."""
_HALF_YEAR = re.compile(rf"nửa (đầu|cuối) năm(?: ({YEAR}))?")
_ONE_OF = "một trong "
_BLOCKED = frozenset(("thứ", "mồng", "mùng", "hạng", "những", "giải", "lần", "mười", "mươi", "vài", "dăm", "ngã"))
_FIVE_YEARS = re.compile(r"năm năm(?! (?:học|[0-9]))")
"""Five years, not `năm năm học`, `năm năm 2020`."""
_FIVE_PARTS = re.compile(rf"năm phần (?:trăm|nghìn|ngàn|sáu|bảy|bẩy|tám|chín|mười){END}")
"""`năm phần trăm`, `năm phần sáu`."""
_FROM_FIVE = re.compile(rf"năm (?:đến|tới) (?:sáu|bảy|bẩy|tám|chín|mười|[^\W\d_]+ (?:mươi|trăm)){END}")
"""Behind `từ`, the number and not the year: `năm đến mười`, `năm tới hai mươi`."""
_NOT_FIVE = frozenset(
    (
        *(
            "trong",
            "cả",
            "đầu",
            "cuối",
            "giữa",
            "hằng",
            "hàng",
            "mỗi",
            "các",
            "những",
            "nhiều",
            "mấy",
            "một",
            "vài",
        ),
        *(
            "từng",
            "qua",
            "kế",
            "hoạch",
            "toàn",
            "quanh",
            "suốt",
            "sang",
            "hết",
            "đến",
            "tháng",
            "ngày",
            "quý",
            "tới",
        ),
        *(
            "theo",
            "dự",
            "toán",
            "nửa",
            "là",
            "giao",
            "chỉ",
            "tiêu",
            "lâu",
            "thường",
            "niên",
            "trước",
            "sau",
            "từ",
        ),
    )
)
_NOT_COUNTED = frozenset(
    (
        *(
            "huyện",
            "tỉnh",
            "xã",
            "công",
            "học",
            "bộ",
            "sở",
            "ban",
            "thành phố",
            "nước",
            "hội",
            "đơn vị",
            "ngành",
        ),
        *(
            "chi bộ",
            "cơ quan",
            "phường",
            "ông",
            "bà",
            "anh",
            "chị",
            "ngày",
            "năm học",
            "dân",
            "mùa",
            "đại hội",
        ),
        *("nghề", "người", "đầu", "tổ chức", "bản"),
    )
)


def number(source: Source, start: int, floor: int) -> list[Draft]:
    """The quantity that begins with the number word at `start`, if it is one."""
    text, typed = source.folded, source.typed
    end = start + 1
    while end < len(text) and text[end].isalpha():
        end += 1
    if typed[start].isupper() and typed[end : end + 2].lstrip(" ")[:1].isupper() and not typed[start:end].isupper():
        return []
    if text.startswith("nửa", start):
        return _half(source, start, floor)
    if text.startswith(_ONE_OF, start):
        return _one_of(source, start)
    context = Context(source, start, floor)
    if context.last in _BLOCKED or (context.last == "tháng" and not counted(source, end)):
        return []
    if text.startswith("năm", start) and not _is_five(source, start, context):
        return []
    return amounts.read(source, context, worded=True)


def _is_five(source: Source, start: int, context: Context) -> bool:
    """Whether `năm` is the number and not the year."""
    if _FIVE_YEARS.match(source.folded, start):
        return context.last not in _NOT_FIVE
    if context.last == "từ" and _FROM_FIVE.match(source.folded, start):
        return True
    if _FIVE_PARTS.match(source.folded, start):
        return True
    behind = start + len("năm")
    located = number_at(source, start)
    if located and located.end > behind:
        return True
    noun = noun_end(source, behind)
    if noun is None or noun[1] != "noun" or context.last.strip("(") in _NOT_FIVE:
        return False
    phrase, typed = source.folded[behind : noun[0]].strip(), source.typed[behind : noun[0]]
    return (
        phrase in NOUNS
        and phrase not in _NOT_COUNTED
        and not any(len(word) > 1 and word.istitle() for word in typed.split())
    )


def _half(source: Source, start: int, floor: int) -> list[Draft]:
    """`nửa cuối năm 2020`, `nửa triệu đồng`; a plain half is no figure."""
    match = _HALF_YEAR.match(source.folded, start)
    if match:
        return [Draft(start, match.end(), "period", iso=periods.year_part(6, match[1] == "cuối", match[2]))]
    located = number_at(source, start)
    return amounts.read(source, Context(source, start, floor), worded=True) if located and located.scaled else []


def _one_of(source: Source, start: int) -> list[Draft]:
    """`một trong năm chỉ tiêu`: a ratio; `một trong những …` is none."""
    located = number_at(source, start + len(_ONE_OF))
    end = known_noun(source, located.end) if located else None
    if located is None or end is None:
        return []
    unit = source.typed[located.end : end].strip()
    cells = (Cell((Decimal(1),)), located.cell)
    return [Draft(start, end, "ratio", "ratio", cells, unit, "count", whole=True)]


def ordinal(source: Source, start: int, floor: int) -> list[Draft]:
    """`lần thứ nhất`, `thứ ba`, `lần hai`."""
    match = _ORDINAL.match(source.folded, start)
    if match is None:
        return []
    end, value = match.end(), _ORDINALS.get(match[1], 10)
    located = number_at(source, match.start(1))
    if located and located.end > end and not located.scaled:  # "lần thứ hai mươi mốt"
        end, value = located.end, int(located.cell.values[0])
    context = Context(source, start, floor)
    if match.group().startswith("thứ"):
        if weekday(source, context, end) or _enumerates(source, start, end):
            return []
    elif "thứ" not in match.group() and (
        counted(source, end) or match[1] == "năm" or context.last in ("một", "mỗi", "hai", "ba")
    ):
        return []  # "một lần hai hộ", "lần năm nay"
    return [place(start, end, value)]


def weekday(source: Source, context: Context, end: int) -> bool:
    """Whether `thứ hai`, `thứ 2` that ends at `end` is a day of the week.

    Args:
        source: the text.
        context: what stands before the number or before `thứ`.
        end: the offset behind the number.
    """
    words = context.words[:-1] if context.last == "thứ" else context.words
    before = words[-1].lstrip("“\"'(") if words else ""
    if before in _WEEKDAY_BEFORE or _WEEKDAY_BEHIND.match(source.folded, end):
        return True
    return _WEEKDAY_ROW.search(source.folded, max(0, context.start - 40), context.start) is not None


def _enumerates(source: Source, start: int, end: int) -> bool:
    """`Thứ nhất, …` at the head of a sentence and `Phần thứ hai:` number the parts of a text."""
    text = source.folded
    if text[end : end + 3].strip()[:1] not in (",", ":") and not text.startswith(" là ", end):
        return False
    return leads(source, start) or text.endswith("phần ", 0, start)


def leads(source: Source, start: int) -> bool:
    """Whether nothing but a bullet stands between `start` and the sentence end before it."""
    lead = source.folded[max(0, start - 12) : start]
    return _ITEM_LEAD.search(lead if start <= 12 else "\0" + lead) is not None


def place(start: int, end: int, value: int) -> Draft:
    """An ordinal."""
    return Draft(start, end, "ordinal", "value", (Cell((Decimal(value),)),))


def roman(source: Source, start: int, floor: int) -> list[Draft]:
    """`khóa XX`, `quý II`, `giai đoạn II`."""
    text = source.folded
    match = _ROMAN.match(text, start)
    end = match.end() if match else start
    if (
        end == start
        or text[end : end + 1].isalnum()
        or (text.startswith("-", end) and text[end + 1 : end + 2].isalpha())
    ):
        return []
    context = Context(source, start, floor)
    if "quarter" in context.classes or context.phrase == "q.":
        found = periods.quarters(source, start)
        if found:
            periods.widen(source, found, context.begin, floor, cut=True)
        return found
    heading = _PART.search(context.phrase) and text[max(0, context.begin - 1) : context.begin] in ("", "\n")
    if heading or not source.typed[start:end].isupper():
        return []
    if "ordinal" in context.classes:
        found = [place(context.begin, end, _roman(text[start:end]))]
        while (link := _NEXT_ROMAN.match(source.typed, found[-1].end)) and len(found) < _LONGEST:
            found.append(place(link.start(1), link.end(1), _roman(link[1].lower())))
        return found
    if context.classes & {"name", "label"}:
        return [] if context.last == "p." else [Draft(context.begin, end, "identifier")]  # "Ảnh: P. V"
    begin = name_start(source, start, floor, PLACES)
    if begin is None or begin == start or source.typed[begin:start].isupper():
        return []
    return [Draft(begin, end, "identifier")]  # "Khu công nghiệp Sông Công II"


def _roman(text: str) -> int:
    values = [_LETTERS[letter] for letter in text]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < following else value for value, following in pairs)
