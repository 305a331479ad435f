"""Is a new model better than the old one: a paired test for each score, and the sentences where the two differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from vnreport import resampling
from vnreport.evaluate import HEADLINES, LOWER_IS_BETTER, Tally, annotate, count, match_quantities, match_sentences
from vnreport.markup import Sentence
from vnreport.records import to_records

if TYPE_CHECKING:
    from spacy.language import Language

    from vnreport.markup import Article
    from vnreport.resampling import Interval

SIGNIFICANT = 0.05

Records = dict[str, list[dict[str, Any]]]


class ScoreTest(NamedTuple):
    """One score of two models; see `vnreport.resampling.Difference`."""

    score: str
    old: float
    new: float
    interval: Interval  # of new - old, 95 % for all scores at once
    p: float

    @property
    def verdict(self) -> str:
        """What the test says of the new model: `better`, `worse`, `equal` or `chance`."""
        if self.old == self.new and self.p == 1:
            return "equal"
        if self.p >= SIGNIFICANT:
            return "chance"
        return "better" if (self.new > self.old) != (self.score in LOWER_IS_BETTER) else "worse"


class Difference(NamedTuple):
    """A sentence that two models read in different ways; what was read is written out to be compared.

    Of an article whose gold has no sentences it is the whole text.
    """

    article: str
    sentence: str
    layer: str
    gold: tuple[str, ...]
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def right(self) -> str:
        """Which model agrees with the gold: `new`, `old` or `neither`."""
        return "new" if self.new == self.gold else "old" if self.old == self.gold else "neither"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What `compare` found."""

    articles: int
    tests: list[ScoreTest]
    differences: list[Difference]


def compare(old: Language, new: Language, articles: Sequence[Article]) -> Comparison:
    """Compare two pipelines on gold articles, which neither may have been trained on.

    Args:
        old: the pipeline that is used now.
        new: the one that may take its place.
        articles: gold.

    Returns:
        A test for each score of `vnreport.evaluate.HEADLINES` that the gold
        allows (see `vnreport.resampling.compare`), and the differences in the
        order of the text.
    """
    docs = list(zip(articles, annotate(old, articles), annotate(new, articles), strict=True))
    tally = Tally([count(a, doc) for a, doc, _ in docs] + [count(a, doc) for a, _, doc in docs])
    found = resampling.compare(tally.scores, len(docs), list(HEADLINES))
    tests = [ScoreTest(name, *difference) for name, difference in found.items()]
    differences = [d for a, one, other in docs for d in _differences(a, to_records(one), to_records(other))]
    return Comparison(len(docs), tests, differences)


def _differences(article: Article, old: Records, new: Records) -> Iterator[Difference]:
    layers: dict[str, Callable[[Article, Records | None], list[list[str]]]] = {
        "class": _classes,
        "entities": _entities,
        "quantities": _quantities,
    }
    if not article.sentences:
        del layers["class"]
        article = replace(article, sentences=[Sentence(0, len(article.text), "OTHER")])
    read = {
        name: [layer(article, records) for records in (None, old, new)]
        for name, layer in layers.items()
        if name not in article.unannotated
    }
    for i, sentence in enumerate(article.sentences):
        for layer, sides in read.items():
            gold, one, other = (tuple(side[i]) for side in sides)
            if one != other:
                text = article.text[sentence.start : sentence.end]
                yield Difference(article.id, text, layer, gold, one, other)


def _classes(article: Article, records: Records | None) -> list[list[str]]:
    """The class of each gold sentence, in the gold if `records` is None."""
    gold = [(s.start, s.end, s.label) for s in article.sentences]
    if records is None:
        return [[label] for _, _, label in gold]
    rows = records["sentences"]
    partners = match_sentences([(row["start"], row["end"], row["label"]) for row in rows], gold)
    return [["none" if i is None else rows[i]["label"]] for i in partners]


def _entities(article: Article, records: Records | None) -> list[list[str]]:
    if records is None:
        spans = [(e.start, e.end, e.label) for e in article.entities]
    else:
        spans = [(e["start"], e["end"], e["label"]) for e in records["entities"]]
    return [[f"{article.text[a:b]} {label}" for a, b, label in sorted(spans) if _in(s, a)] for s in article.sentences]


def _quantities(article: Article, records: Records | None) -> list[list[str]]:
    """The gold quantities of each sentence, those that were misread or missed marked, and what is none."""
    rows = [] if records is None else records["quantities"]
    matched, right = match_quantities(article, rows)
    shown: list[tuple[int, str]] = []
    for index, quantity in enumerate(article.quantities):
        surface = article.text[quantity.start : quantity.end]
        if records is None or index in right:
            shown.append((quantity.start, f"{surface} = {quantity.kind} {quantity.value}".strip()))
        elif index in matched:
            row = rows[matched[index]]
            reading = row["iso"] or row["value"] or row["text"]
            shown.append((quantity.start, f"{surface} = {row['kind']} {reading} {row['unit'] or ''}".strip()))
    extra = set(range(len(rows))) - set(matched.values())
    shown += [(rows[i]["start"], f"{rows[i]['text']} = {rows[i]['kind']}, no quantity") for i in extra]
    return [[text for start, text in sorted(shown) if _in(s, start)] for s in article.sentences]


def _in(sentence: Sentence, offset: int) -> bool:
    return sentence.start <= offset < sentence.end
