"""The stage that finds and reads numbers; `vnreport.quantities` does the work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

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
        set_quantities(doc, quantities)
        spans = [
            Span(doc, span.start, span.end, label=q.kind)
            for q in quantities
            if (span := doc.char_span(q.start, q.end, alignment_mode="expand")) is not None
        ]
        doc.spans[QUANTITIES_KEY] = SpanGroup(doc, name=QUANTITIES_KEY, spans=spans)
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Process Docs one by one."""
        return map(self, stream)


@Language.factory("report_quantities", assigns=["doc.spans"])
def create_report_quantities(nlp: Language, name: str) -> ReportQuantities:
    """The factory of `ReportQuantities`."""
    return ReportQuantities()
