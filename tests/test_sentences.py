"""Where a sentence of a report ends."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.vocab import Vocab

from vnreport.pipes.sentences import ReportSentences, sentence_starts
from vnreport.pipes.tokenizer import WordTokenizer

TOKENIZER = WordTokenizer(Vocab())
CASES = [
    line
    for line in (Path(__file__).parent / "data/sentences.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def cut(text: str) -> list[str]:
    edges = [0, *sentence_starts(text), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


@pytest.mark.parametrize("case", CASES)
def test_sentences_of_a_report(case: str) -> None:
    expected = case.replace("⏎", "\n").split("‖")
    assert cut("".join(expected)) == expected


@given(st.text(alphabet="aÁ1.,:;!?…\n \t\u00a0“”()-/I•✅đ"))
def test_sentences_partition_the_text(text: str) -> None:
    parts = cut(text)
    assert "".join(parts) == text
    assert all(part.strip() for part in parts[1:])


@given(st.text(alphabet="aÁ1.,:\n “”-"))
def test_a_doc_has_a_sentence_start_at_every_boundary_that_is_a_token_edge(text: str) -> None:
    doc = ReportSentences()(TOKENIZER(text))
    starts = {sentence.start_char for sentence in doc.sents}
    edges = {token.idx for token in doc}
    assert {start for start in sentence_starts(text) if start in edges} <= starts
