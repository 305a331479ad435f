"""Whether the figures of an indicator agree, by exact arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from vnreport.quantities.arithmetic import last_place
from vnreport.relations.figures import Figure
from vnreport.relations.grammar import (
    AGAINST_PLAN,
    Direction,
    Key,
    Relation,
    against_base,
    beyond_plan,
    is_same_reference,
    value_before,
)

Verdict = Literal["exact", "rounded", "truncated", "within_estimate", "off", "undecidable"]

ESTIMATE_MARGIN = Fraction(1, 20)
"""How far an estimated operand may move the result, as a share of it."""
SUM_MARGIN = Fraction(1, 20)
"""How far rounding, or an estimate, may move a sum of parts, as a share of it."""


class Check(NamedTuple):
    """What became of recomputing a stated figure."""

    relation: Relation | None
    recomputed: str | None
    verdict: Verdict


def check(figures: Mapping[Key, Figure], way: Direction | None = None) -> Check:
    """Recompute the first stated figure that the others allow.

    Args:
        figures: by the keys of `Indicator`.
        way: whether the text says that it rose or fell.

    Returns:
        `of_plan`, `of_base`: the percentage reached; `growth`: the change in per
        cent; `times`: how many times over; `excess`: the change as an amount. A
        change is positive where it goes the way that the text says.
        `undecidable` where nothing can be recomputed.
    """
    relations = list(_relations(figures))
    actual = figures.get("actual")
    for relation, stated, reference in relations:
        change = figures.get("excess") if reference is None else None
        if change is not None:
            whole = _whole_before(relation, stated, actual, change, way)
        else:
            whole = _whole(actual, reference)
        recomputed = _recompute(relation, actual, whole, way)
        if recomputed is None or stated.value is None:
            continue
        unit = last_place(stated.surface, stated.value)
        estimated = any(f.quantity.approx for f in (stated, reference, change, actual) if f is not None)
        told = abs(stated.value) if way == "down" else stated.value  # "giảm 3 vụ (-20%)"
        return Check(relation, decimal_string(recomputed, unit), judge(told, recomputed, unit, estimated))
    return Check(relations[0][0] if relations else None, None, "undecidable")


def _relations(figures: Mapping[Key, Figure]) -> list[tuple[Relation, Figure, Figure | None]]:
    plan, base = figures.get("plan"), figures.get("base")
    found: list[tuple[Relation, Figure, Figure | None]] = []
    if stated := figures.get("stated"):
        found.append(("of_base", stated, base) if _of_base(stated, plan, base) else ("of_plan", stated, plan))
    if growth := figures.get("growth"):
        found.append(("growth" if growth.percent else "times", growth, base or (plan if beyond_plan(growth) else None)))
    if excess := figures.get("excess"):
        found.append(("excess", excess, plan if plan and beyond_plan(excess) else base))
    return found


def _of_base(stated: Figure, plan: Figure | None, base: Figure | None) -> bool:
    """Whether a percentage is one of the base; where its words do not tell, the figures do."""
    if against_base(stated):
        return True
    return base is not None and plan is None and AGAINST_PLAN.match(stated.right) is None


def _whole(actual: Figure | None, reference: Figure | None) -> Fraction | None:
    """The plan or base in numbers."""
    if reference is None:
        return None
    return Fraction(reference.quantity.denominator or 0) if actual is reference else reference.value


def _whole_before(
    relation: Relation, stated: Figure, actual: Figure | None, change: Figure, way: Direction | None
) -> Fraction | None:
    """The plan or base that an amount was added to or taken from: 15 of `12 vụ, giảm 3 vụ (20%)`."""
    if relation == "excess" or actual is None or actual.ratio or not actual.counts_same(change):
        return None
    if actual.value is None or change.value is None or way is None or not is_same_reference(relation, stated, change):
        return None
    return value_before(actual.value, change.value, way)


def _recompute(
    relation: Relation, actual: Figure | None, whole: Fraction | None, way: Direction | None
) -> Fraction | None:
    if actual is None or actual.value is None or whole is None or (relation != "excess" and not whole):
        return None
    if relation in ("growth", "excess"):
        if actual.rank and way is not None:
            way = "up" if way == "down" else "down"  # the first place is the highest
        change = actual.value - whole if relation == "excess" else (actual.value / whole - 1) * 100
        return abs(change) if way is None else -change if way == "down" else change
    if relation == "times":
        return whole / actual.value if way == "down" and actual.value else actual.value / whole
    return actual.value / whole * 100


def check_sum(total: Figure, parts: Sequence[Figure]) -> Check:
    """Whether parts add up to their sum."""
    values = [part.value for part in parts]
    if total.value is None or None in values:
        return Check("sum", None, "undecidable")
    added = sum((value for value in values if value is not None), Fraction(0))
    places = [last_place(figure.surface, figure.value) for figure in (total, *parts) if figure.value is not None]
    estimated = any(figure.quantity.approx for figure in (total, *parts))
    verdict = judge(total.value, added, places[0], estimated)
    distance = abs(total.value - added)
    whole = any("," not in figure.surface and "." not in figure.surface for figure in (total, *parts))
    if whole and distance > abs(added) * SUM_MARGIN:
        verdict = "off"  # half of "2 tỷ" is too much to be rounding
    elif verdict == "off" and total.quantity.kind != "count" and distance * 2 <= sum(places):
        verdict = "rounded"  # each of them may be rounded
    return Check("sum", decimal_string(added, min(places)), verdict)


def judge(stated: Fraction, recomputed: Fraction, unit: Fraction, estimated: bool = False) -> Verdict:
    """How a stated figure meets the recomputed one.

    Args:
        stated: the figure as the text gives it.
        recomputed: what follows from the others.
        unit: one unit of the last place that the text states.
        estimated: whether one of the figures is an estimate.

    Returns:
        `exact`; `rounded` or `truncated` to the last place stated (less than one
        unit of it away, whichever way, is never `off`); `within_estimate` where
        an estimate explains what is left; else `off`.
    """
    if stated == recomputed:
        return "exact"
    distance = abs(stated - recomputed)
    if distance < unit:
        return "truncated" if stated < recomputed and distance * 2 >= unit else "rounded"
    if estimated and distance <= recomputed * ESTIMATE_MARGIN:
        return "within_estimate"
    return "off"


def agrees(actual: Figure, stated: Figure, whole: Figure) -> bool:
    """Whether a percentage is, to its last place, that of one figure of another."""
    if actual.value is None or stated.value is None or not whole.value:
        return False
    unit = last_place(stated.surface, stated.value)
    return judge(stated.value, actual.value / whole.value * 100, unit) != "off"


def decimal_string(number: Fraction, unit: Fraction) -> str:
    """A number to one place more than `unit`, at least to two, rounded half up; no trailing zeros."""
    digits = max(2, len(str(unit.denominator)))
    whole, part = divmod(int(abs(number) * 10**digits + Fraction(1, 2)), 10**digits)
    return f"{'-' * (number < 0)}{whole}.{part:0{digits}}".rstrip("0").rstrip(".")
