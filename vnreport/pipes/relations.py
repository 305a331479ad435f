"""The stage that ties facts together; `vnreport.relations` does the work."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from vnreport.schema import (
    get_entities,
    get_quantities,
    get_sentences,
    note_related,
    register_extensions,
    text_of,
)

register_extensions()


class ReportRelations:
    """Sets `doc._.roles` and `doc._.indicators` from entities, sentences and quantities.

    Sentences are those of `doc.spans["sentences"]`, or of `doc.sents` where a
    pipeline has no sentence classes.
    """

    def __call__(self, doc: Doc) -> Doc:
        """Tie together what the stages before found in `doc`, and return it."""
        from vnreport.relations import find_indicators, find_roles

        text = text_of(doc)
        entities, sentences = get_entities(doc), get_sentences(doc)
        doc._.roles = find_roles(text, entities, sentences)
        doc._.indicators = find_indicators(text, get_quantities(doc), sentences, entities)
        note_related(doc, entities, sentences)
        return doc


@Language.factory("report_relations", assigns=["doc._.roles", "doc._.indicators"], requires=["doc.ents"])
def create_report_relations(nlp: Language, name: str) -> ReportRelations:
    """The factory of `ReportRelations`."""
    return ReportRelations()
