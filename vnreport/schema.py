"""What every part of vnreport agrees on: labels, span keys and the Doc's extensions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span

    from vnreport.quantities import Quantity

ENTITY_LABELS = ("PER", "TITLE", "ORG")
CLASSES = ("ACHIEVEMENT", "SHORTCOMING", "DIRECTIVE", "OTHER")
KINDS = (
    "money",
    "percent",
    "ratio",
    "count",
    "measure",
    "date",
    "period",
    "ordinal",
    "identifier",
    "duration",
    "age",
)
APPROX = ("under", "over", "about", "estimated")
SENTENCES_KEY = "sentences"
QUANTITIES_KEY = "quantities"
ENTITIES_KEY = "vnreport.entities"

_RELATED = "vnreport.related"
_SCORES = "vnreport.scores"
_QUANTITIES = "vnreport.quantities"

_texts: WeakKeyDictionary[Doc, str] = WeakKeyDictionary()


class Extent(NamedTuple):
    """Where a span lies in the text of its Doc, in code points, and its label."""

    start: int
    end: int
    label: str

    @classmethod
    def of(cls, span: Span) -> Extent:
        """That of a span."""
        return cls(span.start_char, span.end_char, span.label_)


def text_of(doc: Doc) -> str:
    """`doc.text`, which spaCy puts together from its tokens anew at each access."""
    text = _texts.get(doc)
    if text is None:
        text = _texts[doc] = doc.text
    return text


def keep_text(doc: Doc, text: str) -> None:
    """Tell `text_of` that `text` is `doc.text`."""
    _texts[doc] = text


def get_entities(doc: Doc) -> list[Extent]:
    """The people, titles and bodies among `doc.ents`, in order; what has another label is not ours."""
    return [Extent.of(span) for span in doc.ents if span.label_ in ENTITY_LABELS]


def get_sentences(doc: Doc) -> list[Extent]:
    """Those of `doc.spans["sentences"]`; where no stage has classed them of `doc.sents`, without labels.

    The whole Doc is one where nothing has cut it.
    """
    spans: Iterable[Span] = doc.spans.get(SENTENCES_KEY, ())
    if not spans:
        spans = doc.sents if doc.has_annotation("SENT_START") else [doc[:]] if len(doc) else []
    return [Extent.of(span) for span in spans]


def note_related(doc: Doc, entities: Sequence[Extent], sentences: Sequence[Extent]) -> None:
    """Store what `doc._.roles` and `doc._.indicators` count, so that `renumber` finds it again."""
    doc.user_data[_RELATED] = {"entities": _keys(entities), "sentences": _keys(sentences)}


def renumber(doc: Doc, kind: str, extents: Sequence[Extent]) -> dict[int, int | None]:
    """Where that which roles and indicators count is now.

    Args:
        doc: a Doc that may have changed since.
        kind: `entities` or `sentences`.
        extents: those that there are now.

    Returns:
        For each index in a role or an indicator the one in `extents`; None where it is not among them.
    """
    now = {key: number for number, key in enumerate(_keys(extents))}
    then = doc.user_data.get(_RELATED, {}).get(kind, now)
    return {number: now.get(key) for number, key in enumerate(then)}


def _keys(extents: Sequence[Extent]) -> list[str]:
    return [_key(start, end) for start, end, _ in extents]


def _key(start: int, end: int) -> str:
    return f"{start}:{end}"


def register_extensions() -> None:
    """Add vnreport's extension attributes to `Doc` and `Span`, where they are not there yet.

    - `span._.scores`: `dict[str, float]`, the probability of each class, on the
      spans of `doc.spans["sentences"]`.
    - `span._.quantity`: the `Quantity` of a span of `doc.spans["quantities"]`.
    - `doc._.roles`, `doc._.indicators`: lists of plain dicts, as in `to_records`.

    What they hold is stored as plain values in `doc.user_data`, so that Docs
    travel between processes and through DocBin.
    """
    from spacy.tokens import Doc, Span

    for name, getter in (("scores", _get_scores), ("quantity", _get_quantity)):
        if not Span.has_extension(name):
            Span.set_extension(name, getter=getter)
    for name in ("roles", "indicators"):
        if not Doc.has_extension(name):
            relation = _Relation(name)
            Doc.set_extension(name, getter=relation.get, setter=relation.set)


def set_scores(doc: Doc, scores: list[dict[str, float]]) -> None:
    """Store the class probabilities of `doc.spans["sentences"]`, which is set.

    Args:
        doc: is changed.
        scores: for each span the probability of each class, 0…1.

    Raises:
        ValueError: there are more spans than dicts, or fewer.
    """
    spans = doc.spans[SENTENCES_KEY]
    keys = [_key(span.start_char, span.end_char) for span in spans]
    doc.user_data[_SCORES] = dict(zip(keys, scores, strict=True))


def set_quantities(doc: Doc, quantities: list[Quantity]) -> None:
    """Set `doc.spans["quantities"]`, a span over the tokens that each quantity touches, with its reading.

    Of several quantities on the same tokens (`30,40,55`), all but the first have their place among them as `span.id_`.

    Args:
        doc: is changed.
        quantities: of its text, in their order.

    Raises:
        ValueError: a quantity lies outside the Doc.
    """
    from spacy.tokens import SpanGroup

    spans = []
    readings: dict[str, list[dict[str, Any]]] = {}
    for quantity in quantities:
        span = doc.char_span(quantity.start, quantity.end, label=quantity.kind, alignment_mode="expand")
        if span is None:
            raise ValueError(f"the quantity {quantity.text!r} lies outside the Doc")
        spans.append(span)
        rows = readings.setdefault(_key(span.start_char, span.end_char), [])
        if rows:
            span.id_ = str(len(rows))
        rows.append(quantity.to_dict())
    doc.spans[QUANTITIES_KEY] = SpanGroup(doc, name=QUANTITIES_KEY, spans=spans)
    doc.user_data[_QUANTITIES] = readings


def get_quantities(doc: Doc) -> list[Quantity]:
    """The quantities of `doc` in the order of the text; empty where none were set."""
    from vnreport.quantities import Quantity

    return list(map(Quantity.from_dict, _rows(doc)))


def quantity_rows(doc: Doc) -> list[dict[str, Any]]:
    """Copies of the rows that `set_quantities` stored, each as `Quantity.to_dict` gave it."""
    return [{**row, "readings": [{**r, "evidence": [*r["evidence"]]} for r in row["readings"]]} for row in _rows(doc)]


def _rows(doc: Doc) -> Iterator[dict[str, Any]]:
    return chain.from_iterable(doc.user_data.get(_QUANTITIES, {}).values())


def _get_scores(span: Span) -> dict[str, float]:
    scores: dict[str, float] = span.doc.user_data.get(_SCORES, {}).get(_key(span.start_char, span.end_char), {})
    return scores


def _get_quantity(span: Span) -> Quantity | None:
    from vnreport.quantities import Quantity

    rows = span.doc.user_data.get(_QUANTITIES, {}).get(_key(span.start_char, span.end_char), ())
    known = span.id in span.doc.vocab.strings  # type: ignore[operator]
    number = int(span.id_) if known and span.id_.isdecimal() else 0
    candidates = chain(rows[number : number + 1], rows)
    return next((Quantity.from_dict(row) for row in candidates if row["kind"] == span.label_), None)


class _Relation:
    def __init__(self, name: str) -> None:
        self.key = f"vnreport.{name}"

    def get(self, doc: Doc) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = doc.user_data.get(self.key, [])
        return rows

    def set(self, doc: Doc, rows: list[dict[str, Any]]) -> None:
        doc.user_data[self.key] = rows
