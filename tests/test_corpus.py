"""Gold articles as Docs, as rows, and as a dataset; the checker of the corpus."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import spacy

from tests.conftest import ROOT
from vnreport.corpus import (
    article_files,
    create_corpus_reader,
    load_dataset,
    other_files,
    read_articles,
    to_reference,
    to_rows,
)
from vnreport.markup import MarkupError, parse
from vnreport.pipes.tokenizer import WordTokenizer

ARTICLES = ROOT / "corpus/articles"
SOURCE = "kind: x\n---\nO| [Đảng ủy xã]ORG họp {8/7/2020|date 2020-07-08}.\nA> Đạt {9,2 tỷ|money 9200000000 VND}.\n"


def test_gold_on_a_doc() -> None:
    article = parse(SOURCE)
    doc = to_reference(article, WordTokenizer(spacy.blank("xx").vocab)(article.text))
    assert [(e.text, e.label_) for e in doc.ents] == [("Đảng ủy xã", "ORG")]
    assert [s.text for s in doc.sents] == ["Đảng ủy xã họp 8/7/2020.", "Đạt 9,2 tỷ."]
    assert [s.label_ for s in doc.spans["sentences"]] == ["OTHER", "ACHIEVEMENT"]
    assert [(q.text, q.label_) for q in doc.spans["quantities"]] == [("8/7/2020", "date"), ("9,2 tỷ", "money")]


def test_an_entity_that_cuts_a_token_is_unknown_not_wrong() -> None:
    article = parse("kind: x\n---\nO| Bà [Lan]PERh nói.\n")
    doc = to_reference(article, WordTokenizer(spacy.blank("xx").vocab)(article.text))
    assert not doc.ents
    assert [t.ent_iob_ for t in doc] == ["O", "", "O", "O"]


def test_the_reader_of_a_training_config() -> None:
    nlp = spacy.blank("xx")
    nlp.tokenizer = WordTokenizer(nlp.vocab)
    examples = list(create_corpus_reader(ARTICLES / "dev")(nlp))
    for example, article in zip(examples, read_articles(ARTICLES / "dev"), strict=True):
        assert example.predicted.text == example.reference.text == article.text
        assert not example.predicted.ents
        assert not example.predicted.spans
        assert not example.predicted.has_annotation("SENT_START")
        assert [s.label_ for s in example.reference.spans["sentences"]] == [s.label for s in article.sentences]
        assert {e.text for e in example.reference.ents} <= {article.text[e.start : e.end] for e in article.entities}
    assert sum(len(example.reference.ents) for example in examples) > 1000


def test_a_folder_without_articles_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no \.vnr or \.jsonl article"):
        read_articles(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"none: no such file or folder; check the name$"):
        read_articles(tmp_path / "none")


def test_the_corpus_as_a_dataset() -> None:
    splits = load_dataset(ARTICLES)
    assert splits.keys() == {"train", "dev", "test"}
    for name, split in splits.items():
        assert split.to_list() == list(to_rows(read_articles(ARTICLES / name)))


def test_what_a_reader_cannot_read_is_found_before_training(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": 1}', encoding="utf-8")
    for path, more in ((tmp_path, None), (ARTICLES / "dev", tmp_path)):
        with pytest.raises(MarkupError, match=r"a\.jsonl:1: text: a string"):
            create_corpus_reader(path, more)


def test_the_checker_reads_what_is_measured_on(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a", "spans": []}', encoding="utf-8")
    good = ARTICLES / "dev"
    assert check(good, Path("--measure"), good)[0] == 0
    (tmp_path / "a.jsonl").write_text('{"text": 1}', encoding="utf-8")
    code, shown = check(good, Path("--measure"), good, Path("--measure"), tmp_path)
    assert (code, "a.jsonl:1: text: a string" in shown) == (1, True)


def check(*paths: Path) -> tuple[int, str]:
    script = [sys.executable, "-S", str(ROOT / "scripts/check-corpus"), *map(str, paths)]
    result = subprocess.run(script, capture_output=True, encoding="utf-8", check=False)
    return result.returncode, result.stdout


def test_the_checker_writes_utf8_whatever_the_system_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "đồng chí Lan họp.", "spans": [{"start": 0, "end": 12, "label": "PER"}]}', "utf-8")
    assert check(path) == (1, f"{path}: a:1: a form of address inside PER: 'đồng chí Lan'\n1 articles, 1 problems\n")


def test_the_checker_needs_the_standard_library_alone() -> None:
    code, shown = check(ARTICLES / "dev")
    assert (code, shown.strip().rpartition(", ")[2]) == (0, "0 problems")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("O| [đồng chí Lan]PER họp.", "a form of address inside PER"),
        ("O| [Lê Lan,]PER họp.", "punctuation at its edge"),
        ("O| L[ê Lan]PER họp.", "a span that begins or ends inside a word: 'ê Lan'; offsets count code points"),
        ("O| [Lê L]PERan họp.", "a span that begins or ends inside a word: 'Lê L'"),
        ("O| [Le]PER\u0302 Lan họp.", "a span that begins or ends inside a word: 'Le'"),
        ("O| Có 1{2 hộ|count 2 hộ}.", "a span that begins or ends inside a word: '2 hộ'"),
    ],
)
def test_the_checker_finds(line: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "a.vnr"
    path.write_text(f"kind: x\nplace: x\nregion: x\nyear: 2020\nnoise: clean\n---\n{line}\n", encoding="utf-8")
    code, shown = check(path)
    assert problem in shown
    assert code == 1


def test_the_checker_reads_json_lines(tmp_path: Path) -> None:
    rows = [
        {"text": "Mời đồng chí Lan họp.", "spans": [{"start": 4, "end": 16, "label": "PER"}]},
        {"text": "Lan họp.", "spans": [{"start": 0, "end": 30, "label": "PER"}]},
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows[:1]), encoding="utf-8")
    code, shown = check(path)
    assert (code, f"{path}: a:1: a form of address inside PER" in shown) == (1, True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    code, shown = check(path)
    assert (code, f"{path}:2: spans[0].end: 0 to 30 is no stretch" in shown) == (1, True)


def span(start: int, end: int, label: str) -> dict[str, Any]:
    return {"start": start, "end": end, "label": label}


APART = [span(0, 7, "OTHER"), span(8, 18, "OTHER")]
OFFICE = {"spans": [span(0, 6, "PER"), span(8, 10, "ORG")], "sentences": APART}
FIGURES = {
    "spans": [],
    "sentences": APART,
    "quantities": [{"start": a, "end": b, "kind": "identifier"} for a, b in ((0, 2), (15, 17))],
}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            {"spans": [span(0, 9, "PER")], "sentences": [span(0, 7, "OTHER"), span(8, 18, "OTHER")]},
            "an entity in two sentences: 'Lê Lan. T'",
        ),
        (
            {
                "spans": [span(0, 6, "ORG"), span(8, 10, "PER")],
                "sentences": [span(0, 18, "OTHER")],
                "roles": [{"sentence": 0, "person": 0, "title": 1}],
            },
            "a role whose person is 'Lê Lan', ORG; PER is needed",
        ),
        (
            {**OFFICE, "roles": [{"sentence": 0, "person": 0, "organisation": 1}]},
            "a role is of sentence 0, but the last of its parts, 'Tổ', is not; indices count objects, from 0",
        ),
        (
            {**OFFICE, "roles": [{"sentence": 1, "person": 0}]},
            "a role is of sentence 1, but the last of its parts, 'Lê Lan', is not",
        ),
        (
            {**FIGURES, "indicators": [{"sentence": 0, "name": "Thu", "actual": 0, "plan": 1}]},
            "the indicator 'Thu' is of sentence 0, but the last of its parts, 'xa', is not",
        ),
        (
            {**FIGURES, "indicators": [{"sentence": 1, "name": "Thu", "actual": 0}]},
            "the indicator 'Thu' is of sentence 1, but the last of its parts, 'Lê', is not",
        ),
    ],
)
def test_the_checker_finds_in_json_lines(row: dict[str, Any], problem: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "Lê Lan. Tổ họp xa.", **row}) + "\n", encoding="utf-8")
    code, shown = check(path)
    assert f"{path}: a:1: {problem}" in shown
    assert code == 1


@pytest.mark.parametrize(
    "row",
    [
        {**OFFICE, "roles": [{"sentence": 1, "person": 0, "organisation": 1}]},
        {**FIGURES, "indicators": [{"sentence": 1, "name": "Thu", "actual": 1, "plan": 0}]},
        {**FIGURES, "indicators": [{"sentence": 1, "name": "Thu"}]},
    ],
)
def test_a_sentence_before_may_tell_parts_of_a_relation(row: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "Lê Lan. Tổ họp xa.", **row}) + "\n", encoding="utf-8")
    assert check(path)[1] == "1 articles, 0 problems\n"


def row(text: str, **more: str) -> str:
    return json.dumps({"text": text, "spans": [], **more}) + "\n"


def test_suffixes_are_read_in_any_case_and_the_checker_names_what_is_passed_over(tmp_path: Path) -> None:
    for name in ("b.JSONL", "c.json", ".hidden"):
        (tmp_path / name).write_text(row(name), encoding="utf-8")
    (tmp_path / "Z.VNR").write_text("kind: x\n---\nO| Xã họp.\n", encoding="utf-8")
    (tmp_path / "empty.jsonl").touch()
    assert [article.text for article in read_articles(tmp_path)] == ["Xã họp.", "b.JSONL"]
    shown = check(tmp_path)[1]
    assert f"note: {tmp_path}/c.json: passed over, it is neither .vnr nor .jsonl" in shown
    assert f"note: {tmp_path}/empty.jsonl: no article is left" in shown
    assert f"{tmp_path}/Z.VNR: header: no 'place:'" in shown
    assert "hidden" not in shown
    assert shown.count("note: ") == 2


@pytest.mark.parametrize(
    ("name", "read", "noted"),
    [
        ("new.jsonl", True, False),
        ("my.errors/new.jsonl", True, False),
        ("new.json", False, True),
        ("new.jsonl.errors.jsonl", False, False),
        ("new.jsonl.manifest.json", False, False),
        ("new/errors.jsonl", False, False),
        ("new/manifest.json", False, False),
        ("my-errors.jsonl", True, False),
        (".a.jsonl", False, False),
        (".ipynb_checkpoints/a-checkpoint.jsonl", False, False),
        ("new/.git/objects/pack", False, False),
    ],
)
def test_hidden_files_and_what_annotate_writes_beside_its_output_are_passed_over(
    name: str, read: bool, noted: bool, tmp_path: Path
) -> None:
    folder = tmp_path / ".given" / "gold"
    file = folder / name
    for path in (file, folder / "z.vnr"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert (article_files(folder), other_files(folder)) == (
        [*[file] * read, folder / "z.vnr"],
        [file] * noted,
    )
    assert file.suffix != ".jsonl" or article_files(file) == [file]


def test_no_article_at_all_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.touch()
    code, shown = check(path)
    assert code == 1
    assert f"{path}: no article at all" in shown


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        ([row("Xã họp."), row("Xã  HỌP.")], ["a:2: the text of {path}: a:1 again; leave it out, one is enough"]),
        ([row("Xã họp.", id="x"), row("Xã họp.", id="x")], ["x: the text of {path}: x again"]),
        ([row("Xã họp.", id="x"), row("Huyện họp.", id="x")], ["x: an article before it has this id"]),
        ([row("Xã họp.", id="x"), row("Huyện họp.", id="y")], []),
    ],
)
def test_the_checker_finds_an_article_that_is_there_twice(rows: list[str], problems: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(rows), encoding="utf-8")
    code, shown = check(path)
    assert (code, f"{len(problems)} problems" in shown) == (bool(problems), True)
    assert all(f"{path}: {problem.format(path=path)}" in shown for problem in problems)


def test_what_is_held_out_cannot_be_added(tmp_path: Path) -> None:
    held_out = sorted((ARTICLES / "dev").glob("*.vnr"))[0]
    copy = tmp_path / "mine.vnr"
    shutil.copy(held_out, copy)
    for added in (ARTICLES / "dev", copy):
        code, shown = check(ARTICLES, added)
        again = f"{copy if added == copy else held_out}: the text of {held_out} again; leave it out, a model must not"
        assert (code, again in shown) == (1, True)


def test_each_role_of_a_long_article_is_between_its_own_names() -> None:
    line = "O| [Lê {0}]PER, [Bí thư]TITLE [ĐU {0}]ORG.\n@role Lê {0} | Bí thư | ĐU {0}\n"
    article = parse("kind: x\n---\n" + "".join(line.format(i) for i in range(3000)))
    assert [(r.person, r.title, r.organisation) for r in article.roles] == [
        (i, i + 1, i + 2) for i in range(0, 9000, 3)
    ]


def test_the_export_is_read_by_datasets_without_custom_code(tmp_path: Path) -> None:
    from datasets import load_dataset as load

    script = [sys.executable, "-S", str(ROOT / "scripts/export-corpus"), str(tmp_path / "out")]
    subprocess.run(script, check=True, capture_output=True)
    files = {"dev": str(tmp_path / "out/dev.jsonl")}
    rows = load("json", data_files=files, cache_dir=str(tmp_path / "cache"))["dev"]
    gold = {article.id: article for article in read_articles(ARTICLES / "dev")}
    assert len(rows) == len(gold)
    for row in rows:
        article = gold[row["id"]]
        assert row["text"] == article.text
        assert [(e["start"], e["end"], e["label"]) for e in row["entities"]] == [
            (e.start, e.end, e.label) for e in article.entities
        ]
