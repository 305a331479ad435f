"""Is a score sure, is a difference real: resampling of whole articles.

Sentences of one article lean on each other, so the article is what is drawn.
All functions take the scores as a function of weights: for weights of shape
(samples, articles) it gives each score as an array of shape (samples,), NaN
where a sample has nothing to score; an interval is that of the other samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy
from numpy.typing import NDArray

Weights = NDArray[numpy.float64]
Statistic = Callable[[Weights], Mapping[str, NDArray[numpy.float64]]]

RESAMPLES = 5000
LEVEL = 0.95


class Interval(NamedTuple):
    """Where a score lies with the probability `LEVEL`."""

    low: float
    high: float


class Difference(NamedTuple):
    """A score of two systems on the same articles."""

    old: float
    new: float
    interval: Interval  # of new - old; holds 0 just where p is 0.05 or more
    p: float


def bootstrap(scores: Statistic, articles: int, seed: int = 0) -> dict[str, Interval]:
    """The percentile bootstrap interval of each score (Efron and Tibshirani 1993, chapter 13).

    Args:
        scores: of weighted articles.
        articles: how many there are.
        seed: of the drawing.

    Returns:
        An interval for each score, but for those that no sample has.
    """
    weights = _draw(articles, numpy.random.default_rng(seed))
    return {name: _interval(values) for name, values in scores(weights).items() if not numpy.isnan(values).all()}


def compare(scores: Statistic, articles: int, names: Sequence[str], seed: int = 0) -> dict[str, Difference]:
    """Scores of two systems, and the probability of such differences by chance.

    Approximate randomisation (Noreen 1989; for F scores Yeh 2000): if the two
    were equally good, then which one gave which output of an article would not
    matter. `p` is the share of random exchanges that part any of the scores at
    least as far, in standard deviations, as this one is: one test for all of
    them (single-step maxT, Westfall and Young 1993), so that among many scores
    none looks different by luck.

    `interval` is the same test turned round (Garthwaite 1996): the differences
    that it would not reject, if each article were by as much better or worse. So
    it too is for all scores at once, and holds 0 just where `p` is 0.05 or more,
    as with fewer than six articles it always is.

    Args:
        scores: of weighted outputs, all in 0…1: first the old system's, one for each
            article, then the new one's in the same order.
        articles: how many there are.
        names: the scores to compare; those that are not measured, of both systems, are left out.
        seed: of the drawing.

    Returns:
        A difference for each score that is left, in the order of `names`.
    """
    swapped = numpy.random.default_rng(seed).integers(0, 2, (RESAMPLES, articles)).astype(float)
    ones, zeros = numpy.ones((1, articles)), numpy.zeros((1, articles))
    sides = [scores(numpy.hstack(weights)) for weights in ([ones, zeros], [zeros, ones])]
    measured = [name for name in names if all(name in side and not numpy.isnan(side[name][0]) for side in sides)]
    if not measured:
        return {}

    def of(old: Weights, new: Weights) -> Weights:
        """Shape (samples, scores)."""
        found = scores(numpy.hstack([old, new]))
        return numpy.stack([found[name] for name in measured], axis=1)

    old, new = of(ones, zeros)[0], of(zeros, ones)[0]
    by_chance = numpy.nan_to_num(of(swapped, 1 - swapped) - of(1 - swapped, swapped))
    spread = by_chance.std(axis=0)
    spread[spread == 0] = numpy.inf
    furthest = abs(by_chance / spread).max(axis=1)
    as_far = (furthest[:, None] >= abs(new - old) / spread - 1e-9).sum(axis=0)
    p = (as_far + 1) / (RESAMPLES + 1)
    critical = numpy.sort(furthest)[-int((1 - LEVEL) * (RESAMPLES + 1))] + 1e-9
    margin = _margin(new - old, by_chance.var(axis=0), critical, articles)
    return {
        name: Difference(float(old[i]), float(new[i]), _around(new[i] - old[i], margin[i]), float(p[i]))
        for i, name in enumerate(measured)
    }


def _margin(difference: Weights, variance: Weights, critical: float, articles: int) -> Weights:
    """How far from each difference another one is rejected.

    Exchanges of articles that are all moved by x have the variance
    `variance + (x² - 2x · difference) / articles`; x is rejected where it is
    more than `critical` of its standard deviations from the difference.
    """
    own = numpy.maximum(variance - difference**2 / articles, 0)
    room = 1 - critical**2 / articles
    if room <= 0:
        return numpy.where(variance > 0, numpy.inf, 0)
    margin: Weights = critical * numpy.sqrt(own / room)
    return margin


def _around(difference: float, margin: float) -> Interval:
    return Interval(float(max(difference - margin, -1)), float(min(difference + margin, 1)))


def _draw(articles: int, random: numpy.random.Generator) -> Weights:
    """How often each article is drawn, with replacement; of shape (RESAMPLES, articles)."""
    return random.multinomial(articles, [1 / articles] * articles, size=RESAMPLES).astype(float)


def _interval(values: NDArray[Any]) -> Interval:
    low, high = numpy.quantile(values[~numpy.isnan(values)], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
