"""What every part of vnreport agrees on: labels, span keys and the Doc's extensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

_SCORES = "vnreport.scores"
_QUANTITIES = "vnreport.quantities"
_RELATIONS = "vnreport.{}"


def register_extensions() -> None:
    """Add vnreport's extension attributes to `Doc` and `Span`; every pipe module calls it.

    - `span._.scores`: `dict[str, float]`, the probability of each class, on the
      spans of `doc.spans["sentences"]`.
    - `span._.quantity`: the `Quantity` of a span of `doc.spans["quantities"]`.
    - `doc._.roles`, `doc._.indicators`: lists of plain dicts, as in `to_records`.

    What they hold is stored as plain values in `doc.user_data`, so that Docs
    travel between processes and through DocBin.
    """
    from spacy.tokens import Doc, Span

    Span.set_extension("scores", getter=_get_scores, force=True)
    Span.set_extension("quantity", getter=_get_quantity, force=True)
    for name in ("roles", "indicators"):
        Doc.set_extension(name, getter=_Relation(name).get, setter=_Relation(name).set, force=True)


def set_scores(doc: Doc, scores: list[dict[str, float]]) -> None:
    """Store the class probabilities of `doc.spans["sentences"]`, one dict a span."""
    doc.user_data[_SCORES] = scores


def get_scores(doc: Doc) -> list[dict[str, float]]:
    """The class probabilities of `doc.spans["sentences"]`; an empty dict for each where none were set."""
    spans = doc.spans.get(SENTENCES_KEY, ())
    return doc.user_data.get(_SCORES) or [{} for _ in spans]


def set_quantities(doc: Doc, quantities: list[Quantity]) -> None:
    """Store the readings of `doc.spans["quantities"]`, one a span."""
    doc.user_data[_QUANTITIES] = [quantity.to_dict() for quantity in quantities]


def get_quantities(doc: Doc) -> list[Quantity]:
    """The quantities of `doc` in the order of the text; empty where none were set."""
    from vnreport.quantities import Quantity

    return [Quantity.from_dict(row) for row in doc.user_data.get(_QUANTITIES, [])]


def _get_scores(span: Span) -> dict[str, float]:
    return _of_span(span, SENTENCES_KEY, _SCORES) or {}


def _get_quantity(span: Span) -> Quantity | None:
    from vnreport.quantities import Quantity

    row = _of_span(span, QUANTITIES_KEY, _QUANTITIES)
    return None if row is None else Quantity.from_dict(row)


def _of_span(span: Span, key: str, name: str) -> Any:
    spans, values = span.doc.spans.get(key, ()), span.doc.user_data.get(name, ())
    for other, value in zip(spans, values, strict=False):
        if (other.start, other.end) == (span.start, span.end):
            return value
    return None


class _Relation:
    def __init__(self, name: str) -> None:
        self.key = _RELATIONS.format(name)

    def get(self, doc: Doc) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = doc.user_data.get(self.key, [])
        return rows

    def set(self, doc: Doc, rows: list[dict[str, Any]]) -> None:
        doc.user_data[self.key] = rows
