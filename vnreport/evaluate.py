"""Scores of every stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vnreport.corpus import to_reference
from vnreport.records import to_records
from vnreport.schema import CLASSES, ENTITY_LABELS, KINDS, SENTENCES_KEY

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.training import Example

    from vnreport import markup
    from vnreport.markup import Article

Scores = dict[str, Any]


@dataclass(slots=True)
class Counts:
    """True positives, predicted and gold items, for each label."""

    hits: Counter[str] = field(default_factory=Counter)
    predicted: Counter[str] = field(default_factory=Counter)
    gold: Counter[str] = field(default_factory=Counter)

    def add(self, predicted: Iterable[tuple[Any, ...]], gold: Iterable[tuple[Any, ...]]) -> None:
        """Count items that are equal; the last element of an item is its label."""
        guesses, truths = set(predicted), set(gold)
        self.hits.update(item[-1] for item in guesses & truths)
        self.predicted.update(item[-1] for item in guesses)
        self.gold.update(item[-1] for item in truths)

    def scores(self, name: str, labels: Sequence[str] = ()) -> Scores:
        """Precision, recall and F1 over all labels, and F1 of each label, in 0…1."""
        hits, predicted, gold = (sum(c.values()) for c in (self.hits, self.predicted, self.gold))
        result: Scores = {
            f"{name}_p": hits / predicted if predicted else 0.0,
            f"{name}_r": hits / gold if gold else 0.0,
            f"{name}_f": f_score(hits, predicted, gold),
        }
        if labels:
            result[f"{name}_f_per_type"] = {
                label: f_score(self.hits[label], self.predicted[label], self.gold[label]) for label in labels
            }
        return result


def f_score(hits: int, predicted: int, gold: int) -> float:
    """The harmonic mean of precision and recall; 0 where nothing was right."""
    return 2 * hits / (predicted + gold) if predicted + gold else 0.0


def evaluate(nlp: Language, articles: Iterable[Article]) -> Scores:
    """Scores of every stage of a pipeline, run on the bare text of gold articles.

    Args:
        nlp: a vnreport pipeline.
        articles: gold.

    Returns:
        `ents_*`: exact span and label; `boundary_f`: ends of sentences;
        `class_*`: see `score_classes`; `quantities_found` (a quantity of the
        gold is touched), `quantities_right` (its kind and value too, both as a
        share of the gold), `quantities_spurious` (share of the predictions that
        touch no gold) and `quantities_right_per_type`; `roles_*`: person,
        title, body and their places all exact, where the gold has roles; `articles`, `syllables`: what was
        measured on. All scores in 0…1.
    """
    from spacy.training import Example

    entities, roles = Counts(), Counts()
    found, right, gold_quantities = Counter[str](), Counter[str](), Counter[str]()
    spurious = predicted_quantities = 0
    examples = []
    articles = list(articles)
    for article, doc in zip(articles, nlp.pipe(a.text for a in articles), strict=True):
        reference = to_reference(article, nlp.make_doc(article.text))
        examples.append(Example(doc, reference))
        records = to_records(doc)
        spans = [(e["start"], e["end"], e["label"]) for e in records["entities"]]
        gold = [(e.start, e.end, e.label) for e in article.entities]
        entities.add(spans, gold)
        roles.add(
            _role_items(((r["person"], r["title"], r["organisation"]) for r in records["roles"]), spans),
            _role_items(((r.person, r.title, r.organisation) for r in article.roles), gold),
        )
        left = records["quantities"]
        predicted_quantities += len(left)
        for quantity in article.quantities:
            near = [q for q in left if q["start"] < quantity.end and quantity.start < q["end"]]
            gold_quantities[quantity.kind] += 1
            if near:
                best = max(
                    near,
                    key=lambda q: (
                        _same(quantity, q),
                        _overlap((quantity.start, quantity.end), (q["start"], q["end"])),
                    ),
                )
                left = [q for q in left if q is not best]
                found[quantity.kind] += 1
                right[quantity.kind] += _same(quantity, best)
        spurious += len(left)
    total = sum(gold_quantities.values())
    return {
        **entities.scores("ents", ENTITY_LABELS),
        **score_classes(examples),
        "quantities_found": sum(found.values()) / total if total else 0.0,
        "quantities_right": sum(right.values()) / total if total else 0.0,
        "quantities_spurious": spurious / predicted_quantities if predicted_quantities else 0.0,
        "quantities_right_per_type": {k: right[k] / gold_quantities[k] for k in KINDS if gold_quantities[k]},
        **(roles.scores("roles") if roles.gold else {}),
        "articles": len(articles),
        "syllables": sum(len(article.text.split()) for article in articles),
    }


def _role_items(roles: Iterable[tuple[int | None, ...]], spans: list[tuple[int, int, str]]) -> list[tuple[Any, ...]]:
    return [(*(None if index is None else spans[index] for index in role), "role") for role in roles]


def _same(gold: markup.Quantity, predicted: Mapping[str, Any]) -> bool:
    """Whether kind and value agree; an identifier is its own value."""
    from vnreport.quantities import Quantity

    if gold.kind != predicted["kind"]:
        return False
    if gold.kind == "identifier":
        return True
    value = Quantity.from_dict(predicted).notation()
    return str(gold.value).partition(" ")[0] == value.partition(" ")[0]


def score_classes(examples: Iterable[Example]) -> Scores:
    """Sentence boundaries and classes of predicted Docs against gold.

    A gold sentence counts as labelled with the class of the predicted sentence
    that covers most of it.

    Returns:
        `class_acc`, `class_macro_f`, `class_f_per_type` (F1 of each class) and
        `boundary_f` (F1 of sentence ends), each in 0…1.
    """
    classes, ends = Counts(), Counts()
    for number, example in enumerate(examples):
        gold = example.reference.spans.get(SENTENCES_KEY, ())
        spans = list(example.predicted.spans.get(SENTENCES_KEY, ()))
        given = []
        for index, sentence in enumerate(gold):
            near = example.predicted.char_span(sentence.start_char, sentence.end_char, alignment_mode="expand")
            touching = [s for s in spans if near is not None and s.start < near.end and near.start < s.end]
            place = sentence.start_char, sentence.end_char
            best = max(touching, key=lambda s: _overlap((s.start_char, s.end_char), place), default=None)
            if best is not None:
                given.append((number, index, best.label_))
        classes.add(given, [(number, index, s.label_) for index, s in enumerate(gold)])
        ends.add([(number, s.end_char, "end") for s in spans], [(number, s.end_char, "end") for s in gold])
    scores = classes.scores("class", CLASSES)
    per_type = scores["class_f_per_type"]
    return {
        "class_acc": scores["class_r"],
        "class_macro_f": sum(per_type.values()) / len(CLASSES),
        "class_f_per_type": per_type,
        "boundary_f": ends.scores("boundary")["boundary_f"],
    }


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> int:
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))
