"""Sentence classes: two linear passes over an article's sentences.

The first pass reads each sentence's words, their mean vector where the
vocabulary has vectors, its section and its neighbours; the second reads the
first one's probabilities for the sentence, its section and its neighbours, so
that a class can spread down a list (stacked sequential learning, Cohen and
Carvalho 2005). Fitted with scikit-learn, run with numpy.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy
import srsly
from spacy.attrs import NORM
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from vnreport.schema import CLASSES, SENTENCES_KEY, register_extensions, set_scores
from vnreport.text import normalize

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from spacy.training import Example

    Matrix = NDArray[numpy.float32]

register_extensions()

_SYLLABLE = re.compile(r"\w+|[^\w\s]")
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_BULLET = re.compile(r"[-–—+*•●▪➢✓✔✅]|[☀-➿🀀-🿿]|\(?(?:\d{1,2}(?:\.\d{1,2})*|[IVX]{1,4}|[a-zđ])[.)/]")
_EDGE = 6  # syllables of a neighbour that are read
_HEADING = 25  # syllables of a heading at most


class ReportClassifier:
    """Labels each sentence as one of `CLASSES`.

    Sets `doc.spans["sentences"]`, one span a sentence of `doc.sents` without
    the white space at its edges, with `label_` its class, and
    `span._.scores`, the calibrated probability of each class.
    """

    def __init__(self, name: str, *, c_text: float, c_context: float, min_count: int, folds: int) -> None:
        self.name = name
        self.c_text = c_text
        self.c_context = c_context
        self.min_count = min_count
        self.folds = folds
        self.vocabulary: dict[str, int] = {}
        self.text_weights: Matrix = numpy.zeros((1, len(CLASSES)), dtype="float32")
        self.vector_weights: Matrix = numpy.zeros((0, len(CLASSES)), dtype="float32")
        self.context_weights: Matrix = numpy.zeros((1, len(CLASSES)), dtype="float32")

    def __call__(self, doc: Doc) -> Doc:
        """Label the sentences of `doc` and return it.

        Raises:
            ValueError: the Doc has no sentence boundaries, or the model is not trained.
        """
        if not self.vocabulary:
            raise ValueError(f"'{self.name}' is not trained; load a trained pipeline or run `spacy train`")
        sentences = split_sentences(doc)
        scores = self.predict(doc, sentences)
        labelled = [
            Span(doc, s.start, s.end, label=CLASSES[int(row.argmax())])
            for s, row in zip(sentences, scores, strict=True)
        ]
        doc.spans[SENTENCES_KEY] = SpanGroup(doc, name=SENTENCES_KEY, spans=labelled)
        set_scores(doc, [dict(zip(CLASSES, map(float, row.round(4)), strict=True)) for row in scores])
        return doc

    def predict(self, doc: Doc, sentences: list[Span]) -> Matrix:
        """Class probabilities, an array of shape (len(sentences), 4), rows in the order of `CLASSES`."""
        if not sentences:
            return numpy.zeros((0, len(CLASSES)), dtype="float32")
        rows = describe(doc, sentences)
        first = softmax(self._first_logits([row.features for row in rows]) + self._vector_logits(doc, sentences))
        return softmax(_context(first, rows) @ self.context_weights)

    def _vector_logits(self, doc: Doc, sentences: list[Span]) -> Matrix:
        vectors = mean_vectors(doc, sentences)
        if vectors.shape[1] != len(self.vector_weights):
            raise ValueError(
                f"'{self.name}' was trained with vectors of {len(self.vector_weights)} dimensions, "
                f"the vocabulary has {vectors.shape[1]}"
            )
        logits: Matrix = vectors @ self.vector_weights
        return logits

    def _first_logits(self, features: list[list[str]]) -> Matrix:
        logits = numpy.empty((len(features), len(CLASSES)), dtype="float32")
        for i, names in enumerate(features):
            ids, scale = self._known(names)
            logits[i] = self.text_weights[ids].sum(axis=0) * scale + self.text_weights[-1]
        return logits

    def _known(self, names: list[str]) -> tuple[list[int], float]:
        """The features that the vocabulary has, in order, and the weight of each."""
        ids = sorted({self.vocabulary[name] for name in names if name in self.vocabulary})
        return ids, len(ids) ** -0.5 if ids else 0.0

    def initialize(self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None) -> None:
        """Fit the model on the gold sentences and labels of the examples.

        Args:
            get_examples: gives Examples whose reference has `doc.spans["sentences"]`.
            nlp: the pipeline; not used.

        Raises:
            ValueError: no labelled sentence among the examples.
            ImportError: scikit-learn is missing.
        """
        from scipy.sparse import csr_matrix, hstack
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GroupKFold, cross_val_predict

        documents: list[list[_Row]] = []
        means: list[Matrix] = []
        labels: list[int] = []
        groups: list[int] = []
        for number, example in enumerate(get_examples()):
            gold = list(example.reference.spans.get(SENTENCES_KEY, ()))
            documents.append(describe(example.reference, gold))
            means.append(mean_vectors(example.reference, gold))
            labels += [CLASSES.index(span.label_) for span in gold]
            groups += [number] * len(gold)
        if not labels:
            raise ValueError(f"'{self.name}': no sentence with a class in the training data")
        names = [row.features for rows in documents for row in rows]
        counts = Counter(name for row in names for name in set(row))
        kept = sorted(name for name, count in counts.items() if count >= self.min_count)
        self.vocabulary = {name: index for index, name in enumerate(kept)}
        indices, pointers, data = [], [0], []
        for row in names:
            ids, scale = self._known(row)
            indices += ids
            data += [scale] * len(ids)
            pointers.append(len(indices))
        words = csr_matrix((data, indices, pointers), shape=(len(names), len(kept)))
        inputs = hstack([words, csr_matrix(numpy.vstack(means))]).tocsr()
        target = numpy.array(labels)
        folds = GroupKFold(min(self.folds, len(set(groups))))
        model = LogisticRegression(C=self.c_text, max_iter=1000, tol=1e-3)
        held_out = cross_val_predict(model, inputs, target, groups=groups, cv=folds, method="predict_proba")
        model.fit(inputs, target)
        weights = model.coef_.T.astype("float32")
        self.text_weights = numpy.vstack([weights[: len(kept)], model.intercept_]).astype("float32")
        self.vector_weights = weights[len(kept) :]
        stacked, position = [], 0
        for rows in filter(None, documents):
            stacked.append(_context(held_out[position : position + len(rows)], rows))
            position += len(rows)
        context = LogisticRegression(C=self.c_context, max_iter=2000, fit_intercept=False)
        context.fit(numpy.vstack(stacked), target)
        self.context_weights = context.coef_.T.astype("float32")

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Scores of the classes; see `vnreport.evaluate.score_classes`."""
        from vnreport.evaluate import score_classes

        return score_classes(examples)

    def _weights(self) -> dict[str, Matrix]:
        return {"text": self.text_weights, "vector": self.vector_weights, "context": self.context_weights}

    def _set_weights(self, weights: Mapping[str, Matrix]) -> None:
        self.text_weights, self.vector_weights = weights["text"], weights["vector"]
        self.context_weights = weights["context"]

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the model to a folder: `weights.npz`, `vocabulary.json`."""
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        with (path / "weights.npz").open("wb") as file:
            numpy.savez_compressed(file, allow_pickle=False, **self._weights())
        names = json.dumps(list(self.vocabulary), ensure_ascii=False, indent=0)
        (path / "vocabulary.json").write_text(names + "\n", encoding="utf-8")

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> ReportClassifier:
        """Read what `to_disk` wrote."""
        path = Path(path)
        with numpy.load(path / "weights.npz", allow_pickle=False) as weights:
            self._set_weights(weights)
        names = json.loads((path / "vocabulary.json").read_text(encoding="utf-8"))
        self.vocabulary = {name: index for index, name in enumerate(names)}
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The model as bytes (msgpack)."""
        data: bytes = srsly.msgpack_dumps({"names": list(self.vocabulary), "weights": self._weights()})
        return data

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> ReportClassifier:
        """Read what `to_bytes` gave."""
        state = srsly.msgpack_loads(data)
        self._set_weights(state["weights"])
        self.vocabulary = {name: index for index, name in enumerate(state["names"])}
        return self


