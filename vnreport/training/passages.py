"""What a network learns from: lines with the probabilities of their tags and classes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

import numpy

from vnreport.markup import Article, Entity, Sentence
from vnreport.networks import TAGS
from vnreport.noise import close_abbreviations, open_abbreviations
from vnreport.pipes.sentences import sentence_starts
from vnreport.schema import CLASSES, ENTITIES_KEY, SENTENCES_KEY
from vnreport.text import bare
from vnreport.windows import Line, Vocabulary, cut_windows, read_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from spacy.tokens import Doc

    Matrix = NDArray[numpy.float32]

_TAG = {tag: number for number, tag in enumerate(TAGS)}
_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines of one text with what is to be learnt about them."""

    lines: list[Line]
    tags: Matrix  # (units without markers, TAGS), each row sums to 1
    classes: Matrix  # (lines, CLASSES), each row sums to 1; a row of zeros teaches nothing
    taught: list[bool]  # for each line, False where it is context only

    def __len__(self) -> int:
        return sum(map(len, self.lines))


def read_gold(doc: Doc) -> Article:
    """The gold annotation of a Doc; sentences that have no class where it has none at all."""
    ents = ((e.start_char, e.end_char, e.label_) for e in doc.ents)
    entities = [Entity(*entity) for entity in doc.user_data.get(ENTITIES_KEY, ents)]
    if SENTENCES_KEY in doc.spans:
        sentences = [Sentence(s.start_char, s.end_char, s.label_) for s in doc.spans[SENTENCES_KEY]]
    else:
        edges = [0, *sentence_starts(doc.text), len(doc.text)]
        parts = ((start, doc.text[start:end]) for start, end in pairwise(edges))
        sentences = [
            Sentence(start + len(part) - len(part.lstrip()), start + len(part.rstrip()), "")
            for start, part in parts
            if part.strip()
        ]
    return Article("", {}, doc.text, sentences, entities)


def encode(article: Article, vocabulary: Vocabulary, smoothing: float = 0.0) -> Passage:
    """An article's gold annotation as a passage.

    Args:
        article: gold.
        vocabulary: of the network.
        smoothing: probability that is spread over all classes (label smoothing), 0…1.
    """
    lines = read_lines(article.text, [(s.start, s.end) for s in article.sentences], vocabulary)
    entities = sorted(article.entities, key=lambda e: e.start)
    starts = [entity.start for entity in entities]
    numbers = []
    for line in lines:
        for start, end in line.spans:
            near = bisect_right(starts, start) - 1
            inside = near >= 0 and end <= entities[near].end
            prefix = "B-" if inside and start == entities[near].start else "I-"
            numbers.append(_TAG[prefix + entities[near].label] if inside else 0)
    classes = numpy.zeros((len(lines), len(CLASSES)), dtype="float32")
    for number, line in enumerate(lines):
        if label := article.sentences[line.sentence].label:
            classes[number] = smoothing / len(CLASSES)
            classes[number, CLASSES.index(label)] += 1 - smoothing
    return Passage(lines, numpy.eye(len(TAGS), dtype="float32")[numbers], classes, [True] * len(lines))


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with what a teacher says of it."""

    text: str
    sentences: list[tuple[int, int]]  # offsets
    tags: Matrix  # (units without markers, TAGS), each row sums to 1
    classes: Matrix  # (lines, CLASSES), each row sums to 1

    def passage(self, vocabulary: Vocabulary, random: Random) -> Passage:
        """As a passage, now and then spelt as in `respell`."""
        lines = read_lines(respell(self.text, random), self.sentences, vocabulary)
        return Passage(lines, self.tags, self.classes, [True] * len(lines))


def respell(text: str, random: Random) -> str:
    """Now and then a text with fewer diacritics or in capitals; each character keeps its place."""
    chance = random.random()
    if chance < 0.12:
        return _LETTERS.sub(lambda m: bare(m.group()) if random.random() < 0.15 else m.group(), text)
    if chance < 0.28:
        return "".join(letter.upper() if len(letter.upper()) == 1 else letter for letter in text)
    return text


def blur(article: Article, random: Random) -> Article:
    """Now and then an article as others write it: `respell`, and other abbreviations."""
    text = respell(article.text, random)
    if text != article.text:
        return replace(article, text=text)
    chance = random.random()
    for bound, change in ((0.10, close_abbreviations), (0.22, open_abbreviations)):
        if chance < bound:
            return change(article)
    return article


def windows(passage: Passage, size: int, context: int, first: int) -> Iterator[Passage]:
    """The passage in windows of `cut_windows`; lines of context are not taught again."""
    lengths = [len(line) - 1 for line in passage.lines]
    ends = numpy.cumsum(lengths)
    for window in cut_windows(passage.lines, size, context, first):
        number = {line: place for place, line in enumerate(window.lines)}
        lines = [
            Line(line.sentence, line.spans, line.pieces, number.get(line.heading, -1))
            for line in (passage.lines[i] for i in window.lines)
        ]
        tags = numpy.concatenate([passage.tags[ends[i] - lengths[i] : ends[i]] for i in window.lines])
        yield Passage(lines, tags, passage.classes[window.lines], [n >= window.context for n in range(len(lines))])


def batches(passages: Iterable[Passage], units: int, random: Random) -> list[list[Passage]]:
    """Passages in batches of about `units` units, those of like length together, in random order."""
    shuffled = list(passages)
    random.shuffle(shuffled)
    found: list[list[Passage]] = []
    for first in range(0, len(shuffled), _POOL):
        batch: list[Passage] = []
        for passage in sorted(shuffled[first : first + _POOL], key=len):
            if batch and (len(batch) + 1) * len(passage) > units:
                found.append(batch)
                batch = []
            batch.append(passage)
        found.append(batch)
    random.shuffle(found)
    return found


_POOL = 64


def targets(batch: Sequence[Passage]) -> tuple[Matrix, Matrix]:
    """Tag and class targets of a batch, one passage after another; zeros where nothing is taught."""
    tags, classes = [], []
    for passage in batch:
        taught = numpy.array(passage.taught, dtype="float32")
        units = numpy.repeat(taught, [len(line) - 1 for line in passage.lines])
        tags.append(passage.tags * units[:, None])
        classes.append(passage.classes * taught[:, None])
    return numpy.concatenate(tags), numpy.concatenate(classes)
