"""Scores of every stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from vnreport.schema import CLASSES, SENTENCES_KEY

if TYPE_CHECKING:
    from spacy.training import Example


def f_score(true_positives: int, predicted: int, gold: int) -> float:
    """The harmonic mean of precision and recall; 0 where nothing was right."""
    return 2 * true_positives / (predicted + gold) if predicted + gold else 0.0


def score_classes(examples: Iterable[Example]) -> dict[str, Any]:
    """Sentence boundaries and classes of predicted Docs against gold.

    A gold sentence counts as labelled with the class of the predicted sentence
    that covers most of it.

    Returns:
        `class_acc`, `class_macro_f`, `class_f_per_type` (F1 of each class) and
        `boundary_f` (F1 of sentence ends), each in 0…1.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    hits = predicted_ends = gold_ends = 0
    for example in examples:
        gold = example.reference.spans.get(SENTENCES_KEY, ())
        spans = sorted(example.predicted.spans.get(SENTENCES_KEY, ()), key=lambda s: s.start_char)
        for sentence in gold:
            best = max(spans, key=lambda s: _overlap(s, sentence), default=None)
            pairs[sentence.label_, best.label_ if best is not None else ""] += 1
        ends = {s.end_char for s in spans}
        right = {s.end_char for s in gold}
        hits += len(ends & right)
        predicted_ends += len(ends)
        gold_ends += len(right)
    scores = {
        label: f_score(
            pairs[label, label],
            sum(n for (_, given), n in pairs.items() if given == label),
            sum(n for (true, _), n in pairs.items() if true == label),
        )
        for label in CLASSES
    }
    total = sum(pairs.values())
    return {
        "class_acc": sum(pairs[label, label] for label in CLASSES) / total if total else 0.0,
        "class_macro_f": sum(scores.values()) / len(CLASSES),
        "class_f_per_type": scores,
        "boundary_f": f_score(hits, predicted_ends, gold_ends),
    }


def _overlap(a: Any, b: Any) -> int:
    return max(0, min(a.end_char, b.end_char) - max(a.start_char, b.start_char))
