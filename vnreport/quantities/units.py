"""What stands behind a number: units, counted nouns, rates; and the way from unit to unit."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from vnreport.numerals import EXACT, Number
from vnreport.quantities.dates import YEAR
from vnreport.quantities.draft import Cell, Draft
from vnreport.quantities.lexicon import END, FELLOWS, STOPS, UNIT, UNITS
from vnreport.quantities.nouns import known_noun, noun_end
from vnreport.quantities.numbers import Located
from vnreport.quantities.source import Source
from vnreport.text import LOWER, UPPER

_KINDS = {
    "money": "money",
    "percent": "percent",
    "time": "duration",
    "calendar": "duration",
    "age": "age",
}
_NO_UNIT = re.compile(
    r"ngày (?:công|lương|hội|lễ)|giờ công|độ tuổi"
    rf"|đồng (?:{FELLOWS})"
    r"|mẫu (?:xét|nước|bệnh|phẩm|số|vật|thử|giấy|thực|máu|đơn|biểu)|tháng (?:giêng|chạp|âm)"
    r"|tiếng (?:dân|anh|việt|nói|thái)|quý (?:vị|ông|khách|đại)|phút (?:mặc|tưởng)"
)
"""What only begins like a unit: `ngày công`, `đồng chí`, `mẫu nước`."""
_AMBIGUOUS = frozenset("ngày giờ đồng độ mẫu tháng tiếng quý phút".split())
_THE_YEAR = re.compile(rf" {YEAR}")
"""Behind `5 tỷ năm`, whose `năm` is then no unit."""
_SAMPLES = re.compile(r"(?:lấy|gửi|nghiệm|test|được) ?$")
"""Before `5 mẫu`, which are then samples and no area: `lấy`, `xét nghiệm`."""
_UPPER_ONLY = frozenset(("cv", "w"))
_GLUED_LOWER_ONLY = frozenset(("g", "h", "l"))
_PLACE = re.compile(rf"Đồng [{UPPER}][{LOWER}]")
"""`213 Đồng Khởi`."""
_BEHIND = re.compile(r" ([^\W\d_]+)")
_METRES = re.compile(r"m([0-9]{1,2})(?![\w/]|[.,][0-9])")
"""`1m65`."""
_HALF = re.compile(rf" rư[ỡở]i{END}")
_THOUSANDS = re.compile(rf"k{END}")
"""`50k`."""
_SHORT_AGE = re.compile(r"t(?= ?[,;)])")
"""`35t,`, `35t)`."""
_MONEY_SCALE = re.compile(r"(triệu|triêu|tỷ|tỉ|nghìn|ngàn|tr)(?: rư[ỡở]i| [0-9]{1,3})?$")
"""Money though no currency follows: `5 tỷ`, `2 triệu rưỡi`, `4 tỷ 8`."""
_COUNTED_IN_MILLIARDS = re.compile(rf" (?:người|dân|lượt|cổ phiếu|con|cây){END}")
"""`8 tỷ người`, no money."""
_RATE = re.compile(
    rf" ?/ ?((?:[0-9]{{1,3}} (?=(?:tháng|năm|ngày|tuần|giờ|phút|quý){END}))?)"
    rf"(?=[^\W\d_]|%)(?!(?:c|kh|kế hoạch|chỉ tiêu|dự toán|mục tiêu|nghị quyết|định mức|nhu cầu|tổng số|tổng){END})"
)
"""Behind a unit: `/người`, `/6 tháng`, not `/kế hoạch`, `/tổng số`."""
_WORD = re.compile(r"[^\W\d_]+")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_AVERAGE = re.compile(r"bình quân|trung bình")


def with_unit(source: Source, located: Located, worded: bool) -> Draft:
    """One number with the unit, the noun or the rate behind it; its kind stays empty without.

    Args:
        source: the text.
        located: the number.
        worded: whether it stands in words, where an unknown word behind it is no noun.
    """
    text, end, cell = source.folded, located.end, located.cell
    draft = Draft(located.start, end, "", "value", (cell,), doubtful=located.doubtful)
    match = UNIT.match(text, end)
    metres = _METRES.match(text, end) if not match and text.startswith("m", end) and cell.typed.isdigit() else None
    if metres:
        draft.end, draft.kind, draft.unit, draft.dimension = metres.end(), "measure", "m", "length"
        draft.cells = (Cell((Decimal(f"{cell.typed}.{metres[1]}"),), "", f"{cell.typed},{metres[1]}"),)
    elif match and _is_unit(source, located, match):
        unit = UNITS[match[1]]
        draft.end, draft.unit, draft.dimension = match.end(), unit.symbol, unit.dimension
        draft.kind = "measure" if unit.symbol == "‰" else _KINDS.get(unit.dimension, "measure")
        draft.whole = unit.dimension == "money" and not located.scaled
    elif cell.typed and _THOUSANDS.match(text, end):
        draft.end, draft.kind, draft.unit, draft.dimension = end + 1, "money", "VND", "money"
        draft.cells = (_thousandfold(cell),)
    elif len(cell.typed) == 2 and _SHORT_AGE.match(text, end):
        draft.end, draft.kind, draft.unit, draft.dimension, draft.doubtful = (
            end + 1,
            "age",
            "tuổi",
            "age",
            True,
        )
    elif located.scaled or not _YEAR.fullmatch(cell.typed) or known_noun(source, end):
        _count(source, located, draft, worded)
    if draft.kind:
        half = _HALF.match(text, draft.end) if text.startswith(" rư", draft.end) else None
        if half:
            draft.end = half.end()
            draft.cells = (draft.cells[0]._replace(values=tuple(map(_plus_half, draft.cells[0].values))),)
        if text.startswith(("/", " /"), draft.end):
            _rate(source, draft)
    return draft


def names_place(source: Source, unit: re.Match[str]) -> bool:
    """Whether `unit` only begins a name: `213 Đồng Khởi`."""
    return unit[1] == "đồng" and _PLACE.match(source.typed, unit.start(1)) is not None


def _is_unit(source: Source, located: Located, match: re.Match[str]) -> bool:
    """Whether what looks like a unit is one: not `2 mẫu nước`, `3 ngày công`, `213 Đồng Khởi`, `sóng 4G`."""
    text = source.folded
    if match[1] in _AMBIGUOUS and _NO_UNIT.match(text, match.start(1)):
        return False
    if match[1] == "năm" and located.scaled and _THE_YEAR.match(text, match.end()):
        return False
    if not located.scaled and names_place(source, match):
        return False
    if match[1] == "yên":  # "5 tỷ Yên Bái"
        behind = _BEHIND.match(text, match.end())
        return located.scaled and (behind is None or behind[1] in STOPS)
    if match[1] == "mẫu":
        return _SAMPLES.search(text, max(0, located.start - 16), located.start) is None
    upper = source.typed[match.start(1) : match.end(1)].isupper()
    if match[1] in _UPPER_ONLY:
        return upper
    return not (match[1] in _GLUED_LOWER_ONLY and upper and match.start(1) == located.end)


def _count(source: Source, located: Located, draft: Draft, worded: bool) -> None:
    """A counted noun; behind `triệu` and `tỷ` money where none is known."""
    text = source.folded
    noun = noun_end(source, located.end)
    scale = None
    if located.scaled:
        scale = _MONEY_SCALE.search(text, max(located.start, located.end - 12), located.end)
    known = noun is not None and noun[1] != "unknown"
    if scale and (not known or (scale[1] in ("tỷ", "tỉ") and not _COUNTED_IN_MILLIARDS.match(text, located.end))):
        draft.kind, draft.unit, draft.dimension = "money", "VND", "money"
        draft.doubtful = scale[1] in ("nghìn", "ngàn")
    elif noun and not (worded and noun[1] == "unknown" and not located.scaled):
        draft.end = noun[0]
        draft.kind = draft.dimension = "count"
        draft.unit = source.typed[located.end : noun[0]].strip()
        draft.whole = noun[1] in ("noun", "classifier") and not located.scaled
        if draft.whole and len(located.cell.values) > 1:
            draft.whole = _AVERAGE.search(text, max(0, located.start - 40), located.start) is None


def implied(source: Source, draft: Draft) -> bool:
    """Whether only a magnitude word makes the number money: `500 nghìn`, `2 triệu rưỡi`."""
    return draft.kind == "money" and _MONEY_SCALE.search(source.folded, draft.start, draft.end) is not None


def _rate(source: Source, draft: Draft) -> None:
    """`/người/tháng`, `/ha`, `/6 tháng` behind a unit."""
    for _ in range(3):
        match = _RATE.match(source.folded, draft.end)
        if match is None:
            return
        at = match.end()
        unit, word = UNIT.match(source.folded, at), _WORD.match(source.folded, at)
        noun = known_noun(source, at)
        end = max(unit.end() if unit else 0, noun or 0, word.end() if word else at)
        below = source.typed[at:end].strip()
        if unit and end == unit.end():
            symbol = UNITS[unit[1]].symbol
            below = symbol if symbol.lower() == unit[1] else unit[1]
        elif noun and draft.kind != "count" and source.typed[draft.start : end].isupper():
            below = below.lower()
        draft.unit = f"{draft.unit}/{match[1]}{below}"
        draft.end = end
        draft.whole = draft.whole and draft.kind == "money"


def _thousandfold(cell: Cell) -> Cell:
    values = tuple(EXACT.multiply(value, Decimal(1000)) for value in cell.values if isinstance(value, Decimal))
    return cell._replace(values=values, sizes=(1000,))


def _plus_half(value: Number) -> Number:
    return EXACT.add(value, Decimal("0.5")) if isinstance(value, Decimal) else value + Fraction(1, 2)