@Language.factory(
    "report_classifier",
    assigns=["doc.spans"],
    requires=["doc.sents"],
    default_config={"c_text": 10.0, "c_context": 1.0, "min_count": 2, "folds": 5},
    default_score_weights={"class_macro_f": 1.0, "class_acc": 0.0},
)
def create_report_classifier(
    nlp: Language, name: str, c_text: float, c_context: float, min_count: int, folds: int
) -> ReportClassifier:
    """The factory of `ReportClassifier`.

    Args:
        c_text: inverse regularisation of the first pass.
        c_context: inverse regularisation of the second pass.
        min_count: sentences a feature must occur in.
        folds: parts of the training articles that the second pass learns from in turn.
    """
    return ReportClassifier(name, c_text=c_text, c_context=c_context, min_count=min_count, folds=folds)


def split_sentences(doc: Doc) -> list[Span]:
    """The sentences of `doc` without white space at their edges."""
    if len(doc) and not doc.has_annotation("SENT_START"):
        raise ValueError("the Doc has no sentence boundaries: put 'report_sentences' before this component")
    spans = []
    for sentence in doc.sents:
        words = [token.i for token in sentence if not token.is_space]
        if words:
            spans.append(doc[words[0] : words[-1] + 1])
    return spans


def mean_vectors(doc: Doc, sentences: list[Span]) -> Matrix:
    """The mean vector of each sentence's words, of shape (len(sentences), dimensions).

    Looked up by `token.norm`, as the vectors of vnreport's pipelines are keyed;
    zeros where no word is known, no columns where the vocabulary has no vectors.
    """
    vectors = doc.vocab.vectors
    means = numpy.zeros((len(sentences), vectors.shape[1] if vectors.size else 0), dtype="float32")
    if means.size:
        rows = vectors.find(keys=doc.to_array([NORM]))
        for i, sentence in enumerate(sentences):
            known = rows[sentence.start : sentence.end]
            known = known[known >= 0]
            if len(known):
                means[i] = vectors.data[known].mean(axis=0)
    return means


