"""Doc → rows: the only way out."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from vnreport.schema import SENTENCES_KEY, Extent, get_entities, quantity_rows, register_extensions, renumber, text_of

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from vnreport.relations import Party


def to_records(doc: Doc) -> dict[str, list[dict[str, Any]]]:
    """All that the pipeline found, as JSON-ready rows.

    Args:
        doc: a Doc that a vnreport pipeline processed. What a missing stage
            would have set is empty.

    Returns:
        `sentences`, `entities`, `quantities`, `indicators`, `roles`, `people`,
        `organisations`: lists of dicts in the order of the text, in the form of
        `records_schema()`. The last two join the mentions of one person or body.
        Offsets are code points of `doc.text`; numbers that were read from the
        text are exact decimal strings; indices point into the other lists.
        Sentences and entities are those that the Doc has now. A person or title
        that was taken away takes its roles with it; other references to what
        is no longer there are None.

    Raises:
        TypeError: `doc` is no Doc.
    """
    from spacy.tokens import Doc

    from vnreport.abbreviations import expand
    from vnreport.relations import link

    if not isinstance(doc, Doc):
        raise TypeError(f"give a Doc, as vnreport.load()(text) makes it, not {type(doc).__name__}")
    register_extensions()
    text = text_of(doc)
    spans = doc.spans.get(SENTENCES_KEY, ())
    lines = [Extent.of(span) for span in spans]
    sentences = [
        {"start": start, "end": end, "text": text[start:end], "label": label, "score": span._.scores.get(label)}
        for (start, end, label), span in zip(lines, spans, strict=True)
    ]
    places = get_entities(doc)
    names = [(text[start:end], label) for start, end, label in places]
    norm_of = {name: expand(*name, text) for name in dict.fromkeys(names)}
    norms = [norm_of[name] for name in names]
    entities = [
        {"start": start, "end": end, "text": name, "label": label, "norm": norm}
        for (start, end, label), (name, _), norm in zip(places, names, norms, strict=True)
    ]
    parties = link(text, places, norms)
    sentence_now, entity_now = renumber(doc, "sentences", lines), renumber(doc, "entities", places)
    lost = {then for then, now in entity_now.items() if now is None}
    roles = [
        {key: (sentence_now if key == "sentence" else entity_now).get(index) for key, index in row.items()}
        for row in doc._.roles
        if lost.isdisjoint((row["person"], row["title"]))
    ]
    indicators = [
        {**row, "sentence": sentence_now.get(row["sentence"]), "parts": [*row["parts"]]} for row in doc._.indicators
    ]
    return {
        "sentences": sentences,
        "entities": entities,
        "quantities": quantity_rows(doc),
        "indicators": indicators,
        "roles": roles,
        "people": [_named(party) for party in parties if party["label"] == "PER"],
        "organisations": [_named(party) for party in parties if party["label"] == "ORG"],
    }


def _named(party: Party) -> dict[str, Any]:
    return {"name": party["name"], "mentions": party["mentions"]}


def records_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that `to_records` follows."""
    source = resources.files("vnreport").joinpath("records.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(source)
    return schema
