"""An annotated article for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from vnreport.inputs import Text

CLASS_STYLES = {"ACHIEVEMENT": "green", "SHORTCOMING": "red", "DIRECTIVE": "blue", "OTHER": "bright_black"}
ENTITY_STYLES = {"PER": "bold magenta", "TITLE": "bold yellow", "ORG": "bold cyan"}

Rows = list[dict[str, Any]]


def render(text: Text, records: dict[str, Rows]) -> Group:
    """Sentences with their classes and spans, then the tables of facts.

    Args:
        text: the article.
        records: what `to_records` gave for it.
    """
    parts: list[RenderableType] = [Styled(text.id, style="bold underline"), _legend(), Styled()]
    parts += _sentences(text.text, records)
    for title, columns, rows in _tables(records):
        if rows:
            parts += [Styled(), _table(title, columns, rows)]
    return Group(*parts, Styled())


def _table(title: str, columns: Iterable[str], rows: Sequence[tuple[Any, ...]]) -> Table:
    """The columns that have a value; no word of them is cut, however narrow the terminal is."""
    cells = [[column, *cells] for column, *cells in zip(columns, *rows, strict=True) if any(cells)]
    table = Table(title=title, title_justify="left", title_style="bold")
    for column, *_ in cells:
        table.add_column(column, overflow="fold")
    for row in zip(*(values for _, *values in cells), strict=True):
        table.add_row(*(Styled("" if cell is None else str(cell)) for cell in row))
    return table


def _legend() -> Styled:
    legend = Styled()
    for name, style in (CLASS_STYLES | ENTITY_STYLES).items():
        legend.append(f"{name}  ", style=style)
    return legend.append("quantity", style="underline")


def _sentences(text: str, records: dict[str, Rows]) -> Iterator[Styled]:
    spans = [(row, ENTITY_STYLES.get(row["label"], "bold")) for row in records["entities"]]
    spans += [(row, "underline") for row in records["quantities"]]
    spans.sort(key=lambda pair: pair[0]["start"])
    whole: Rows = [{"start": 0, "end": len(text), "label": "OTHER"}]
    for sentence in records["sentences"] or whole:
        start, end = sentence["start"], sentence["end"]
        line = Styled(f"{sentence['label'][:3]} ", style=CLASS_STYLES.get(sentence["label"], ""))
        body = Styled(text[start:end])
        for row, style in spans:
            if start <= row["start"] < end:
                body.stylize(style, row["start"] - start, row["end"] - start)
        yield line.append_text(body)


def _tables(records: dict[str, Rows]) -> Iterator[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]:
    entities, quantities = records["entities"], records["quantities"]
    parts = ("person", "title", "organisation")

    def norm(index: int | None) -> str | None:
        return None if index is None else str(entities[index]["norm"])

    yield (
        "People and offices",
        parts,
        list(dict.fromkeys(tuple(map(norm, map(row.get, parts))) for row in records["roles"])),
    )
    keys = ("actual", "plan", "base", "stated", "growth", "excess")
    yield (
        "Indicators",
        ("name", *keys, "recomputed", "verdict", "owner"),
        [
            (
                row["name"],
                *(None if row.get(key) is None else quantities[row[key]]["text"] for key in keys),
                row["recomputed"],
                None if row["verdict"] == "undecidable" else row["verdict"],
                row["owner"],
            )
            for row in records["indicators"]
        ],
    )
    yield (
        "Quantities",
        ("text", "kind", "reading", "approx", "status"),
        [(q["text"], q["kind"], _reading(q), q["approx"], q["status"]) for q in quantities],
    )


def _reading(quantity: dict[str, Any]) -> str:
    if quantity["iso"]:
        return str(quantity["iso"])
    number = quantity["value"] or ""
    if quantity["low"] is not None:
        number = f"{quantity['low']} … {quantity['high']}"
    elif quantity["numerator"] is not None:
        number = f"{quantity['numerator']} / {quantity['denominator']}"
    return f"{number} {quantity['unit'] or ''}".strip()
