"""Comparing two pipelines: what the test says, and which sentences it rests on."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from spacy.language import Language
from spacy.tokens import Doc
from typer.testing import CliRunner

import vnreport
from tests.conftest import ROOT
from vnreport.cli import app
from vnreport.compare import Difference, ScoreTest, compare
from vnreport.corpus import read_articles
from vnreport.markup import Article
from vnreport.resampling import Interval

DEV = ROOT / "corpus/articles/dev"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gold")
    for path in sorted(DEV.glob("*.vnr"), key=lambda path: path.stat().st_size)[:8]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def worse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline that finds no bodies."""
    nlp = vnreport.load("vi_report_sm")

    @Language.component("without_bodies")
    def without_bodies(doc: Doc) -> Doc:
        doc.ents = [entity for entity in doc.ents if entity.label_ != "ORG"]
        return doc

    nlp.add_pipe("without_bodies", before="report_quantities")
    path = tmp_path_factory.mktemp("models") / "worse"
    nlp.to_disk(path)
    return path


def test_a_model_that_finds_no_bodies_is_worse(nlp: Language, worse: Path, folder: Path) -> None:
    articles = read_articles(folder)
    comparison = compare(nlp, vnreport.load(worse), articles)
    verdicts = {test.score: test.verdict for test in comparison.tests}
    assert verdicts["ents_f_per_type/ORG"] == "worse"
    assert verdicts["ents_f_per_type/PER"] == "equal"
    assert verdicts["boundary_f"] == "equal"
    bodies = [d for d in comparison.differences if d.layer == "entities"]
    assert [d.right for d in bodies].count("old") > 10 * [d.right for d in bodies].count("new")
    assert all(not [name for name in d.new if name.endswith(" ORG")] for d in bodies)
    other = compare(vnreport.load(worse), nlp, articles)
    assert {test.score: test.verdict for test in other.tests}["ents_f_per_type/ORG"] == "better"


def test_a_model_does_not_differ_from_itself(nlp: Language, folder: Path) -> None:
    comparison = compare(nlp, nlp, read_articles(folder))
    assert {test.verdict for test in comparison.tests} == {"equal"}
    assert not comparison.differences


def test_quantities_are_compared_where_the_gold_annotates_them(nlp: Language, folder: Path) -> None:
    blind = vnreport.load("vi_report_sm", exclude=["report_quantities", "report_relations"])
    articles = read_articles(folder)
    partial = [replace(a, quantities=[], facts=[], unannotated=frozenset({"quantities"})) for a in articles]
    for gold, expected in ((articles, True), (partial, False)):
        comparison = compare(blind, nlp, gold)
        assert ("quantities" in {d.layer for d in comparison.differences}) is expected
        assert ("quantities_right" in {test.score for test in comparison.tests}) is expected


def test_a_text_without_gold_sentences_is_compared_as_one(nlp: Language, worse: Path, folder: Path) -> None:
    whole = read_articles(folder)
    bare = [Article(a.id, {}, a.text, entities=a.entities, unannotated=frozenset({"quantities"})) for a in whole]
    other = vnreport.load(worse)
    differences, apart = (compare(nlp, other, articles).differences for articles in (bare, whole))
    assert {d.layer for d in differences} == {"entities"}
    assert {d.sentence for d in differences} <= {a.text for a in bare}
    for side in ("gold", "old", "new"):
        told = {(d.article, name) for d in apart if d.layer == "entities" for name in getattr(d, side)}
        assert told
        assert told <= {(d.article, name) for d in differences for name in getattr(d, side)}


@pytest.mark.parametrize(
    ("score", "old", "new", "p", "verdict"),
    [
        ("ents_f", 0.8, 0.9, 0.01, "better"),
        ("ents_f", 0.9, 0.8, 0.01, "worse"),
        ("ents_f", 0.8, 0.9, 0.05, "chance"),
        ("ents_f", 0.8, 0.8, 1.0, "equal"),
        ("quantities_spurious", 0.2, 0.1, 0.01, "better"),
    ],
)
def test_verdicts(score: str, old: float, new: float, p: float, verdict: str) -> None:
    assert ScoreTest(score, old, new, Interval(0, 0), p).verdict == verdict


@pytest.mark.parametrize(
    ("gold", "old", "new", "right"),
    [("a", "a", "b", "old"), ("a", "b", "a", "new"), ("a", "b", "c", "neither")],
)
def test_who_is_right(gold: str, old: str, new: str, right: str) -> None:
    assert Difference("x", "text", "class", (gold,), (old,), (new,)).right == right


def test_the_command_says_it_in_words(worse: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "comparison.json"
    result = CliRunner().invoke(app, ["compare", "vi_report_sm", str(worse), str(folder), "-o", str(out)])
    shown = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert "NEW is worse in: Entities, F1" in shown
    assert "OLD is right: entities in" in shown
    assert "NEW missed" in shown
    assert "more where OLD is right; --all shows them" in shown
    found = json.loads(out.read_text(encoding="utf-8"))
    assert {"score", "old", "new", "interval", "p", "verdict"} == found["tests"][0].keys()
    every = CliRunner().invoke(app, ["compare", "vi_report_sm", str(worse), str(folder), "--all"]).stdout
    assert every.count("OLD is right: ") == sum(row["right"] == "old" for row in found["differences"])


def test_articles_without_anything_to_score_are_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Hôm nay trời đẹp.", "spans": []}', encoding="utf-8")
    result = CliRunner().invoke(app, ["compare", "vi_report_sm", "vi_report_sm", str(tmp_path)])
    assert (result.exit_code, "Nothing in these articles can be scored." in result.stdout) == (0, True)


def test_the_table_is_whole_where_it_is_redirected(worse: Path, folder: Path) -> None:
    shown = CliRunner().invoke(app, ["compare", "vi_report_sm", str(worse), str(folder)]).stdout
    assert "as good?" in shown
    assert "…\n" not in shown.partition("NEW is worse")[0]


def test_what_is_redirected_is_utf8_whatever_the_system_writes(
    worse: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(file, encoding="cp1252"))
    app(["compare", "vi_report_sm", str(worse), str(folder)], standalone_mode=False)
    sys.stdout.flush()
    shown = file.getvalue().decode("utf-8")
    assert "OLD is right: entities in" in shown
    assert "NEW missed Đảng ủy" in shown