@dataclass(slots=True)
class _Row:
    """A sentence as the model sees it."""

    features: list[str]
    section: int  # index of the heading or lead-in it stands under, or -1
    bullet: bool
    place: float


def describe(doc: Doc, sentences: list[Span]) -> list[_Row]:
    """The features of each sentence of an article."""
    text = doc.text
    surfaces = [text[s.start_char : s.end_char] for s in sentences]
    syllables = [_SYLLABLE.findall(_DIGITS.sub("0", normalize(surface))) for surface in surfaces]
    bullets = [_BULLET.match(surface) is not None for surface in surfaces]
    opens = [
        index == 0 or "\n" in text[sentences[index - 1].end_char : s.start_char] for index, s in enumerate(sentences)
    ]
    closes = [*opens[1:], True]
    sections = _sections(surfaces, syllables, bullets, opens, closes)
    rows = []
    entities = _by_sentence(doc, sentences)
    count = len(sentences)
    for i, own in enumerate(syllables):
        features = [*_ngrams("", own), *_opening(own)]
        section = sections[i]
        if section >= 0:
            features += _ngrams("s:", syllables[section])
        features += [f"p:{w}" for w in syllables[i - 1][:_EDGE]] if i else ["p:"]
        features += [f"n:{w}" for w in syllables[i + 1][:_EDGE]] if i + 1 < count else ["n:"]
        features += _shape(sentences[i], entities[i], surfaces[i], own)
        features += [
            f"bullet {bullets[i]}",
            f"alone {opens[i] and closes[i]}",
            f"opens {opens[i]}",
            f"place {min(i, 3)}",
            f"left {min(count - i, 4)}",
            f"third {3 * i // count}",
            f"length {min(len(own) // 8, 6)}",
        ]
        rows.append(_Row(features, section, bullets[i], i / count))
    return rows


