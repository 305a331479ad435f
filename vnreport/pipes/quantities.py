"""The stage that finds and reads numbers; `vnreport.quantities` does the work."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc, SpanGroup

from vnreport.schema import QUANTITIES_KEY, register_extensions, set_quantities

register_extensions()


class ReportQuantities:
    """Sets `doc.spans["quantities"]`, `label_` the kind, `span._.quantity` the reading.

    Quantities are found on characters; a span covers the tokens that its
    quantity touches, `Quantity.start` and `Quantity.end` are exact.
    """

    def __call__(self, doc: Doc) -> Doc:
        """Find the quantities of `doc` and return it."""
        from vnreport.quantities import parse_quantities

        quantities = parse_quantities(doc.text)
        spans = [doc.char_span(q.start, q.end, label=q.kind, alignment_mode="expand") for q in quantities]
        doc.spans[QUANTITIES_KEY] = SpanGroup(doc, name=QUANTITIES_KEY, spans=[s for s in spans if s is not None])
        set_quantities(doc, quantities)
        return doc


@Language.factory("report_quantities", assigns=["doc.spans"])
def create_report_quantities(nlp: Language, name: str) -> ReportQuantities:
    """The factory of `ReportQuantities`."""
    return ReportQuantities()
