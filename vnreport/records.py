"""Doc → rows: the only way out."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from vnreport.schema import SENTENCES_KEY, get_quantities, register_extensions

if TYPE_CHECKING:
    from spacy.tokens import Doc


def to_records(doc: Doc) -> dict[str, list[dict[str, Any]]]:
    """All that the pipeline found, as JSON-ready rows.

    Args:
        doc: a Doc that a vnreport pipeline processed. What a missing stage
            would have set is empty.

    Returns:
        `sentences`, `entities`, `quantities`, `indicators`, `roles`: lists of
        dicts in the order of the text, in the form of `records_schema()`.
        Offsets are code points of `doc.text`; numbers that were read from the
        text are exact decimal strings; indices point into the other lists.
    """
    from vnreport.abbreviations import expand

    register_extensions()
    text = doc.text
    sentences = [
        {
            "start": span.start_char,
            "end": span.end_char,
            "text": span.text,
            "label": span.label_,
            "score": span._.scores.get(span.label_),
        }
        for span in doc.spans.get(SENTENCES_KEY, ())
    ]
    entities = [
        {
            "start": span.start_char,
            "end": span.end_char,
            "text": span.text,
            "label": span.label_,
            "norm": expand(span.text, span.label_, text),
        }
        for span in doc.ents
    ]
    return {
        "sentences": sentences,
        "entities": entities,
        "quantities": [quantity.to_dict() for quantity in get_quantities(doc)],
        "indicators": [dict(row) for row in doc._.indicators],
        "roles": [dict(row) for row in doc._.roles],
    }


def records_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that `to_records` follows."""
    source = resources.files("vnreport").joinpath("records.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(source)
    return schema