def _sections(
    surfaces: list[str], syllables: list[list[str]], bullets: list[bool], opens: list[bool], closes: list[bool]
) -> list[int]:
    """For each sentence the heading or lead-in above it, or -1."""
    sections, heading, lead = [], -1, -1
    for i, surface in enumerate(surfaces):
        if lead >= 0 and opens[i] and not bullets[i]:
            lead = -1
        sections.append(lead if lead >= 0 else heading)
        if not (opens[i] and closes[i]) and not surface.endswith(":"):
            continue
        if surface.endswith(":"):
            lead = i
        elif len(syllables[i]) <= _HEADING and surface[-1] not in ".!?…;" and i:
            heading, lead = i, -1
    return sections


def _ngrams(prefix: str, syllables: list[str]) -> Iterator[str]:
    yield from (prefix + w for w in syllables)
    yield from (f"{prefix}{a} {b}" for a, b in pairwise(syllables))
    if not prefix:
        yield from (f"{a} {b} {c}" for a, b, c in zip(syllables, syllables[1:], syllables[2:], strict=False))


def _opening(syllables: list[str]) -> Iterator[str]:
    words = [w for w in syllables if w[0].isalnum()]
    for length in range(1, 4):
        yield "^" + " ".join(words[:length])


def _by_sentence(doc: Doc, sentences: list[Span]) -> list[list[Span]]:
    """The entities inside each sentence, in one pass: `span.ents` would go through all for each."""
    found: list[list[Span]] = [[] for _ in sentences]
    starts = [sentence.start for sentence in sentences]
    for entity in doc.ents:
        index = bisect_right(starts, entity.start) - 1
        if index >= 0 and entity.end <= sentences[index].end:
            found[index].append(entity)
    return found


def _shape(span: Span, entities: list[Span], surface: str, syllables: list[str]) -> Iterator[str]:
    yield f"end {surface[-1] if not surface[-1].isalnum() else ''}"
    yield f"capitals {surface.isupper()}"
    yield f"number {'0' in syllables}"
    labels = [entity.label_ for entity in entities]
    inside = sum(len(entity) for entity in entities)
    yield f"entities {10 * inside // max(len(span), 1)}"
    for label in set(labels):
        yield f"{label} {min(labels.count(label), 4)}"
    if entities and entities[0].start - span.start < 3:
        yield f"begins with {labels[0]}"


def _context(first: Any, rows: list[_Row]) -> Matrix:
    """Inputs of the second pass: log-probabilities of the sentence and of what is around it."""
    logs = numpy.log(numpy.clip(first, 1e-4, 1.0)).astype("float32")
    count = len(rows)
    none = numpy.zeros(len(CLASSES), dtype="float32")
    inputs = []
    for i, row in enumerate(rows):
        inputs.append(
            numpy.concatenate(
                [
                    logs[i],
                    logs[row.section] if row.section >= 0 else none,
                    logs[i - 1] if i else none,
                    logs[i + 1] if i + 1 < count else none,
                    logs[i - 2] if i > 1 else none,
                    logs[i - 1] if i and row.bullet and rows[i - 1].bullet else none,
                    [1.0, row.section >= 0, row.bullet, row.place, i == 0, i + 1 == count],
                ]
            )
        )
    return numpy.asarray(inputs, dtype="float32")


def softmax(logits: Matrix) -> Matrix:
    """Row-wise softmax."""
    exponents = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    result: Matrix = exponents / exponents.sum(axis=1, keepdims=True)
    return result
