"""The stage that finds and reads numbers; `vnreport.quantities` does the work."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from vnreport.schema import register_extensions, set_quantities, text_of

register_extensions()


class ReportQuantities:
    """Sets `doc.spans["quantities"]`, `label_` the kind, `span._.quantity` the reading.

    Quantities are found on characters; a span covers the tokens that its
    quantity touches, `Quantity.start` and `Quantity.end` are exact.
    """

    def __call__(self, doc: Doc) -> Doc:
        """Find the quantities of `doc` and return it."""
        from vnreport.quantities import parse_quantities

        set_quantities(doc, parse_quantities(text_of(doc)))
        return doc


@Language.factory("report_quantities", assigns=["doc.spans"])
def create_report_quantities(nlp: Language, name: str) -> ReportQuantities:
    """The factory of `ReportQuantities`."""
    return ReportQuantities()
