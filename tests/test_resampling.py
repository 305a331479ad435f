"""Intervals and paired tests: what they say where the answer is known."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vnreport.resampling import Statistic, Weights, bootstrap, compare

NAMES = ["accuracy"]


def accuracy(right: list[int], whole: int = 10) -> Statistic:
    """The share of right answers, each article having `whole`."""

    def scores(weights: Weights) -> dict[str, Weights]:
        return {"accuracy": weights @ numpy.array(right, dtype=float) / (whole * weights.sum(axis=1))}

    return scores


def test_an_interval_holds_the_score_and_narrows_with_more_articles() -> None:
    few, many = (bootstrap(accuracy([4, 6, 8] * n), 3 * n)["accuracy"] for n in (3, 30))
    for interval in (few, many):
        assert interval.low < 0.6 < interval.high
    assert many.high - many.low < 0.5 * (few.high - few.low)


def test_samples_without_anything_to_score_are_left_out() -> None:
    def scores(weights: Weights) -> dict[str, Weights]:
        whole = weights @ numpy.array([10.0, 0, 0])  # in the first article alone
        share = numpy.divide(7 * weights[:, 0], whole, out=numpy.full_like(whole, numpy.nan), where=whole > 0)
        return {"accuracy": share, "nothing": numpy.full_like(whole, numpy.nan)}

    assert bootstrap(scores, 3) == {"accuracy": pytest.approx((0.7, 0.7))}


def test_scores_that_one_system_has_nothing_for_are_not_compared() -> None:
    old, new = numpy.array([0.0, 0, 0]), numpy.array([4.0, 4, 4])  # what each predicted, none of it right

    def scores(weights: Weights) -> dict[str, Weights]:
        predicted = weights @ numpy.hstack([old, new])
        spurious = numpy.divide(predicted, predicted, out=numpy.full_like(predicted, numpy.nan), where=predicted > 0)
        return {"spurious": spurious, **accuracy([1, 2, 3, 1, 2, 3])(weights)}

    assert compare(scores, 3, ["spurious", *NAMES]).keys() == {*NAMES}
    assert compare(scores, 3, ["spurious"]) == {}


def test_exchanges_without_anything_to_score_part_nothing() -> None:
    predicted = numpy.array([4.0, 0, 0, 4.0])  # by the old system in the first article, by the new one in the second

    def scores(weights: Weights) -> dict[str, Weights]:
        whole = weights @ predicted
        wrong = weights @ (predicted * [0.5, 0, 0, 0.5])
        return {"spurious": numpy.divide(wrong, whole, out=numpy.full_like(whole, numpy.nan), where=whole > 0)}

    (found,) = compare(scores, 2, ["spurious"]).values()
    assert found == (0.5, 0.5, (0, 0), 1)


def test_articles_that_are_alike_leave_no_doubt() -> None:
    assert bootstrap(accuracy([7] * 8), 8)["accuracy"] == pytest.approx((0.7, 0.7))


def test_the_interval_is_that_of_the_normal_distribution_where_that_holds() -> None:
    right = [5, 9] * 200
    low, high = bootstrap(accuracy(right), len(right))["accuracy"]
    error = 1.96 * numpy.std(right) / 10 / len(right) ** 0.5
    assert (low, high) == pytest.approx((0.7 - error, 0.7 + error), abs=0.003)


@pytest.mark.parametrize(
    ("old", "new", "low", "high"),
    [
        ([5] * 20, [8] * 20, 0, 0.001),  # better in every article
        ([5, 8] * 10, [8, 5] * 10, 0.99, 1),  # as often better as worse
        ([5] * 20, [5] * 20, 1, 1),
        ([5] * 3, [8] * 3, 0.2, 0.3),  # two of the eight exchanges of three articles part them as far
    ],
)
def test_the_probability_of_a_difference_by_chance(old: list[int], new: list[int], low: float, high: float) -> None:
    found = compare(accuracy(old + new), len(old), NAMES)["accuracy"]
    assert (found.old, found.new) == pytest.approx((numpy.mean(old) / 10, numpy.mean(new) / 10))
    assert low <= found.p <= high
    assert found.interval.low <= found.new - found.old + 1e-9
    assert found.new - found.old <= found.interval.high + 1e-9


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 10), min_size=2 * n, max_size=2 * n), min_size=1, max_size=3)
    )
)
@settings(deadline=None, max_examples=60)
def test_an_interval_is_without_0_just_where_p_is_below_its_limit(answers: list[list[int]]) -> None:
    def scores(weights: Weights) -> dict[str, Weights]:
        return {str(i): accuracy(right)(weights)["accuracy"] for i, right in enumerate(answers)}

    for found in compare(scores, len(answers[0]) // 2, [str(i) for i in range(len(answers))]).values():
        low, high = found.interval
        assert -1 <= low <= found.new - found.old + 1e-9
        assert found.new - found.old - 1e-9 <= high <= 1
        assert (low <= 0 <= high) == (found.p >= 0.05)


@pytest.mark.parametrize(("articles", "narrow"), [(8, 0.4), (40, 0.11)])
def test_the_intervals_of_many_scores_hold_all_true_differences(articles: int, narrow: float) -> None:
    random = numpy.random.default_rng(3)
    missed, widths = 0, []
    for _ in range(40):
        old, new = (random.binomial(10, share, (articles, 12)) for share in (0.7, 0.8))
        answers = numpy.vstack([old, new]).astype(float)

        def scores(weights: Weights, answers: Weights = answers) -> dict[str, Weights]:
            values = weights @ answers / (10 * weights.sum(axis=1, keepdims=True))
            return {str(i): values[:, i] for i in range(12)}

        found = compare(scores, articles, [str(i) for i in range(12)]).values()
        missed += any(not low <= 0.1 <= high for _, _, (low, high), _ in found)
        widths += [high - low for _, _, (low, high), _ in found]
    assert missed <= 6
    assert numpy.mean(widths) / 2 < narrow


def test_a_real_difference_is_rarely_claimed_where_there_is_none() -> None:
    random = numpy.random.default_rng(1)
    claims = 0
    for _ in range(100):
        answers = random.binomial(10, 0.7, 40).tolist()
        claims += compare(accuracy(answers), 20, ["accuracy", "not measured"])["accuracy"].p < 0.05
    assert claims <= 10


def test_the_same_seed_gives_the_same_figures() -> None:
    assert compare(accuracy([4, 6, 8, 5]), 2, NAMES, 3) == compare(accuracy([4, 6, 8, 5]), 2, NAMES, 3)


def test_of_many_scores_without_a_difference_none_is_claimed_by_luck() -> None:
    random = numpy.random.default_rng(2)
    claims = 0
    for _ in range(40):
        answers = random.binomial(10, 0.7, (60, 12)).astype(float)  # of two systems on 30 articles, 12 scores

        def scores(weights: Weights, answers: Weights = answers) -> dict[str, Weights]:
            values = weights @ answers / (10 * weights.sum(axis=1, keepdims=True))
            return {str(i): values[:, i] for i in range(12)}

        found = compare(scores, 30, [str(i) for i in range(12)])
        claims += min(difference.p for difference in found.values()) < 0.05
    assert claims <= 6


def test_scores_that_move_together_are_tested_as_one() -> None:
    one = accuracy([5] * 8 + [8] * 8)

    def scores(weights: Weights) -> dict[str, Weights]:
        return {name: one(weights)["accuracy"] for name in "abcdefgh"}

    assert {round(d.p, 3) for d in compare(scores, 8, "abcdefgh").values()} == {
        round(compare(one, 8, NAMES)["accuracy"].p, 3)
    }
