"""Roles and indicators."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from vnreport.schema import register_extensions

register_extensions()


class ReportRelations:
    def __call__(self, doc: Doc) -> Doc:
        return doc


@Language.factory("report_relations")
def create_report_relations(nlp: Language, name: str) -> ReportRelations:
    return ReportRelations()
