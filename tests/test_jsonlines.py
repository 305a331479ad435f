"""Articles as JSON lines: what is read, and how each mistake is named."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language

from tests.conftest import ROOT
from vnreport.corpus import create_corpus_reader, read_articles, to_reference, to_rows
from vnreport.evaluate import HEADLINES, evaluate, pick
from vnreport.markup import Article, Entity, MarkupError, Sentence
from vnreport.pipes.tokenizer import WordTokenizer
from vnreport.quantities import Quantity
from vnreport.records import to_records
from vnreport.schema import SENTENCES_KEY

TEXT = "Ông Lê Lan họp 😀 xong. Đạt 5 tỷ."
ROW: dict[str, Any] = {"text": TEXT, "spans": [{"start": 4, "end": 10, "label": "PER"}]}
SENTENCES = [{"start": 0, "end": 22, "label": "OTHER"}, {"start": 23, "end": 32, "label": "ACHIEVEMENT"}]


def write(path: Path, *rows: Any) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_corpus_comes_back_from_its_export(tmp_path: Path) -> None:
    articles = read_articles(ROOT / "corpus/articles")
    assert read_articles(write(tmp_path / "all.jsonl", *to_rows(articles))) == articles


def test_what_the_pipeline_finds_can_be_given_back(nlp: Language, tmp_path: Path) -> None:
    texts = [a.text for a in read_articles(ROOT / "corpus/articles/dev")]
    texts.append("Tỷ lệ đạt 31,45%, tăng 6,8 điểm %. Cả xã có 12 hộ nghèo: 5 hộ thôn 1, 7 hộ thôn 2.")
    rows: list[dict[str, Any]] = [{"text": doc.text, **to_records(doc)} for doc in nlp.pipe(texts)]
    articles = read_articles(write(tmp_path / "a.jsonl", *rows))
    for row, article in zip(rows, articles, strict=True):
        assert [q.value for q in article.quantities] == [Quantity.from_dict(q).notation() for q in row["quantities"]]
        assert [q.approx for q in article.quantities] == [q["approx"] for q in row["quantities"]]
        assert [f.name for f in article.facts] == [i["name"] for i in row["indicators"] if i["relation"] != "sum"]
        assert article.unannotated == frozenset()
    assert any(row["relation"] == "sum" for row in rows[-1]["indicators"])
    found = evaluate(nlp, articles)
    assert {name: pick(found, name) for name in HEADLINES if pick(found, name) not in (1, None)} == {
        "quantities_spurious": 0
    }


def test_what_prodigy_writes(tmp_path: Path) -> None:
    token = {"token_start": 1, "token_end": 2}
    tokens = [{"text": "Ông", "start": 0, "end": 3, "id": 0, "ws": True}]
    more = {"_input_hash": 1, "answer": "accept", "meta": {"page": 2}, "tokens": tokens}
    rows = [
        {**ROW, "spans": [{**ROW["spans"][0], **token}], **more},
        {**ROW, "answer": "reject", "spans": [{"start": 99}]},
        {**ROW, "answer": "ignore"},
    ]
    stages = frozenset({"quantities", "roles", "indicators"})
    expected = Article("a:1", {}, TEXT, [], [Entity(4, 10, "PER")], unannotated=stages)
    assert read_articles(write(tmp_path / "a.jsonl", *rows)) == [expected]


@pytest.mark.parametrize("rows", [[], ["", " "], [{**ROW, "answer": "reject"}, {**ROW, "answer": "ignore"}]])
@pytest.mark.parametrize("name", ["", "a.jsonl"])
def test_nothing_left_is_an_error(rows: list[Any], name: str, tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", *rows)
    with pytest.raises(FileNotFoundError) as caught:
        read_articles(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: no article is left: every line is empty or has")


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"id": "x7"}, "x7"), ({"id": 0}, "0"), ({"id": None}, "a:1"), ({"id": ""}, "a:1"), ({}, "a:1")],
)
def test_an_article_has_its_id_or_else_its_place(given: dict[str, Any], expected: str, tmp_path: Path) -> None:
    assert read_articles(write(tmp_path / "a.jsonl", {**ROW, **given}))[0].id == expected


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"quantities": [], "roles": [], "indicators": []}, set()),
        ({"quantities": [], "indicators": None}, {"roles", "indicators"}),
        ({}, {"quantities", "roles", "indicators"}),
    ],
)
def test_what_is_not_there_was_not_annotated_and_what_is_empty_was(
    given: dict[str, Any], missing: set[str], tmp_path: Path
) -> None:
    (article,) = read_articles(write(tmp_path / "a.jsonl", {**ROW, **given}))
    assert article.unannotated == missing


def test_an_empty_list_of_entities_says_that_there_are_none(tmp_path: Path) -> None:
    rows = [{"text": TEXT, "spans": []}, {"text": TEXT, "entities": []}]
    assert [article.entities for article in read_articles(write(tmp_path / "a.jsonl", *rows))] == [[], []]


LABEL = {"start": 4, "end": 10, "text": "Lê Lan"}
STUDIO = [
    {"id": 1, "data": {"text": TEXT}, "annotations": []},
    {
        "id": 7,
        "data": {"text": TEXT},
        "annotations": [
            {"result": [{"type": "labels", "value": {**LABEL, "labels": ["PER"]}}, {"type": "choices", "value": {}}]}
        ],
    },
]
DOCCANO = {"id": 7, "text": TEXT, "label": [[4, 10, "PER"]]}
RELATIONS = {"id": 7, "text": TEXT, "entities": [{"id": 3, "start_offset": 4, "end_offset": 10, "label": "PER"}]}


@pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq")
@pytest.mark.parametrize(
    ("file", "exported"),
    [("doccano.jsonl", DOCCANO), ("doccano-relations.jsonl", RELATIONS), ("label-studio.json", STUDIO)],
)
def test_the_docs_turn_what_other_tools_write_into_articles(file: str, exported: Any, tmp_path: Path) -> None:
    docs = (ROOT / "docs/retrain.md").read_text(encoding="utf-8")
    (program,) = re.findall(rf"^jq -c '(.*)' {file} > ", docs, re.MULTILINE)
    given = json.dumps(exported)
    lines = subprocess.run(["jq", "-c", program], input=given, capture_output=True, encoding="utf-8", check=True).stdout
    (article,) = read_articles(write(tmp_path / "a.jsonl", lines))
    assert (article.id, article.text, article.entities) == ("7", TEXT, [Entity(4, 10, "PER")])


def test_sentences_and_header(tmp_path: Path) -> None:
    row = {"id": "x7", "place": "xã Đồng Mỏ", **ROW, "sentences": SENTENCES}
    (article,) = read_articles(write(tmp_path / "a.jsonl", "", row, ""))
    assert (article.id, article.meta) == ("x7", {"place": "xã Đồng Mỏ"})
    assert article.sentences == [Sentence(0, 22, "OTHER"), Sentence(23, 32, "ACHIEVEMENT")]


def test_an_article_without_sentences_teaches_entities_alone(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", ROW)
    nlp = spacy.blank("xx")
    nlp.tokenizer = WordTokenizer(nlp.vocab)
    (article,) = read_articles(tmp_path)
    doc = to_reference(article, nlp.make_doc(TEXT))
    assert [e.text for e in doc.ents] == ["Lê Lan"]
    assert not doc.has_annotation("SENT_START")
    assert SENTENCES_KEY not in doc.spans
    assert len(list(create_corpus_reader(tmp_path)(nlp))) == 1


def span(**changes: Any) -> dict[str, Any]:
    return {**ROW, "spans": [{**ROW["spans"][0], **changes}]}


def sentences(*spans: tuple[int, int, str], **more: Any) -> dict[str, Any]:
    return {
        "text": "Một. Hai.",
        "spans": [],
        "sentences": [{"start": a, "end": b, "label": c} for a, b, c in spans],
        **more,
    }


WHOLE = (0, 9, "OTHER")
COUNT = {"start": 0, "end": 3, "kind": "count", "value": "1"}
RECORD = Quantity(0, 3, "Một", "count").to_dict()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", "line: not JSON in UTF-8"),
        ("[1]", "line: an article is a JSON object, not [1]"),
        ({"txt": "a"}, "text: missing"),
        ({"text": " \n"}, "text: a string with words in it is needed"),
        ({"text": 5}, "text: a string with words in it is needed, not 5"),
        ('{"text": "Họp \\ud83d xong.", "spans": []}', r"text: \ud83d at 4 is half a character; write the whole one"),
        ('{"id": "\\udc00", "text": "a", "spans": []}', r"id: \udc00 at 0 is half a character"),
        ('{"text": "a", "spans": [], "place": "x\\udc00"}', r"place: \udc00 at 1 is half a character"),
        ('{"text": "a", "spans": ["\\ud83d"]}', r'spans[0]: an object is needed, not "\ud83d"'),
        ('{"text": "a", "spans": ' + "[" * 100_000, "line: lists or objects within each other, too deep to read"),
        ('{"text": ' + "[" * 900 + "]" * 900 + "}", ""),
        ({"text": "a", "spans": {}}, "spans: a list"),
        ({**ROW, "entities": []}, "entities: the line has 'spans' too"),
        ({"text": "a"}, "spans: missing; give 'spans' or 'entities', and [] where a reader found none"),
        ({"text": "a", "spans": None}, "spans: missing"),
        ({"text": "a", "entities": None}, "spans: missing"),
        (
            {"text": TEXT, "span": ROW["spans"], "entities": []},
            "span: annotation under a name that is not read; rename",
        ),
        ({**ROW, "label": [[4, 10, "PER"]]}, "label: annotation under a name that is not read"),
        ({**ROW, "numbers": [{"start": 0, "end": 3, "kind": "count"}]}, "numbers: annotation under a name"),
        ({"text": "a", "spans": [5]}, "spans[0]: an object is needed, not 5"),
        (span(start=None), "spans[0].start: an offset is needed, not nothing"),
        (span(end="10"), 'spans[0].end: an offset is needed, not "10"'),
        (span(start=True), "spans[0].start: an offset is needed, not true"),
        (span(end=80), "spans[0].end: 4 to 80 is no stretch of a text of 32 code points"),
        (span(start=-1), "spans[0].start: -1 to 10 is no stretch"),
        (span(start=10), "spans[0].start: 10 to 10 is no stretch"),
        (span(end=11), "spans[0].start: 4 to 11 is 'Lê Lan ', with a space at its edge"),
        (span(label="PERSON"), 'spans[0].label: one of PER, TITLE, ORG is needed, not "PERSON"'),
        (span(start=5, text="Lê Lan"), "spans[0].text: \"Lê Lan\", but 5 to 10 is 'ê Lan'; offsets count code points"),
        ({**ROW, "spans": ROW["spans"] * 2}, "spans: 'Lê Lan' and 'Lê Lan' overlap"),
        (sentences((0, 4, "OTHER")), "sentences: 'Hai.' behind 4 is in none"),
        (sentences((0, 9, "GOOD")), "sentences[0].label: one of ACHIEVEMENT"),
        (sentences(WHOLE, quantities=[{**COUNT, "value": "x"}]), 'quantities[0].value: "x" is not in the form of a'),
        (sentences(WHOLE, quantities=[{**COUNT, "kind": "sum"}]), "quantities[0].kind: one of money"),
        (sentences(WHOLE, quantities=[{**COUNT, "approx": "near"}]), "quantities[0].approx: one of under"),
        (
            sentences(WHOLE, quantities=[{**RECORD, "value": "1,5"}]),
            'quantities[0].value: {"value": "1,5"}: numbers are',
        ),
        (sentences(WHOLE, quantities=[{**RECORD, "value": 1.5}]), 'quantities[0].value: {"value": 1.5}: numbers are'),
        (sentences(WHOLE, quantities=[{**RECORD, "value": None}]), 'quantities[0].value: "" is not in the form of a'),
        (sentences(WHOLE, roles=[{"sentence": 0, "person": 3}]), "roles[0].person: an index below 0 is needed, not 3"),
        (
            sentences(WHOLE, quantities=[], indicators=[{"sentence": 4, "name": "a"}]),
            "indicators[0].sentence: an index below 1",
        ),
        (
            json.dumps(sentences(WHOLE, quantities=[], indicators=[{"sentence": 0, "name": "x\udc00"}])),
            r"indicators[0].name: \udc00 at 1 is half a character",
        ),
        (sentences(WHOLE, quantities=[], indicators=[{"sentence": 0}]), "indicators[0].name: a string is needed"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_field(row: Any, message: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ROW, row)
    with pytest.raises(MarkupError) as caught:
        read_articles(tmp_path)
    assert str(caught.value).startswith(f"{path}:2: {message}")


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("roles", ["sentences"]),
        ("indicators", ["quantities"]),
        ("indicators", ["sentences"]),
        ("indicators", ["sentences", "quantities"]),
    ],
)
def test_a_list_without_those_that_it_points_into_is_one_mistake(name: str, absent: list[str], tmp_path: Path) -> None:
    items = {"roles": {"sentence": 0, "person": 0}, "indicators": {"sentence": 0, "name": "a", "actual": 0}}
    whole = {**ROW, "sentences": SENTENCES, "quantities": [{"start": 27, "end": 31, "kind": "identifier"}]}
    row = {**whole, name: [items[name]] * 30}
    path = write(tmp_path / "a.jsonl", row)
    assert len(read_articles(path)) == 1
    write(path, {key: value for key, value in row.items() if key not in absent})
    with pytest.raises(MarkupError) as caught:
        read_articles(path)
    remedy = f"give it, or delete '{name}' too"
    assert str(caught.value).splitlines() == [
        f"{path}:1: {name}: points into '{other}', which is not there; {remedy}" for other in absent
    ]
    write(path, {key: value for key, value in row.items() if key not in absent} | {name: []})
    assert read_articles(path)[0].unannotated.isdisjoint([name])


def test_all_mistakes_are_told_at_once_but_no_more_than_a_page(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", *[span(label="X")] * 3)
    (tmp_path / "b.vnr").write_text("kind: x\n---\nX| a\n", encoding="utf-8")
    with pytest.raises(MarkupError) as caught:
        read_articles(tmp_path)
    assert [line.partition(": ")[0].rpartition("/")[2] for line in str(caught.value).splitlines()] == [
        "a.jsonl:1",
        "a.jsonl:2",
        "a.jsonl:3",
        "b.vnr:3",
    ]
    write(tmp_path / "a.jsonl", *[span(label="X")] * 50)
    with pytest.raises(MarkupError, match="and 31 more") as caught:
        read_articles(tmp_path)
    assert len(str(caught.value).splitlines()) == 21
