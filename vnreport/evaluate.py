"""Scores of every stage, from counts of every article.

What is counted in one article adds up to the scores of any sample of articles,
which is what intervals and paired tests need.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy

from vnreport.corpus import to_reference
from vnreport.noise import NOISES
from vnreport.records import to_records
from vnreport.resampling import bootstrap
from vnreport.schema import CLASSES, ENTITY_LABELS, KINDS, QUANTITIES_KEY, SENTENCES_KEY
from vnreport.text import normalize

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.training import Example

    from vnreport import markup
    from vnreport.markup import Article
    from vnreport.resampling import Interval, Weights

Scores = dict[str, Any]
Counts = Counter[tuple[str, str, str]]  # of (stage, what is counted, label)
Span = tuple[int, int, str]

HEADLINES = {
    "ents_f": "Entities, F1",
    **{f"ents_f_per_type/{label}": label for label in ENTITY_LABELS},
    "ents_seen_f": "Entities seen in training, F1",
    "ents_unseen_f": "Entities unseen in training, F1",
    "boundary_f": "Sentence boundaries, F1",
    "class_macro_f": "Sentence classes, macro F1",
    **{f"class_f_per_type/{label}": label for label in CLASSES},
    "quantities_found": "Quantities found",
    "quantities_right": "Quantities right",
    "quantities_spurious": "Quantities spurious",
    "roles_f": "Roles, F1",
    "indicators_f": "Indicators, F1",
}
STAGES = {
    "ents_f": "Entities",
    "boundary_f": "Boundaries",
    "class_macro_f": "Classes",
    "quantities_right": "Quantities",
    "roles_f": "Roles",
    "indicators_f": "Indicators",
}
LOWER_IS_BETTER = frozenset({"quantities_spurious"})

_LABELS = {"ents": ENTITY_LABELS, "ents_seen": (), "ents_unseen": (), "roles": (), "indicators": ()}


def evaluate(nlp: Language, articles: Iterable[Article], train: Iterable[Article] = ()) -> Scores:
    """Scores of every stage of a pipeline, run on the bare text of gold articles.

    Args:
        nlp: a vnreport pipeline.
        articles: gold.
        train: the articles that the pipeline was trained on; tells seen entities from unseen ones.

    Returns:
        `ents_*`: exact span and label, `ents_seen_*` and `ents_unseen_*` where
        `train` is given; `boundary_f`: ends of sentences; `class_*`: see
        `score_classes`; `quantities_found` (a quantity of the gold is touched),
        `quantities_right` (its kind and value too, both as a share of the gold),
        `quantities_spurious` (share of the predictions that touch no gold) and
        `quantities_right_per_type`; `roles_*`: person, title, body and their
        places all exact; `indicators_*`: see `match_indicators`. All in 0…1; a
        stage is measured on the articles whose gold annotates it, and left out
        where none does. `articles`, `syllables`: what was measured on.
        `annotated`: for `sentences`, `quantities`, `roles` and `indicators`, how many
        articles annotate them, where not all do.
        `intervals`: for each score, those of a label as `ents_f_per_type/PER`,
        the 95 % interval `[low, high]`.
    """
    articles = list(articles)
    known = entity_forms(train)
    counts = [count(article, doc, known) for article, doc in zip(articles, annotate(nlp, articles), strict=True)]
    tally = Tally(counts)
    left_out = Counter(stage for article in articles for stage in article.unannotated)
    left_out.update("sentences" for article in articles if not article.sentences)
    partly = {stage: len(articles) - left_out[stage] for stage in sorted(left_out)}
    return {
        **nest(tally.total()),
        "articles": len(articles),
        "syllables": sum(len(article.text.split()) for article in articles),
        **({"annotated": partly} if partly else {}),
        "intervals": {name: list(interval) for name, interval in tally.intervals().items()},
    }


def evaluate_on_gold(nlp: Language, articles: Sequence[Article]) -> dict[str, Scores]:
    """Scores of stages whose input is gold, so that no earlier stage's errors count.

    Args:
        nlp: a vnreport pipeline.
        articles: gold.

    Returns:
        `sentences`: entities and classes of gold sentences; `entities`: roles
        and indicators of gold entities, sentences and classes.
    """
    stages = {"sentences": ("ents", "class"), "entities": ("roles", "indicators")}
    result = {}
    for given, names in stages.items():
        docs = annotate(nlp, articles, given)
        scores = Tally([count(a, doc) for a, doc in zip(articles, docs, strict=True)]).total()
        result[given] = nest({name: value for name, value in scores.items() if name.startswith(names)})
    return result


def evaluate_under_noise(nlp: Language, articles: Sequence[Article]) -> dict[str, Scores]:
    """Scores on articles written another way, for each of `vnreport.noise.NOISES`.

    Args:
        nlp: a vnreport pipeline.
        articles: gold; the noise moves it along.

    Returns:
        The scores of `evaluate` by the name of the noise, without intervals and counts.
    """
    result = {}
    for name, noise in NOISES.items():
        noisy = [noise(article) for article in articles]
        result[name] = nest(Tally([count(a, d) for a, d in zip(noisy, annotate(nlp, noisy), strict=True)]).total())
    return result


def annotate(nlp: Language, articles: Iterable[Article], given: str = "") -> Iterator[Doc]:
    """Run a pipeline on the text of articles.

    Args:
        nlp: a vnreport pipeline.
        articles: gold.
        given: what is taken from the gold: nothing, `sentences` (where they
            begin and end) or `entities` (and sentences with their classes).
            An article whose gold has no sentences keeps those of the pipeline.

    Returns:
        A Doc for each article, in their order.
    """
    if not given:
        yield from nlp.pipe(article.text for article in articles)
        return
    metas = {name: nlp.get_pipe_meta(name) for name in nlp.pipe_names}
    splitters = [name for name, meta in metas.items() if {"doc.sents", "token.is_sent_start"} & {*meta.assigns}]
    split = [nlp.get_pipe(name) for name in splitters]

    def reference(article: Article) -> Doc:
        doc = to_reference(article, nlp.make_doc(article.text))
        return doc if article.sentences else reduce(lambda doc, pipe: pipe(doc), split, doc)

    docs = map(reference, articles)
    if given == "entities":
        late = [name for name, meta in metas.items() if meta.factory in ("report_quantities", "report_relations")]
        with nlp.select_pipes(enable=late):
            yield from nlp.pipe(map(_without_quantities, docs))
    else:
        with nlp.select_pipes(disable=splitters):
            yield from nlp.pipe(map(_with_sentences_alone, docs))


def _without_quantities(doc: Doc) -> Doc:
    del doc.spans[QUANTITIES_KEY]
    return doc


def _with_sentences_alone(doc: Doc) -> Doc:
    doc.spans.clear()
    doc.set_ents([], default="missing")
    return doc


def entity_forms(articles: Iterable[Article]) -> frozenset[tuple[str, str]]:
    """The entities of articles, each as its normal form and its label; see `vnreport.text.normalize`."""
    return frozenset((normalize(a.text[e.start : e.end]), e.label) for a in articles for e in a.entities)


class Tally:
    """Counts of articles, from which the scores of any sample of them follow."""

    def __init__(self, counts: Sequence[Counts]) -> None:
        keys = sorted(set().union(*counts))
        self.columns = {key: column for column, key in enumerate(keys)}
        self.counts = numpy.array([[c[key] for key in keys] for c in counts], dtype=float).reshape(len(counts), -1)

    def scores(self, weights: Weights) -> dict[str, NDArray[numpy.float64]]:
        """The scores of weighted articles; those of a label as `ents_f_per_type/PER`.

        Args:
            weights: of shape (samples, articles).

        Returns:
            Arrays of shape (samples,), for the stages that the gold of the articles annotates; NaN
            where there is nothing to score: no such label in a sample, neither in the gold nor predicted.
        """
        sums = weights @ self.counts

        def total(stage: str, what: str, label: str = "") -> NDArray[numpy.float64]:
            wanted = [c for key, c in self.columns.items() if key[:2] == (stage, what) and label in ("", key[2])]
            result: NDArray[numpy.float64] = sums[:, wanted].sum(axis=1)
            return result

        def f_scores(stage: str, label: str = "") -> NDArray[numpy.float64]:
            hits, predicted, gold = (total(stage, what, label) for what in ("hits", "predicted", "gold"))
            return _ratio(2 * hits, predicted + gold)

        annotated = {stage for stage, what, _ in self.columns if what == "gold"}
        scores = {}
        for stage, labels in _LABELS.items():
            if stage in annotated:
                hits = total(stage, "hits")
                scores[f"{stage}_p"] = _ratio(hits, total(stage, "predicted"))
                scores[f"{stage}_r"] = _ratio(hits, total(stage, "gold"))
                scores[f"{stage}_f"] = f_scores(stage)
                scores |= {f"{stage}_f_per_type/{label}": f_scores(stage, label) for label in labels}
        if "class" in annotated:
            per_type = {label: f_scores("class", label) for label in CLASSES}
            scores["class_acc"] = _ratio(total("class", "hits"), total("class", "gold"))
            both = [total("class", "predicted", label) + total("class", "gold", label) for label in CLASSES]
            occurring = numpy.count_nonzero(both, axis=0).astype(float)
            scores["class_macro_f"] = _ratio(numpy.nansum([*per_type.values()], axis=0), occurring)
            scores |= {f"class_f_per_type/{label}": value for label, value in per_type.items()}
        if "boundary" in annotated:
            scores["boundary_f"] = f_scores("boundary")
        if "quantities" in annotated:
            gold = total("quantities", "gold")
            scores["quantities_found"] = _ratio(total("quantities", "found"), gold)
            scores["quantities_right"] = _ratio(total("quantities", "right"), gold)
            scores["quantities_spurious"] = _ratio(total("quantities", "spurious"), total("quantities", "predicted"))
            for kind in KINDS:
                if ("quantities", "gold", kind) in self.columns:
                    right = total("quantities", "right", kind)
                    scores[f"quantities_right_per_type/{kind}"] = _ratio(right, total("quantities", "gold", kind))
        return scores

    def total(self) -> dict[str, float]:
        """The scores of all articles together, without those that have nothing to score."""
        scores = self.scores(numpy.ones((1, len(self.counts))))
        return {name: float(values[0]) for name, values in scores.items() if not numpy.isnan(values[0])}

    def intervals(self) -> dict[str, Interval]:
        """The 95 % interval of each score; see `vnreport.resampling.bootstrap`."""
        return bootstrap(self.scores, len(self.counts))


def _ratio(part: NDArray[numpy.float64], whole: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    return numpy.divide(part, whole, out=numpy.full_like(whole, numpy.nan), where=whole > 0)


def nest(scores: Mapping[str, float]) -> Scores:
    """`{"ents_f_per_type/PER": x}` → `{"ents_f_per_type": {"PER": x}}`; other names stay."""
    result: Scores = {}
    for name, value in scores.items():
        group, _, label = name.partition("/")
        if label:
            result.setdefault(group, {})[label] = value
        else:
            result[group] = value
    return result


def pick(scores: Mapping[str, Any], name: str) -> float | None:
    """A score by its name in `HEADLINES`; None where it was not measured.

    Args:
        scores: as `evaluate` gives them.
        name: `ents_f`, or of a label `ents_f_per_type/PER`.
    """
    group, _, label = name.partition("/")
    value = scores.get(group)
    if label:
        value = (value or {}).get(label)
    return value


def count(article: Article, doc: Doc, known: Collection[tuple[str, str]] = frozenset()) -> Counts:
    """What a pipeline got right and wrong in one article.

    Args:
        article: gold.
        doc: the annotated text.
        known: `entity_forms` of the training articles.

    Returns:
        Numbers by stage, what is counted (`hits`, `predicted`, `gold` …) and label, for
        the stages that the gold annotates; zeros are left out.
    """
    records = to_records(doc)
    spans = [(e["start"], e["end"], e["label"]) for e in records["entities"]]
    gold = [(e.start, e.end, e.label) for e in article.entities]
    counts = _matches("ents", spans, gold)
    if known:
        for stage, seen in (("ents_seen", True), ("ents_unseen", False)):
            sides = [
                [s for s in side if ((normalize(article.text[s[0] : s[1]]), s[2]) in known) is seen]
                for side in (spans, gold)
            ]
            counts += _matches(stage, *sides)
    if article.sentences:
        counts += count_sentences(
            [(s["start"], s["end"], s["label"]) for s in records["sentences"]],
            [(s.start, s.end, s.label) for s in article.sentences],
        )
    missing = article.unannotated
    if "roles" not in missing:
        counts += _matches(
            "roles",
            _role_items(((r["person"], r["title"], r["organisation"]) for r in records["roles"]), spans),
            _role_items(((r.person, r.title, r.organisation) for r in article.roles), gold),
        )
    matched, right = match_quantities(article, records["quantities"])
    if "quantities" not in missing:
        for index, quantity in enumerate(article.quantities):
            counts["quantities", "gold", quantity.kind] += 1
            counts["quantities", "found", quantity.kind] += index in matched
            counts["quantities", "right", quantity.kind] += index in right
        counts["quantities", "predicted", ""] = len(records["quantities"])
        counts["quantities", "spurious", ""] = len(records["quantities"]) - len(matched)
    if "indicators" not in missing:
        places = {theirs: ours for ours, theirs in matched.items() if ours in right}
        found = zip(
            ("hits", "predicted", "gold"), match_indicators(article, records["indicators"], places), strict=True
        )
        counts.update({("indicators", what, ""): n for what, n in found})
    return +counts


def _matches(stage: str, predicted: Iterable[tuple[Any, ...]], gold: Iterable[tuple[Any, ...]]) -> Counts:
    """Count items that are equal; the last element of an item is its label."""
    guesses, truths = set(predicted), set(gold)
    sides = {"hits": guesses & truths, "predicted": guesses, "gold": truths}
    return Counter((stage, what, item[-1]) for what, items in sides.items() for item in items)


def count_sentences(predicted: Sequence[Span], gold: Sequence[Span]) -> Counts:
    """Ends of sentences, and classes of gold sentences, that were right.

    Args:
        predicted: start, end and class of each sentence.
        gold: likewise.

    Returns:
        `hits`, `predicted` and `gold` of the stages `boundary` and `class`; see `count`.
    """
    partners = enumerate(match_sentences(predicted, gold))
    classes = [(i, predicted[partner][2]) for i, partner in partners if partner is not None]
    counts = _matches("class", classes, [(i, label) for i, (_, _, label) in enumerate(gold)])
    return counts + _matches("boundary", [(end, "") for _, end, _ in predicted], [(end, "") for _, end, _ in gold])


def match_sentences(predicted: Sequence[Span], gold: Sequence[Span]) -> list[int | None]:
    """For each gold sentence the index of the predicted sentence that covers most of it.

    Args:
        predicted: start, end and class of each sentence.
        gold: likewise.

    Returns:
        As many as `gold` has; None where no predicted sentence touches it.
    """
    partners = []
    for start, end, _ in gold:
        overlaps = [_overlap((s[0], s[1]), (start, end)) for s in predicted]
        most = max(overlaps, default=0)
        partners.append(overlaps.index(most) if most else None)
    return partners


def class_predictions(nlp: Language, articles: Sequence[Article]) -> list[tuple[str, str, float]]:
    """Classes of gold sentences beside those predicted.

    Args:
        nlp: a vnreport pipeline.
        articles: gold.

    Returns:
        For each gold sentence that a predicted one touches its class, the predicted
        class and its probability, 0…1.
    """
    rows = []
    for article, doc in zip(articles, annotate(nlp, articles), strict=True):
        sentences = to_records(doc)["sentences"]
        spans = [(s["start"], s["end"], s["label"]) for s in sentences]
        partners = match_sentences(spans, [(s.start, s.end, s.label) for s in article.sentences])
        for gold, partner in zip(article.sentences, partners, strict=True):
            if partner is not None:
                rows.append((gold.label, sentences[partner]["label"], sentences[partner]["score"]))
    return rows


def match_quantities(article: Article, quantities: Sequence[Mapping[str, Any]]) -> tuple[dict[int, int], set[int]]:
    """Pair the quantities of an article with predicted ones.

    Args:
        article: gold.
        quantities: as in `to_records`.

    Returns:
        For each quantity of the gold that is touched the index of its partner,
        the one that is right or else covers most of it; and those that are right.
    """
    matched: dict[int, int] = {}
    left = set(range(len(quantities)))
    for index, gold in enumerate(article.quantities):
        near = [i for i in left if quantities[i]["start"] < gold.end and gold.start < quantities[i]["end"]]
        if near:
            matched[index] = max(
                sorted(near),
                key=lambda i, gold=gold: (  # type: ignore[misc]
                    _same(gold, quantities[i]),
                    _overlap((gold.start, gold.end), (quantities[i]["start"], quantities[i]["end"])),
                ),
            )
            left.remove(matched[index])
    return matched, {ours for ours, theirs in matched.items() if _same(article.quantities[ours], quantities[theirs])}


def match_indicators(
    article: Article, indicators: Sequence[Mapping[str, Any]], places: Mapping[int, int]
) -> tuple[int, int, int]:
    """Compare indicators with the facts of an article.

    One is right if actual, plan and stated figure are those of a fact (without
    any, growth or excess) and half the words of the shorter name are in the
    other. Sums of parts, and facts that report a target alone, do not count.

    Args:
        article: gold.
        indicators: as in `Doc._.indicators`.
        places: for each quantity of theirs that is right, its index in `article.quantities`.

    Returns:
        How many are right, how many there are, how many facts.
    """
    left = [row for row in indicators if row["relation"] != "sum"]
    told, hits = len(left), 0
    gold = [fact for fact in article.facts if not fact.values.keys() <= {"plan", "base", "period"}]
    for fact in gold:
        values = fact.values
        keys = ("actual", "plan", "stated") if values.keys() & {"actual", "stated"} else ("growth", "excess")
        for row in left:
            figures = [None if row[key] is None else places.get(row[key], -1) for key in keys]
            if figures == [values.get(key) for key in keys] and _same_name(row["name"], fact.name):
                left.remove(row)
                hits += 1
                break
    return hits, told, len(gold)


def _same_name(one: str, other: str) -> bool:
    words, others = (set(re.findall(r"\w+", normalize(name))) for name in (one, other))
    return bool(words & others) and 2 * len(words & others) >= min(len(words), len(others))


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

    Args:
        examples: with `doc.spans["sentences"]` of both sides.

    Returns:
        `class_acc`, `class_f_per_type` (F1 of each class), `class_macro_f` (its
        mean over the classes that occur in the gold or the predictions) and
        `boundary_f` (F1 of sentence ends), each in 0…1; none where no sentence has a class.
    """
    counts = [count_sentences(*map(_sentences, (e.predicted, e.reference))) for e in examples]
    return nest(Tally(counts).total()) if counts else {}


def _sentences(doc: Doc) -> list[Span]:
    return [(s.start_char, s.end_char, s.label_) for s in doc.spans.get(SENTENCES_KEY, ())]


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> int:
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))
