"""The released pipeline is a spaCy pipeline like any other."""

from __future__ import annotations

import json
import multiprocessing
import pickle
import subprocess
import sys
import unicodedata
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy import displacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin

import vnreport
from tests.timing import growth
from vnreport.schema import CLASSES, ENTITY_LABELS, QUANTITIES_KEY, SENTENCES_KEY

NAMES = ["report_sentences", "report_encoder", "report_quantities", "report_relations"]


def test_every_stage_leaves_its_annotation(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert doc.text == text
    assert nlp.pipe_names == NAMES
    assert {entity.label_ for entity in doc.ents} == set(ENTITY_LABELS)
    sentences = doc.spans[SENTENCES_KEY]
    assert {sentence.label_ for sentence in sentences} == set(CLASSES)
    for sentence in sentences:
        assert sum(sentence._.scores.values()) == pytest.approx(1, abs=1e-3)
        assert max(sentence._.scores, key=sentence._.scores.get) == sentence.label_
    quantities = doc.spans[QUANTITIES_KEY]
    assert all(span._.quantity.kind == span.label_ for span in quantities)
    assert doc._.roles
    assert doc._.indicators


def test_what_a_reader_would_note(nlp: Language, text: str) -> None:
    records = vnreport.to_records(nlp(text))
    entities, quantities = records["entities"], records["quantities"]
    roles = {
        tuple(None if role[key] is None else entities[role[key]]["norm"] for key in ("person", "title", "organisation"))
        for role in records["roles"]
    }
    assert ("Lường Văn Panh", "Huyện ủy viên", None) in roles
    assert ("Lường Văn Panh", "Bí thư", "Đảng ủy xã") in roles
    (budget,) = [row for row in records["indicators"] if "thu ngân sách" in row["name"].lower()]
    assert quantities[budget["actual"]]["value"] == "3750000000"
    assert quantities[budget["plan"]]["value"] == "15511000000"
    assert quantities[budget["stated"]]["value"] == "24.2"
    assert budget["verdict"] == "rounded"
    assert budget["owner"] == "huyện"


def test_records_follow_the_schema(nlp: Language, text: str) -> None:
    schema = vnreport.records_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for doc in nlp.pipe([text, "", "Họp.", "\n\n", text.upper()]):
        records = vnreport.to_records(doc)
        jsonschema.validate(records, schema)
        assert json.loads(json.dumps(records)) == records
        for name in ("sentences", "entities", "quantities"):
            for row in records[name]:
                assert doc.text[row["start"] : row["end"]] == row["text"]


def test_records_of_a_doc_that_no_stage_saw(nlp: Language) -> None:
    records = vnreport.to_records(nlp.make_doc("Xã có 12 thôn."))
    assert records == {
        "sentences": [],
        "entities": [],
        "quantities": [],
        "indicators": [],
        "roles": [],
        "people": [],
        "organisations": [],
    }


@settings(max_examples=50)
@given(st.text(alphabet="Đảng ủyxã Bí thư 12,5%tỷđồng.:;-\n\u00a0\u0301\u0958\ufb2c🌸", max_size=200))
def test_any_text_is_annotated(text: str) -> None:
    doc = PIPELINE(text)
    assert doc.text == text
    vnreport.to_records(doc)


def test_decomposed_text_gives_the_same_facts(nlp: Language, text: str) -> None:
    decomposed = nlp(unicodedata.normalize("NFD", text))
    composed = nlp(text)
    assert decomposed.text != text
    assert [e.label_ for e in decomposed.ents] == [e.label_ for e in composed.ents]
    assert [q._.quantity.value for q in decomposed.spans[QUANTITIES_KEY]] == [
        q._.quantity.value for q in composed.spans[QUANTITIES_KEY]
    ]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes(nlp: Language, text: str, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spacy.language, "mp", multiprocessing.get_context(method))
    texts = [text, "Xã có 12 thôn.", text[:300]]
    alone = [vnreport.to_records(doc) for doc in nlp.pipe(texts)]
    together = [vnreport.to_records(doc) for doc in nlp.pipe(texts, n_process=2, batch_size=1)]
    assert together == alone


def test_disk_and_bytes(nlp: Language, text: str, tmp_path: Path) -> None:
    expected = vnreport.to_records(nlp(text))
    nlp.to_disk(tmp_path / "model")
    assert vnreport.to_records(spacy.load(tmp_path / "model")(text)) == expected
    assert vnreport.to_records(vnreport.load(tmp_path / "model")(text)) == expected
    other = spacy.blank("vi", config=nlp.config).from_bytes(nlp.to_bytes())
    assert vnreport.to_records(other(text)) == expected


def test_pickle(nlp: Language, text: str) -> None:
    copy = pickle.loads(pickle.dumps(nlp))
    assert vnreport.to_records(copy(text)) == vnreport.to_records(nlp(text))


def test_doc_bin(nlp: Language, text: str) -> None:
    doc = nlp(text)
    data = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    (copy,) = DocBin().from_bytes(data).get_docs(nlp.vocab)
    assert vnreport.to_records(copy) == vnreport.to_records(doc)


def test_each_quantity_of_one_token_has_its_reading(nlp: Language) -> None:
    text = "Học 30,40,55 phút, ngày 5/7."
    doc = nlp(text)
    data = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    (stored,) = DocBin().from_bytes(data).get_docs(spacy.blank("xx").vocab)
    *_, sent = nlp.pipe(["Họp.", text], n_process=2, batch_size=1)
    for copy in (doc, stored, sent, pickle.loads(pickle.dumps(doc))):
        spans = copy.spans[QUANTITIES_KEY]
        expected = ["30", "40", "55 phút", "5/7"]
        assert [span._.quantity.text for span in spans] == expected
        assert [row["text"] for row in vnreport.to_records(copy)["quantities"]] == expected
        same = copy.char_span(spans[1].start_char, spans[1].end_char, label=spans[1].label)
        assert same is not None
        assert same._.quantity.text == "30"


def test_select_pipes(nlp: Language, text: str) -> None:
    with nlp.select_pipes(enable=["report_quantities"]):
        doc = nlp(text)
    assert doc.spans[QUANTITIES_KEY]
    assert not doc.ents
    with nlp.select_pipes(disable=["report_encoder"]):
        doc = nlp(text)
    assert SENTENCES_KEY not in doc.spans
    assert doc.spans[QUANTITIES_KEY]


def test_a_stage_can_be_replaced(text: str) -> None:
    @Language.component("every_sentence_is_a_line")
    def lines(doc: Doc) -> Doc:
        for token in doc:
            token.is_sent_start = token.i == 0 or "\n" in doc[token.i - 1].text
        return doc

    nlp = vnreport.load("vi_report_sm")
    nlp.remove_pipe("report_sentences")
    nlp.add_pipe("every_sentence_is_a_line", first=True)
    doc = nlp(text)
    assert len(doc.spans[SENTENCES_KEY]) == len([line for line in text.splitlines() if line.strip()])


def test_the_encoder_says_what_it_misses(text: str) -> None:
    nlp = vnreport.load("vi_report_sm", exclude=["report_sentences"])
    with pytest.raises(ValueError, match="put 'report_sentences' before"):
        nlp(text)
    blank = spacy.blank("xx")
    blank.add_pipe("sentencizer")
    blank.add_pipe("report_encoder")
    with pytest.raises(ValueError, match="is not trained"):
        blank("Xã họp.")


def test_records_follow_what_a_user_keeps(nlp: Language, text: str) -> None:
    doc = nlp(text)
    doc.spans[SENTENCES_KEY] = [s for s in doc.spans[SENTENCES_KEY] if s.label_ == "SHORTCOMING"]
    kept = vnreport.to_records(doc)["sentences"]
    assert kept
    assert all(row["label"] == "SHORTCOMING" and row["score"] > 0.25 for row in kept)
    doc.spans[QUANTITIES_KEY] = list(doc.spans[QUANTITIES_KEY])[2:]
    assert all(span._.quantity.text in span.text for span in doc.spans[QUANTITIES_KEY])


def test_entities_of_other_components_stay_and_are_no_records() -> None:
    nlp = vnreport.load("vi_report_sm")
    text = "Ngày 12/4, xã họp; đ/c Lường Văn Panh, Bí thư Đảng ủy, đến bản Nà Lọm."
    plain = vnreport.to_records(nlp(text))
    ruler: Any = nlp.add_pipe("entity_ruler", before="report_encoder")
    ruler.add_patterns([{"label": "LOC", "pattern": [{"TEXT": "bản"}, {"TEXT": "Nà Lọm"}]}])
    ruler.add_patterns([{"label": "LAW", "pattern": [{"TEXT": "Bí thư"}]}])
    doc = nlp(text)
    assert [(span.text, span.label_) for span in doc.ents if span.label_ in ("LOC", "LAW")] == [
        ("Bí thư", "LAW"),
        ("bản Nà Lọm", "LOC"),
    ]
    assert {"Lường Văn Panh", "Đảng ủy"} <= {span.text for span in doc.ents}
    records = vnreport.to_records(doc)
    assert records["entities"] == [entity for entity in plain["entities"] if entity["label"] != "TITLE"]
    assert nlp.pipe_labels["report_encoder"] == ["PER", "TITLE", "ORG", *CLASSES]


def test_records_of_a_bare_doc() -> None:
    assert vnreport.to_records(Doc(spacy.blank("xx").vocab, words=["Xã"]))["roles"] == []


@pytest.mark.parametrize("value", ["Xã họp.", None, ["Xã họp."]])
def test_records_of_what_is_no_doc_are_refused(value: object) -> None:
    message = rf"^give a Doc, as vnreport.load\(\)\(text\) makes it, not {type(value).__name__}$"
    with pytest.raises(TypeError, match=message):
        vnreport.to_records(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("gone", ENTITY_LABELS)
def test_roles_follow_the_entities_that_a_user_keeps(gone: str, nlp: Language, text: str) -> None:
    def named(doc: Doc) -> list[list[str | None]]:
        records = vnreport.to_records(doc)
        names = {None: None} | {n: entity["text"] for n, entity in enumerate(records["entities"])}
        return [[names[role[key]] for key in ("person", "title", "organisation")] for role in records["roles"]]

    doc = nlp(text)
    before = named(doc)
    assert before
    doc.set_ents([entity for entity in doc.ents if entity.label_ != gone])
    data = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    (stored,) = DocBin().from_bytes(data).get_docs(nlp.vocab)
    expected = [[person, title, None] for person, title, _ in before] if gone == "ORG" else []
    assert named(doc) == named(stored) == expected


def test_relations_follow_the_sentences_that_a_user_keeps(nlp: Language, text: str) -> None:
    def told(records: dict[str, list[dict[str, Any]]]) -> list[tuple[str, str | None]]:
        texts = {None: None} | {n: sentence["text"] for n, sentence in enumerate(records["sentences"])}
        return [(row["name"], texts[row["sentence"]]) for row in records["indicators"]]

    doc = nlp(text)
    before = vnreport.to_records(doc)
    last = doc.spans[SENTENCES_KEY][before["indicators"][-1]["sentence"]]
    doc.spans[SENTENCES_KEY] = [last]
    after = vnreport.to_records(doc)
    assert told(after) == [(name, said if said == last.text else None) for name, said in told(before)]
    assert {role["sentence"] for role in after["roles"]} == {None}


def test_the_error_handler_is_asked(text: str) -> None:
    nlp = vnreport.load("vi_report_sm", exclude=["report_sentences"])
    failed: list[str] = []

    def handle(name: str, _: object, docs: list[Doc], error: Exception) -> Any:
        failed.append(f"{name}: {len(docs)} {error}")

    nlp.set_error_handler(handle)
    assert list(nlp.pipe([text])) == []
    assert failed[0].startswith("report_encoder: 1 ")


def test_time_grows_with_the_text_and_no_faster(nlp: Language, text: str) -> None:
    assert growth(lambda copies: vnreport.to_records(nlp((text + "\n") * copies)), 12, 48) < 10


def test_displacy(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert "TITLE" in displacy.render(doc, style="ent")
    for key in (SENTENCES_KEY, QUANTITIES_KEY):
        html = displacy.render(doc, style="span", options={"spans_key": key})
        assert doc.spans[key][0].label_ in html


@pytest.mark.parametrize("group", ["spacy_factories", "spacy_tokenizers", "spacy_readers"])
def test_entry_points_load(group: str) -> None:
    ours = [point for point in entry_points(group=group) if point.value.startswith("vnreport")]
    assert ours
    for point in ours:
        assert callable(point.load())


def test_loading_by_the_name_of_the_package(no_model_in_working_directory: Path, text: str) -> None:
    code = (
        "import spacy, sys; unwanted = {'vnreport.training', 'sklearn', 'onnxruntime'};"
        "print(spacy.load('vnreport').pipe_names, unwanted & sys.modules.keys())"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == f"{NAMES} set()"


def test_an_unknown_pipeline_is_named_with_those_there_are() -> None:
    with pytest.raises(OSError, match=r"no pipeline 'vi_report_xl'; .*vi_report_sm"):
        vnreport.load("vi_report_xl")


def test_spacy_pays_little_for_vnreport() -> None:
    code = (
        "import time, spacy; spacy.blank('en'); begin = time.process_time(); import {module}; spacy.blank('en');"
        "print(time.process_time() - begin)"
    )
    seconds: dict[str, list[float]] = {"json": [], "vnreport": []}
    for _ in range(5):  # in turn, so that other work on the machine slows both
        for module, runs in seconds.items():
            command = [sys.executable, "-c", code.format(module=module)]
            runs.append(float(subprocess.run(command, capture_output=True, check=True).stdout))
    assert min(seconds["vnreport"]) - min(seconds["json"]) < 0.05


PIPELINE = vnreport.load("vi_report_sm")
