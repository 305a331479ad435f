"""What the words around a figure make of it; patterns for `Figure.left`, `.segment` and `.right`."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal

from vnreport.relations.cues import INDICATOR, pattern
from vnreport.relations.figures import Figure

Direction = Literal["up", "down"]
Relation = Literal["of_plan", "of_base", "growth", "times", "excess", "sum"]
Key = Literal["actual", "plan", "base", "stated", "growth", "excess"]
KEYS: tuple[Key, ...] = ("actual", "plan", "base", "stated", "growth", "excess")

PLAN, _EARLIER, _TIME, CHANGE, COMPARED, TIMES, REACH, TO, ABOUT, FILLER, SET = (
    pattern(INDICATOR, kind)
    for kind in ("plan", "base", "time", "change", "compared", "times", "reach", "to", "about", "filler", "set")
)
BASE = f"(?:{_EARLIER}|{_TIME})"
TASK, SHARE, CASE, SETTLED, TARGET, PRESENCE, ISSUER = (
    pattern(INDICATOR, kind) for kind in ("task", "share", "case", "settled", "target", "presence", "issuer")
)
UP, DOWN, PARTS, SOME = (pattern(INDICATOR, kind) for kind in ("up", "down", "parts", "some"))
_WHOLE = rf"(?:(?:khối lượng|diện tích|tổng số|tổng) )?{PLAN}"
_BEFORE = rf"(?:.* và )?(?:(?:{FILLER}|{ABOUT}) )*"

BREAK = re.compile(r";|[.!?] ")
"""In `left`: the indicator before is finished."""
ADJUNCT = re.compile(r"(?:[^,;:()]{0,25} )?(?:(?<!so )với|gồm)")
"""`43,7 tỷ đồng với 702 hộ vay`."""
PAIR = re.compile(rf"(?:[^,;:()]{{0,40}})?/ ?(?:{PLAN}\b[^,;:()]{{0,40}})?")
"""`A/B`, `A/kế hoạch năm B`."""
OUT_OF = re.compile(
    rf"(?:(?!.*\bvà\b)[^,;:()]{{0,30}} )?(?:trên|trên tổng|trên tổng số|trong tổng số)(?: {PLAN}\b[^,;:()]{{0,30}})?"
)
"""`A trên tổng B`."""
PLANNED = re.compile(rf"(?:.*\b)?(?:{PLAN}\b(?: [^,;]{{0,45}})?|{SET}(?: là)?)")
"""`chỉ tiêu B`, `huyện giao B`."""
_COMPARED_FIRST = re.compile(
    rf"(?:.*\b)?so(?: với)? (?:mức )?(?:{_WHOLE}|{BASE})\b.{{0,30}} (?:{REACH}|là)(?: {ABOUT})*"
)
"""In `segment`: `so với cùng kỳ bằng p%`, `so với kế hoạch năm đạt p%`."""
STATED = re.compile(
    rf"{_BEFORE}(?:{REACH}(?: {ABOUT})*|(?:{ABOUT} ?)*)|.*\b{PLAN}\b.{{0,30}} {REACH}|{_COMPARED_FIRST.pattern}"
)
"""`đạt p%`, `, tức p%`, `(p%`."""
REACHED = re.compile(rf".*\b{REACH}(?: {ABOUT})*")
"""`so với kế hoạch B, đến nay đạt p%`."""
_CHANGES = rf"(?P<verb>{CHANGE}|vượt)(?: {pattern(INDICATOR, 'manner')})?"
_CHANGE = re.compile(
    rf"{_BEFORE}(?:(?:so(?: với)? (?P<since>.{{0,60}}?) )?{_CHANGES}(?P<reference>(?: .{{0,60}}?)??)(?: {ABOUT})*"
    rf"|(?:hơn (?P<than>\S.{{0,60}}?)|{COMPARED}(?P<level>(?: .{{0,60}}?)??))(?: {ABOUT})*)",
)
"""`tăng A`, `so với năm trước giảm A`, `tăng mạnh so với cùng kỳ A`, `hơn năm trước A`, `cao hơn A`."""
_NEW_CHANGE = re.compile(rf".*\S (?:{FILLER} )*{_CHANGES}(?: {ABOUT})*")
"""With the name of what changed: `số vụ giảm A`."""
_ENDS_REACHED = re.compile(rf"(?:.*\b)?{REACH}")
"""`tăng so với năm trước đạt A`: what was reached, not by how much."""
EQUALS = re.compile(rf"[,(]? ?{pattern(INDICATOR, 'equals')}(?: {CHANGE})?(?: {ABOUT})*")
"""In `left`: what follows says the same as what is before: `3 vụ, tương ứng 20%`."""
_TIMES = re.compile(rf"{_BEFORE}(?:so(?: với)? .{{0,60}}? )?{TIMES}(?: (?:{ABOUT}|từ))*")
"""`gấp A lần`, `so với năm trước tăng A lần`."""
_NEW_TIMES = re.compile(rf"(?:.*\b)?{TIMES}(?: (?:{ABOUT}|từ))*")
"""With the name of what changed: `số hộ gấp A lần`."""
AGAINST_PLAN = re.compile(rf",? ?(?:của |so(?: với)? )?{_WHOLE}\b")
"""In `right`: `p% kế hoạch năm`."""
AGAINST = re.compile(rf",? ?(?:(?:của |so(?: với)? |so )?(?:{_WHOLE}|{BASE}|mức|{ISSUER} {SET})\b|so(?: với)? )")
"""In `right`: `p% so với cùng kỳ`."""
_AGAINST_BASE = re.compile(
    rf"(?:(?:(?:của |so(?: với)? )?(?:mức )?{_EARLIER}|so(?: với)? (?:mức )?{_TIME})\b|{_TIME}(?= \d))(?! {PLAN}\b)"
)
"""In `right`: `p% so với cùng kỳ`, `p% năm 2022`."""
OF_SOMETHING = re.compile(r"(?!(?:và|trong|nhưng|song|tăng|giảm|cao|thấp|theo|do|vượt|trở)\b)[^\W\d]")
"""In `right`: `p% số hộ`, a share."""
_RANK = r"(?: (?:vị trí|hạng|thứ hạng))?"
FROM = re.compile(rf"(?:.*\b)?từ{_RANK}")
"""`từ A xuống còn B`, `từ vị trí A`."""
TO_LEVEL = re.compile(rf"(?:.*\b)?{TO}(?: (?:{ABOUT}|đạt))*")
"""`từ A xuống còn B`."""
LEADS_TO = re.compile(rf"[^;]{{0,60}}\b{TO}(?: (?:{ABOUT}|đạt))*{_RANK}")
"""In `left` of the figure behind `từ A`: `xuống còn B`, `tăng lên B`."""
NOW = re.compile(r"[^;]{0,60}\b(?:đạt|nay)")
"""The same for ratios: `đến nay B`."""
SINCE = re.compile(r"(?:.*\b)?so với(?: .*)?")
"""In `phrase`: `so với B`, `so với cùng kỳ B`."""
SINCE_PLAN = re.compile(rf"so với {PLAN}\b(?: (?!.*\b{REACH}\b).{{0,30}})?")
"""`so với chỉ tiêu B`: the plan before its result."""
COMPARES = re.compile(rf"\b{COMPARED}\b")
COMPARED_WITH = re.compile(r"\bso (?:với|ck|cùng|năm|đầu|thời)\b")
"""Behind a change: it is one over time or beyond a plan."""
THIS = re.compile(r".*\b(?:số|tỷ lệ|mức|chỉ tiêu)(?: \S+){0,2} (?:này|ấy|đó)\b.*")
"""`Số thu này`: the figure told before."""
YEARLY = re.compile(r"(?:.* )?bình quân(?: (?:mỗi|hằng|hàng|một) năm)? (?:tăng|giảm)|bình quân .*")
"""A mean change, not one over a period told."""
LIMIT = re.compile(r"(?:so với )?(?:mức |ngưỡng )?(?:cho phép|quy chuẩn|quy định|tiêu chuẩn|chuẩn)\b")
"""In `right`, or behind `vượt`: a limit set by law, neither a plan nor an earlier time."""
DISBURSED = re.compile(rf"(?:.*\b)?giải ngân(?: .*)? {REACH}(?: {ABOUT})*")
"""`giải ngân vốn đầu tư công đạt p%`: of its plan, though none is named."""
SHARED = re.compile(rf"(?:.*\b)?chiếm(?: (?:tỷ lệ|tỉ lệ|{ABOUT}))*")
"""`chiếm p%`: a share."""
GROWTH_RATE = re.compile(r"(?:.*\b)?mức tăng(?: trưởng)?|(?:.*\b)?tăng trưởng")
"""A rate of growth, not a change over a period told."""
MISSED = re.compile(r"(?:chưa|không) đạt")
"""`85%, chưa đạt 90%`: the second is the plan."""

ALL_PARTS = re.compile(rf"[,;:(]? ?{PARTS}\b.*|:.*")
"""Behind a sum whose parts follow, all of them."""
SOME_PARTS = re.compile(rf"[,;(]? ?{SOME}\b.*|\(.*")
"""Behind one of whose parts some follow."""
EACH = re.compile(rf".*?(?P<before>(?:\b(?:{REACH}|{CHANGE}) )?)lần lượt(?P<behind>(?: [^,;:]*)?)")
"""`A, B lần lượt đạt p%, q%`."""
LIST_JOINT = re.compile(r",|;|và|, và")

_WAY = re.compile(rf"\b(?:(?P<down>{DOWN})|{UP})\b")
_NAMES_PLAN = re.compile(rf"\b(?:{PLAN}|{ISSUER} {SET})\b")
_NAMES_BASE = re.compile(rf"\b{BASE}\b")
_TASK = re.compile(rf"\b{TASK}\b")
_PRESENCE = re.compile(rf"\b{PRESENCE}\b")
_TARGET = re.compile(rf"{TARGET}\b")
_CASE = re.compile(rf"{CASE}\b")
_SETTLED = re.compile(rf"{SETTLED}\b")
_TASK_BEHIND = re.compile(rf"(?:[^,;:()]{{1,20}} )?(?:đã |được )+{TASK}\b|nhận tiền\b")
"""In `right`: `3/5 căn nhà đã được bàn giao`."""
_LAGS = re.compile(r"(?:.*\b)?(?:mới|chỉ)(?: \S+){0,2} (?:đạt|được)")
"""`mới đạt 34/41 người`, `mới vận động được 18/41 hộ`."""
_FAILS = re.compile(r"(?:[^,;:()]{0,30} )?chưa\b")
"""In `right`: `6/18 xã chưa có trụ sở`, a part that lacks something."""
_SHARE = re.compile(rf"{SHARE}\b")
_MEASURED = re.compile(r".*(?:đồng|vnd|triệu|tỷ)|(?:ha|km|m|m2|t|tấn|tạ|kg)\b")
"""In `unit`: `triệu đồng`, `ha`, no noun that is counted."""


def names_plan(words: str) -> bool:
    """Whether words name a plan, or who has set it: `chỉ tiêu`, `huyện giao`."""
    return _NAMES_PLAN.search(words) is not None


def names_base(words: str) -> bool:
    """Whether words name an earlier time to compare with: `cùng kỳ`."""
    return _NAMES_BASE.search(words) is not None


def against_base(stated: Figure) -> bool:
    """Whether the words behind a percentage set it against an earlier time: `120% so với cùng kỳ`, `120% năm 2022`."""
    return _AGAINST_BASE.match(stated.right) is not None or _compared_first(stated) == "base"


def _compared_first(stated: Figure) -> Key | None:
    match = _COMPARED_FIRST.fullmatch(stated.segment)
    return None if match is None else "plan" if names_plan(match[0]) else "base"


def is_compared(stated: Figure) -> bool:
    """Whether the words beside a percentage set it against a plan or an earlier time."""
    return AGAINST_PLAN.match(stated.right) is not None or _compared_first(stated) is not None


def change_key(figure: Figure, *, fresh: bool = False) -> Key | None:
    """Growth for per cent that rise or fall and for `gấp … lần`; excess for amounts and what lies beyond a plan.

    Args:
        figure: the difference.
        fresh: whether the words before it may name a new thing that changed.

    Returns:
        None where the words tell no change over time or beyond a plan.
    """
    if _is_times(figure):
        return "growth" if fresh or _TIMES.fullmatch(figure.segment) else None
    if fresh and (match := _NEW_CHANGE.fullmatch(figure.segment)):
        return _growth_or_excess(figure, match["verb"])
    match = _CHANGE.fullmatch(figure.segment)
    if match is None:
        return None
    against = (match["since"] or match["reference"] or match["than"] or match["level"] or "").strip()
    if against and match["verb"] != "vượt" and not (names_plan(against) or names_base(against)):
        return None
    if _ENDS_REACHED.fullmatch(against) or LIMIT.fullmatch(against):
        return None
    return _growth_or_excess(figure, match["verb"])


def _is_times(figure: Figure) -> bool:
    return figure.unit == "lần" and _NEW_TIMES.fullmatch(figure.segment) is not None


def _growth_or_excess(figure: Figure, verb: str | None) -> Key:
    return "growth" if figure.percent and verb and verb != "vượt" else "excess"


def is_same_change(actual: Figure | None, change: Figure, figure: Figure) -> bool:
    """Whether a percentage behind an amount is that change, not what was reached: `tăng 3 vụ = 133,3%`."""
    if AGAINST_PLAN.match(figure.right) and not beyond_plan(change):
        return False
    if actual is None or actual.value is None or change.value is None or figure.value is None:
        return True
    earlier = value_before(actual.value, change.value, direction(change))
    return abs(earlier * figure.value - change.value * 100) <= abs(earlier * figure.value - actual.value * 100)


def value_before(value: Fraction, change: Fraction, way: Direction | None) -> Fraction:
    """What a change was added to, or taken from where it went down, to give a value."""
    return value + (change if way == "down" else -change)


def direction(figure: Figure) -> Direction | None:
    """Which way a change goes; None where its words do not tell."""
    ways = list(_WAY.finditer(figure.segment))
    if not ways:
        return "up" if figure.segment.startswith("hơn ") else None
    return "down" if ways[-1]["down"] else "up"


def beyond_plan(figure: Figure) -> bool:
    """Whether a change is one from a plan: `vượt 6%`, `thấp hơn 3 ha so với kế hoạch`."""
    return "vượt" in figure.segment or names_plan(figure.segment) or AGAINST_PLAN.match(figure.right) is not None


def is_same_reference(relation: Relation, stated: Figure, change: Figure) -> bool:
    """Whether a percentage speaks of the plan or base that an amount was added to or taken from."""
    if AGAINST.match(stated.right) and AGAINST.match(change.right):
        return False  # each has its own
    if relation in ("of_plan", "of_base"):
        return beyond_plan(change) is (relation == "of_plan")
    return beyond_plan(change) is beyond_plan(stated) or (beyond_plan(change) and direction(stated) is None)


def names_level(actual: Figure, figure: Figure) -> bool:
    """Whether `vượt chỉ tiêu 90%` names the level passed; `vượt chỉ tiêu 0,3%` names the distance."""
    if not names_plan(figure.segment) or figure.value is None or actual.value is None:
        return False
    return abs(figure.value) * 2 >= abs(actual.value)


def is_change(actual: Figure, figure: Figure) -> bool:
    """Whether a figure is by how much the actual one has changed (`tăng 54 tỷ đồng`), not what it is now."""
    return _CHANGE.fullmatch(figure.segment) is not None and not names_level(actual, figure)


def counted_noun(figure: Figure) -> str | None:
    """What a count or a ratio counts, as typed; None for amounts, measures and how many times over."""
    if _is_times(figure):
        return None
    counts = figure.quantity.kind == "count" or (figure.ratio and not _MEASURED.match(figure.unit))
    return figure.quantity.unit if counts else None


def is_target(ratio: Figure) -> bool:
    """Whether a ratio is a result over its target, not a part of a whole."""
    top, bottom = ratio.quantity.numerator, ratio.quantity.denominator
    if _PRESENCE.search(f"{ratio.left} {ratio.right}") or _FAILS.match(ratio.right):
        return False
    return bool(
        (top is not None and bottom is not None and top > bottom)
        or _TARGET.match(ratio.unit)
        or _MEASURED.match(ratio.unit)
        or _TASK.search(ratio.near)
        or _LAGS.fullmatch(ratio.segment)
        or _TASK_BEHIND.match(ratio.right)
        or AGAINST_PLAN.match(ratio.right)
    )


def states_plan(actual: Figure, figure: Figure, *, referred: bool) -> bool:
    """Whether a percentage says how much of a plan was reached, not a share.

    Args:
        actual: the figure before it.
        figure: the percentage.
        referred: whether a plan or base was told.
    """
    if SHARED.fullmatch(figure.segment) and not names_plan(figure.right):
        return False
    if AGAINST.match(figure.right) or _compared_first(figure):
        return True
    if referred or (actual.ratio and is_target(actual) and reaches(actual, figure)):
        return True
    if OF_SOMETHING.match(figure.right):
        return False
    if _CASE.match(actual.unit):
        return actual.ratio and reaches(actual, figure) and _SETTLED.match(actual.unit) is not None
    counts_people = _SHARE.match(actual.unit) is not None
    if actual.ratio:
        return "=" in figure.segment or is_target(actual) or not counts_people
    return "đạt" in figure.segment and not counts_people


def reaches(actual: Figure, stated: Figure, plan: Figure | None = None) -> bool:
    """Whether a percentage is within one of actual over plan, or of a ratio's two numbers."""
    whole = actual.quantity.denominator if plan is None else plan.value
    if not whole or actual.value is None or stated.value is None:
        return False
    return abs(actual.value / Fraction(whole) * 100 - stated.value) < 1
