"""Scores: what is counted, what an interval and a gold input mean, and what the command shows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from typer.testing import CliRunner

from tests.conftest import ROOT
from vnreport.cli import app
from vnreport.cli_evaluate import score_table
from vnreport.corpus import read_articles, to_reference, to_rows
from vnreport.evaluate import (
    HEADLINES,
    Tally,
    annotate,
    class_predictions,
    count,
    entity_forms,
    evaluate,
    evaluate_on_gold,
    evaluate_under_noise,
    match_sentences,
    nest,
    pick,
)
from vnreport.markup import Article, parse
from vnreport.pipes.quantities import ReportQuantities
from vnreport.pipes.relations import ReportRelations
from vnreport.pipes.tokenizer import WordTokenizer
from vnreport.schema import QUANTITIES_KEY

DEV = ROOT / "corpus/articles/dev"
GOLD = """\
kind: x
---
O| Đ/c [Lò Văn Panh]PER- [HUV]TITLE, [Bí thư]TITLE [Đảng ủy]ORG họp.
@role Lò Văn Panh | HUV | -
@role Lò Văn Panh | Bí thư | Đảng ủy
A> Thu đạt {9 tỷ đồng|money 9000000000 VND}/{10 tỷ đồng|money 10000000000 VND}, bằng {90%|percent 90} kế hoạch.
@fact Thu | actual=9 tỷ đồng | plan=10 tỷ đồng | stated=90%
S> Còn {2 hộ|count 2 hộ} nghèo.
"""
PREDICTED = "".join(line for line in GOLD.splitlines(keepends=True) if not line.startswith("@"))


@pytest.fixture(scope="module")
def few() -> list[Article]:
    return [article for article in read_articles(DEV) if len(article.text) < 4000][:4]


def annotated(source: str) -> Doc:
    """A Doc as a pipeline leaves it that finds just the sentences, classes and entities of `source`."""
    article = parse(source)
    doc = to_reference(article, WordTokenizer(spacy.blank("xx").vocab)(article.text))
    del doc.spans[QUANTITIES_KEY]
    return ReportRelations()(ReportQuantities()(doc))


def scores(gold: str, predicted: str, seen: str = "") -> dict[str, float]:
    known = entity_forms([parse(seen)]) if seen else frozenset()
    return Tally([count(parse(gold), annotated(predicted), known)]).total()


def test_what_is_right_scores_one() -> None:
    found = scores(GOLD, PREDICTED)
    assert found == dict.fromkeys(found, 1.0) | {"quantities_spurious": 0.0}
    assert "class_f_per_type/DIRECTIVE" not in found  # neither in the gold nor predicted
    assert {"ents_f", "boundary_f", "quantities_right", "roles_f", "indicators_f"} <= found.keys()


@pytest.mark.parametrize(
    ("right", "wrong", "changed"),
    [
        ("[HUV]TITLE", "HUV", {"ents_p": 1, "ents_r": 0.75, "ents_f_per_type/TITLE": 2 / 3}),
        ("[Đảng ủy]ORG", "[Đảng ủy]TITLE", {"ents_p": 0.75, "ents_f_per_type/ORG": 0, "ents_r": 0.75}),
        ("A> ", "D> ", {"class_acc": 2 / 3, "class_f_per_type/ACHIEVEMENT": 0, "boundary_f": 1}),
        ("hoạch.\nS> ", "hoạch. ", {"boundary_f": 0.8, "class_acc": 2 / 3, "class_f_per_type/SHORTCOMING": 0}),
    ],
)
def test_what_an_error_costs(right: str, wrong: str, changed: dict[str, float]) -> None:
    found = scores(GOLD, PREDICTED.replace(right, wrong))
    assert {name: found[name] for name in changed} == pytest.approx(changed)


@pytest.mark.parametrize(
    ("gold", "predicted", "macro"),
    [
        ("OO", "OO", 1),
        ("OA", "OA", 1),
        ("OA", "OO", (2 / 3 + 0) / 2),
        ("OO", "OS", (2 / 3 + 0) / 2),
        ("OASD", "OASD", 1),
        ("OASD", "OASO", (2 / 3 + 1 + 1 + 0) / 4),
    ],
)
def test_the_macro_mean_is_over_the_classes_that_occur(gold: str, predicted: str, macro: float) -> None:
    sources = ("kind: x\n---\n" + "".join(f"{label}| Xã họp.\n" for label in labels) for labels in (gold, predicted))
    assert scores(*sources)["class_macro_f"] == pytest.approx(macro)


def test_each_sample_has_its_own_classes() -> None:
    sources = ("kind: x\n---\nO| Xã họp.\n", "kind: x\n---\nA| Xã họp.\n")
    tally = Tally([count(parse(source), annotated(source)) for source in sources])
    found = tally.scores(numpy.array([[1.0, 0], [0, 1], [1, 1], [0, 0]]))["class_macro_f"]
    assert found.tolist() == pytest.approx([1, 1, 1, numpy.nan], nan_ok=True)


def test_what_there_is_nothing_to_score_of_is_left_out() -> None:
    people, bodies = "kind: x\n---\nO| [Lan]PER họp.\n", "kind: x\n---\nO| [Xã]ORG họp.\n"
    tally = Tally([count(parse(source), annotated(source)) for source in (people, bodies)])
    assert "ents_f_per_type/TITLE" not in tally.total() | tally.intervals()
    assert tally.intervals()["ents_f_per_type/PER"] == (1, 1)  # of the samples that have a person
    missed = scores(people, people.replace("[Lan]PER", "Lan"))
    assert (missed["ents_f"], missed["ents_r"], missed["ents_f_per_type/PER"]) == (0, 0, 0)
    assert "ents_p" not in missed  # nothing was predicted
    assert scores(bodies, people)["ents_f_per_type/PER"] == 0  # made up


def test_a_quantity_is_found_where_it_is_touched_and_right_with_kind_and_value() -> None:
    gold = GOLD.replace("{2 hộ|count 2 hộ}", "{2 hộ nghèo|count 3 hộ}").replace("} nghèo", "}")
    found = scores(gold, PREDICTED)
    assert (found["quantities_found"], found["quantities_right"], found["quantities_spurious"]) == (1, 0.75, 0)
    found = scores(GOLD.replace("{2 hộ|count 2 hộ}", "2 hộ"), PREDICTED)
    assert (found["quantities_right"], found["quantities_spurious"]) == (1, 0.25)


def test_a_stage_that_the_gold_does_not_annotate_has_no_score() -> None:
    bare = "kind: x\n---\nO| Đ/c [Lò Văn Panh]PER thu 9 tỷ đồng.\n"
    found = scores(bare, bare)
    assert not [name for name in found if name.startswith(("quantities", "roles", "indicators"))]
    assert found["ents_f"] == 1.0


STAGES = ("quantities", "roles", "indicators")


@pytest.fixture
def mixed(few: list[Article], tmp_path: Path) -> list[Article]:
    """Two articles with all annotation, one with entities and sentences alone, one with entities alone."""
    without: list[tuple[str, ...]] = [(), (), STAGES, (*STAGES, "sentences")]
    rows = [
        {key: value for key, value in row.items() if key not in left_out}
        for row, left_out in zip(to_rows(few), without, strict=True)
    ]
    path = tmp_path / "mixed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_articles(path)


def test_a_stage_is_measured_on_the_articles_that_annotate_it(
    nlp: Language, few: list[Article], mixed: list[Article]
) -> None:
    found, two, three, whole = (evaluate(nlp, articles) for articles in (mixed, few[:2], few[:3], few))
    assert found["annotated"] == {**dict.fromkeys(STAGES, 2), "sentences": 3}
    assert "annotated" not in whole
    for name in HEADLINES:
        same = two if name.startswith(STAGES) else three if name.startswith(("boundary", "class")) else whole
        assert pick(found, name) == pick(same, name), name
    given, given_half = (evaluate_on_gold(nlp, articles)["entities"] for articles in (mixed, few[:2]))
    assert given == given_half
    noisy, noisy_half = (evaluate_under_noise(nlp, articles)["NFD"] for articles in (mixed, few[:2]))
    assert noisy["roles_f"] == noisy_half["roles_f"]


def test_seen_are_the_names_that_training_had_with_the_same_label() -> None:
    seen = "kind: x\n---\nO| [Bí thư]TITLE [HUV]ORG [ĐẢNG ỦY]ORG.\n"
    found = scores(GOLD, PREDICTED.replace("[HUV]TITLE", "HUV"), seen)
    assert found["ents_seen_r"] == 1.0  # Bí thư, Đảng ủy
    assert found["ents_unseen_r"] == 0.5  # Lò Văn Panh; not HUV


@pytest.mark.parametrize(
    ("predicted", "partners"),
    [
        ([(0, 10), (11, 20)], [0, 1]),
        ([(0, 20)], [0, 0]),
        ([(0, 4), (4, 20)], [1, 1]),
        ([(0, 10)], [0, None]),
        ([], [None, None]),
    ],
)
def test_a_gold_sentence_belongs_to_what_covers_most_of_it(
    predicted: list[tuple[int, int]], partners: list[int | None]
) -> None:
    gold = [(0, 10, "OTHER"), (11, 20, "OTHER")]
    assert match_sentences([(*span, "OTHER") for span in predicted], gold) == partners


def test_scores_of_articles_add_up() -> None:
    right, wrong = (count(parse(GOLD), annotated(text)) for text in (PREDICTED, PREDICTED.replace("[HUV]TITLE", "HUV")))
    tally = Tally([right, wrong])
    values = tally.scores(numpy.array([[1.0, 0], [0, 1], [2, 0], [1, 1]]))["ents_r"]
    assert values.tolist() == pytest.approx([1, 3 / 4, 1, 7 / 8])
    assert tally.total()["ents_r"] == pytest.approx(7 / 8)


def test_nested_scores_are_found_by_name() -> None:
    nested = nest({"ents_f": 0.5, "ents_f_per_type/PER": 0.25})
    assert nested == {"ents_f": 0.5, "ents_f_per_type": {"PER": 0.25}}
    assert [pick(nested, name) for name in ("ents_f", "ents_f_per_type/PER", "roles_f", "class_f_per_type/OTHER")] == [
        0.5,
        0.25,
        None,
        None,
    ]


def test_every_score_of_a_pipeline_has_its_interval(nlp: Language, few: list[Article]) -> None:
    found = evaluate(nlp, few, few)
    for name in HEADLINES:
        value = pick(found, name)
        if value is not None:
            low, high = found["intervals"][name]
            assert 0 <= low <= value <= high <= 1, name
    assert found["articles"] == 4
    assert "ents_unseen_f" not in found  # all were seen


def test_gold_input_is_gold(nlp: Language, few: list[Article]) -> None:
    (article,) = few[:1]
    (doc,) = annotate(nlp, [article], "sentences")
    assert [s.end_char for s in doc.spans["sentences"]] == [s.end for s in article.sentences]
    (doc,) = annotate(nlp, [article], "entities")
    assert {(e.start_char, e.end_char, e.label_) for e in doc.ents} <= {
        (e.start, e.end, e.label) for e in article.entities
    }
    assert [s.label_ for s in doc.spans["sentences"]] == [s.label for s in article.sentences]
    assert doc.spans["quantities"]
    found = evaluate_on_gold(nlp, few)
    assert found["sentences"].keys() >= {"ents_f", "class_macro_f"}
    assert found["entities"].keys() >= {"roles_f"}


def test_an_article_without_gold_sentences_keeps_those_of_the_pipeline(nlp: Language, few: list[Article]) -> None:
    whole = few[0]
    bare = Article("bare", {}, whole.text, entities=whole.entities)
    (free,) = annotate(nlp, [bare])
    for given in ("sentences", "entities"):
        docs = list(annotate(nlp, [bare, whole], given))
        assert [s.text for s in docs[0].sents] == [s.text for s in free.sents]
        assert [s.end_char for s in docs[1].spans["sentences"]] == [s.end for s in whole.sentences]
    assert evaluate_on_gold(nlp, [bare])["sentences"]["ents_f"] == evaluate(nlp, [bare])["ents_f"]


def test_class_predictions_are_of_gold_sentences(nlp: Language, few: list[Article]) -> None:
    rows = class_predictions(nlp, few)
    assert [gold for gold, _, _ in rows] == [s.label for article in few for s in article.sentences]
    assert all(0.25 <= score <= 1 for _, _, score in rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "gold"
    folder.mkdir()
    for path in sorted(DEV.glob("*.vnr"), key=lambda path: path.stat().st_size)[:2]:
        shutil.copy(path, folder)
    return folder


def test_the_command_shows_a_table_and_writes_json(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "scores.json"
    result = CliRunner().invoke(app, ["evaluate", "vi_report_sm", str(folder), "--noise", "-o", str(out)])
    assert result.exit_code == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert f"Entities, F1                {found['ents_f']:.3f}" in result.stdout
    assert "2 articles" in result.stdout
    assert "intervals of so few are too narrow" in " ".join(result.stdout.split())
    assert set(found["noise"]) == {
        "diacritics dropped",
        "stops glued",
        "NFD",
        "all capitals",
        "abbreviations opened",
        "abbreviations closed",
    }
    assert "all capitals" in result.stdout


@pytest.mark.parametrize(
    ("articles", "annotated", "title"),
    [
        (12, {}, "12 articles, 1,500 syllables"),
        (9, {}, "9 articles, 1,500 syllables; intervals of so few are too narrow"),
        (1000, {"roles": 10}, "1,000 articles, 1,500 syllables; roles on 10 of them"),
        (
            12,
            {"roles": 9, "sentences": 11},
            "12 articles, 1,500 syllables; roles on 9, sentences on 11 of them; intervals of so few are too narrow",
        ),
        (12, {"quantities": 0}, "12 articles, 1,500 syllables"),
    ],
)
def test_the_table_says_on_how_many_articles_each_stage_is_measured(
    articles: int, annotated: dict[str, int], title: str
) -> None:
    found = {"articles": articles, "syllables": 1500, "gold_input": {"sentences": {}, "entities": {}}}
    assert score_table({**found, **({"annotated": annotated} if annotated else {})}).title == title


def test_json_alone_for_programs(folder: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", "vi_report_sm", str(folder), "--train", str(folder), "-o", "-"])
    assert 0 < json.loads(result.stdout)["ents_seen_f"] <= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such-model", "{gold}"], "no pipeline 'no-such-model'"),
        (["vi_report_sm", "{gold}/none"], "none: no such file or folder; check the name"),
        (["vi_report_sm", "{gold}", "-o", "{gold}"], "is a folder; name a file in it"),
        (["vi_report_sm", "{gold}/rejected.jsonl"], "rejected.jsonl: no article is left: every line"),
    ],
)
def test_errors_name_the_remedy(arguments: list[str], message: str, folder: Path) -> None:
    (folder / "rejected.jsonl").write_text('{"text": "Xã họp.", "answer": "reject"}\n', encoding="utf-8")
    result = CliRunner().invoke(app, ["evaluate", *(a.format(gold=folder) for a in arguments)])
    assert result.exit_code == 2
    assert message in result.stderr
