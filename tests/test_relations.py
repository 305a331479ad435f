"""Roles and indicators: a table of shapes, the arithmetic, properties, and the corpus."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from tests.conftest import ROOT
from tests.timing import growth
from vnreport import markup
from vnreport.corpus import read_articles
from vnreport.evaluate import match_indicators
from vnreport.quantities import Quantity, parse_quantities
from vnreport.relations import Indicator, Role, find_indicators, find_roles, link
from vnreport.relations.grammar import KEYS
from vnreport.relations.verdict import decimal_string, judge
from vnreport.schema import set_quantities

DATA = ROOT / "tests/data"
ROLE_FLOOR = 0.95
INDICATOR_FLOOR = 0.9
QUANTITY_KEYS = (*KEYS, "period")


def table(name: str) -> list[Any]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return [pytest.param(*row[1:], id=row[0]) for row in rows]


def article(text: str, label: str = "A") -> markup.Article:
    """An article of the table's text: entities marked as in the corpus, ⏎ between lines."""
    return markup.parse("kind: x\n---\n" + "\n".join(f"{label}| {line}" for line in text.split("⏎")))


def quantity(gold: markup.Quantity, text: str) -> Quantity:
    """What the number stage would hand out for a quantity of the corpus."""
    number, _, unit = gold.value.partition(" ")
    surface = text[gold.start : gold.end]
    plain = Quantity(gold.start, gold.end, surface, gold.kind, approx=gold.approx)
    if gold.kind in ("date", "period"):
        return replace(plain, iso=gold.value)
    if gold.kind == "identifier":
        return plain
    plain = replace(plain, unit=unit or ("%" if gold.kind == "percent" else None))
    if gold.kind == "ratio" or ("/" in number and "/" in surface and gold.kind in ("money", "measure", "count")):
        top, bottom = map(Decimal, number.split("/"))
        return replace(plain, kind="ratio", numerator=top, denominator=bottom)
    if ".." in number:
        low, high = map(Decimal, number.split(".."))
        return replace(plain, low=low, high=high)
    return replace(plain, value=Fraction(number) if "/" in number else Decimal(number))


def shown_roles(text: str, entities: Sequence[markup.Entity], roles: Iterable[Role]) -> list[str]:
    def words(index: int | None) -> str:
        return "" if index is None else text[entities[index].start : entities[index].end]

    return [
        f"{words(role['person'])} = {words(role['title'])}"
        + (f" @ {words(role['organisation'])}" if role["organisation"] is not None else "")
        for role in roles
    ]


def shown_indicators(quantities: Sequence[Quantity], indicators: Iterable[Indicator]) -> list[str]:
    shown = []
    for row in indicators:
        parts = [row["name"]]
        for key in QUANTITY_KEYS:
            index: int | None = row[key]  # type: ignore[literal-required]
            if index is not None:
                parts.append(f"{key}={quantities[index].text}")
        if row["owner"] is not None:
            parts.append(f"owner={row['owner']}")
        if row["parts"]:
            parts.append("parts=" + " + ".join(quantities[index].text for index in row["parts"]))
        told = (row["relation"], row["direction"], row["recomputed"], row["verdict"])
        parts.append(" ".join(filter(None, told)))
        shown.append(" | ".join(parts))
    return shown


@pytest.mark.parametrize(("text", "expected"), table("roles.tsv"))
def test_roles(text: str, expected: str) -> None:
    source = article(text, "O")
    roles = find_roles(source.text, source.entities, source.sentences)
    assert sorted(shown_roles(source.text, source.entities, roles)) == sorted(filter(None, expected.split("; ")))


@pytest.mark.parametrize(("text", "expected"), table("indicators.tsv"))
def test_indicators(text: str, expected: str) -> None:
    source = article(re.sub(r"(?<=[^\d\W]\.) (?=[A-ZĐ])", "⏎", text), "D" if text.startswith("Phấn đấu") else "A")
    quantities = [quantity(q, source.text) for q in source.quantities] or parse_quantities(source.text)
    rows = find_indicators(source.text, quantities, source.sentences, source.entities)
    assert shown_indicators(quantities, rows) == [row.strip() for row in expected.split(";;") if row]


@pytest.mark.parametrize(("text", "expected"), table("parties.tsv"))
def test_parties(text: str, expected: str) -> None:
    source = article(text)
    parties = link(source.text, source.entities)
    assert "; ".join(f"{party['name']}: {len(party['mentions'])}" for party in parties) == expected


@pytest.mark.parametrize(
    ("stated", "recomputed", "unit", "estimated", "verdict"),
    [
        ("24.2", "24.2", "0.1", False, "exact"),
        ("24.2", "24.17", "0.1", False, "rounded"),
        ("24.2", "24.24", "0.1", False, "rounded"),
        ("24.2", "24.25", "0.1", False, "truncated"),
        ("24.2", "24.29", "0.1", False, "truncated"),
        ("24.2", "24.11", "0.1", False, "rounded"),
        ("24.2", "24.3", "0.1", False, "off"),
        ("24.2", "24.1", "0.1", False, "off"),
        ("24", "24.9", "1", False, "truncated"),
        ("24.0", "24.9", "0.1", False, "off"),
        ("24", "25.1", "1", True, "within_estimate"),
        ("24", "26", "1", True, "off"),
    ],
)
def test_verdict(stated: str, recomputed: str, unit: str, estimated: bool, verdict: str) -> None:
    assert judge(Fraction(stated), Fraction(recomputed), Fraction(unit), estimated) == verdict


@pytest.mark.parametrize(
    ("number", "unit", "shown"),
    [
        ("24.1667", "0.1", "24.17"),
        ("24.165", "0.1", "24.17"),
        ("-24.165", "0.1", "-24.17"),
        ("24.1", "0.01", "24.1"),
        ("24.16549", "0.01", "24.165"),
        ("1500", "1", "1500"),
        ("0", "1", "0"),
        (f"{2 * 10**70}/3", "1", "6" * 70 + ".67"),
    ],
)
def test_decimal_string(number: str, unit: str, shown: str) -> None:
    assert decimal_string(Fraction(number), Fraction(unit)) == shown


def test_the_longest_numbers_are_recomputed_exactly() -> None:
    text = f"Thu ngân sách đạt {'9' * 55} tỷ đồng/7 đồng, đạt 24,2% kế hoạch."
    (row,) = find_indicators(text, parse_quantities(text), [markup.Sentence(0, len(text), "")])
    assert row["recomputed"] is not None
    assert abs(Fraction(row["recomputed"]) - Fraction(int("9" * 55) * 10**11, 7)) <= Fraction(1, 200)


@given(
    st.integers(1, 10**9),
    st.integers(1, 10**9),
    st.integers(0, 3),
    st.sampled_from(["rounded", "truncated", "off"]),
)
def test_percentages_that_are_rounded_or_truncated_pass_and_false_ones_do_not(
    actual: int, plan: int, places: int, way: str
) -> None:
    true = Fraction(actual, plan) * 100
    unit = Fraction(1, 10**places)
    stated = {"rounded": round(true / unit), "truncated": true // unit, "off": true // unit + 2}[way] * unit
    shown = f"{Decimal(int(stated / unit)).scaleb(-places):f}".replace(".", ",")
    text = f"Thu ngân sách {actual} đồng/{plan} đồng, đạt {shown}%."
    verdicts = [
        row["verdict"] for row in find_indicators(text, parse_quantities(text), [markup.Sentence(0, len(text), "")])
    ]
    assert verdicts == ["off"] if way == "off" else verdicts[0] in ("exact", way, "rounded")


def decomposed(source: markup.Article) -> tuple[str, list[int]]:
    offsets = [0]
    for character in source.text:
        offsets.append(offsets[-1] + len(unicodedata.normalize("NFD", character)))
    return unicodedata.normalize("NFD", source.text), offsets


@pytest.mark.parametrize("path", sorted((ROOT / "corpus/articles/dev").glob("*.vnr"))[:5], ids=lambda path: path.stem)
def test_the_form_of_unicode_makes_no_difference(path: Any) -> None:
    source = markup.read(path)
    text, at = decomposed(source)
    entities = [replace(e, start=at[e.start], end=at[e.end]) for e in source.entities]
    sentences = [replace(s, start=at[s.start], end=at[s.end]) for s in source.sentences]
    composed = [quantity(q, source.text) for q in source.quantities]
    quantities = [replace(q, start=at[q.start], end=at[q.end], text=text[at[q.start] : at[q.end]]) for q in composed]
    assert find_roles(text, entities, sentences) == find_roles(source.text, source.entities, source.sentences)
    assert find_indicators(text, quantities, sentences, entities) == find_indicators(
        source.text, composed, source.sentences, source.entities
    )


@pytest.mark.parametrize(
    "piece", ["đạt 5% và ", "tăng 5 vụ, ", "từ 5% xuống 3%, ", "5 ha/6 ha, đạt 83% kế hoạch huyện giao, "]
)
def test_time_grows_with_the_length_of_a_sentence_alone(piece: str) -> None:
    def find(doc: tuple[str, list[Quantity]]) -> None:
        find_indicators(*doc, [markup.Sentence(0, len(doc[0]), "ACHIEVEMENT")])

    few, many = ((text, parse_quantities(text)) for text in (piece * 500, piece * 2000))
    assert growth(find, few, many) < 16


PIECES = st.sampled_from(
    "đạt |tăng |/| (|) |, |; |từ | xuống |so với |kế hoạch |cùng kỳ |5%|3/4 xã|2 ha|đ/c | - | và |do |gồm |: |\n|TM. "
    "|\u200b|e\u0301|😀|năm 2020 |hơn |gấp 2 lần | là ".split("|")
)


@given(st.lists(PIECES, max_size=30), st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["PER", "TITLE", "ORG"]))))
def test_any_text_is_read_without_an_error(pieces: list[str], marks: list[tuple[int, str]]) -> None:
    text = "".join(pieces)
    words = [match.span() for match in re.finditer(r"\S+", text)]
    places = dict(marks)
    entities = [markup.Entity(*words[i], places[i]) for i in sorted(places) if i < len(words)]
    sentences = [markup.Sentence(*match.span(), "ACHIEVEMENT") for match in re.finditer(r"[^\n]+", text)]
    quantities = parse_quantities(text)
    roles = find_roles(text, entities, sentences)
    rows = find_indicators(text, quantities, sentences, entities)
    assert all(entities[role["person"]].label == "PER" for role in roles)
    assert all(row["verdict"] == "undecidable" or row["recomputed"] is not None for row in rows)
    assert len({index for party in link(text, entities) for index in party["mentions"]}) == sum(
        entity.label != "TITLE" for entity in entities
    )


def test_nothing_makes_nothing() -> None:
    assert find_roles("", [], []) == []
    assert find_indicators("", [], []) == []
    assert link("", []) == []


def span(doc: Doc, gold: markup.Entity | markup.Sentence) -> Span:
    found = doc.char_span(gold.start, gold.end, gold.label, alignment_mode="expand")
    assert found is not None
    return found


def test_a_doc_holds_what_the_functions_find() -> None:
    source = article("Đồng chí [Lò Văn Panh]PER, [Bí thư]TITLE [Đảng ủy xã]ORG.⏎Kết nạp 6/8 đảng viên, đạt 75%.")
    nlp = spacy.blank("vi", config={"nlp": {"tokenizer": {"@tokenizers": "spacy.Tokenizer.v1"}}})
    relations = nlp.add_pipe("report_relations")
    doc = nlp.make_doc(source.text)
    doc.ents = [span(doc, e) for e in source.entities]
    quantities = parse_quantities(source.text)
    set_quantities(doc, quantities)
    doc.spans["sentences"] = [span(doc, s) for s in source.sentences]
    doc = relations(doc)
    assert doc._.roles == [{"person": 0, "title": 1, "organisation": 2, "sentence": 0}]
    assert shown_indicators(quantities, doc._.indicators) == [
        "Kết nạp đảng viên | actual=6/8 đảng viên | plan=6/8 đảng viên | stated=75% | of_plan 75 exact"
    ]


def f_score(hits: int, predicted: int, gold: int) -> float:
    return 2 * hits / (predicted + gold) if predicted + gold else 0.0


def score_roles(articles: Iterable[markup.Article]) -> float:
    """F1 of roles by the words of person, title and organisation."""
    hits = found = known = 0
    for source in articles:
        gold = [
            Role(person=r.person, title=r.title, organisation=r.organisation, sentence=r.sentence) for r in source.roles
        ]
        roles = find_roles(source.text, source.entities, source.sentences)
        mine = Counter(shown_roles(source.text, source.entities, roles))
        theirs = Counter(shown_roles(source.text, source.entities, gold))
        hits += (mine & theirs).total()
        found += mine.total()
        known += theirs.total()
    return f_score(hits, found, known)


def score_indicators(articles: Iterable[markup.Article]) -> float:
    """F1 of the indicators made from gold spans."""
    hits = found = known = 0
    for source in articles:
        quantities = [quantity(q, source.text) for q in source.quantities]
        rows = find_indicators(source.text, quantities, source.sentences, source.entities)
        right, told, facts = match_indicators(source, rows, dict(enumerate(range(len(quantities)))))
        hits, found, known = hits + right, found + told, known + facts
    return f_score(hits, found, known)


def test_roles_of_the_development_part() -> None:
    assert score_roles(read_articles(ROOT / "corpus/articles/dev")) >= ROLE_FLOOR


def test_indicators_of_the_development_part() -> None:
    assert score_indicators(read_articles(ROOT / "corpus/articles/dev")) >= INDICATOR_FLOOR
