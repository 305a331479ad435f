"""The corpus's source form: one sentence a line, annotated in place.

`corpus/FORMAT.md` describes it for people. Everything here needs the standard
library alone, so that articles can be checked before anything is installed.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from pathlib import Path

from vnreport.schema import APPROX, CLASSES, ENTITY_LABELS, KINDS

GAPS = {"|": "\n", ">": " ", "+": ""}
FACT_QUANTITIES = ("actual", "plan", "base", "stated", "growth", "excess", "period")
FACT_KEYS = (*FACT_QUANTITIES, "owner")

_CLASS = {name[0]: name for name in CLASSES}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "s": " "}
_TOKEN = re.compile(
    r"\\(?:u(?P<code>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8}))|\\(?P<escape>.)"
    rf"|(?P<open>\[)|\](?P<label>{'|'.join(ENTITY_LABELS)})|(?P<brace>\{{)"
    r"|\|(?P<reading>[^|{}\\]*)\}|(?P<stray>[\[\]{}\\])|(?P<text>[^\\\[\]{}|]+|\|)",
)
_READING = re.compile(
    rf"(?P<kind>{'|'.join(KINDS)})(?:\s+(?P<value>.*?))?(?:\s+~(?P<approx>{'|'.join(APPROX)}))?",
)


class MarkupError(ValueError):
    """An article that does not follow `corpus/FORMAT.md`; names file and line."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence without the white space at its edges; `label` is one of `CLASSES`."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Entity:
    """A person, title or body; `label` is one of `ENTITY_LABELS`."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """A numeric expression; `value` as `corpus/GUIDELINE.md` writes it."""

    start: int
    end: int
    kind: str
    value: str = ""
    approx: str | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """One office of one person; indices into `Article.entities`."""

    sentence: int
    person: int
    title: int | None
    organisation: int | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One indicator; `values` maps a key of `FACT_QUANTITIES` to a quantity's index."""

    sentence: int
    name: str
    values: dict[str, int]
    owner: str | None = None


@dataclass(slots=True)
class Article:
    """An annotated article. All offsets are code points of `text`."""

    id: str
    meta: dict[str, str]
    text: str
    sentences: list[Sentence] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    unannotated: frozenset[str] = frozenset()  # of `quantities`, `roles`, `indicators`: what nobody looked for


def read(path: Path) -> Article:
    """Read one article file.

    Raises:
        MarkupError: the file breaks the form; the message names file and line.
    """
    try:
        source = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise MarkupError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    return parse(source, path.stem, str(path))


def parse(source: str, id: str = "", name: str = "<string>") -> Article:
    """Turn the source form into an article.

    Args:
        source: the whole file.
        id: the article's id, its file's stem.
        name: what error messages call the source.

    Raises:
        MarkupError: the source does not follow `corpus/FORMAT.md`; names the line.
    """
    head, found, body = source.partition("\n---\n")
    if not found:
        raise MarkupError(f"{name}: no line '---' between the header and the text")
    meta = {}
    for number, line in enumerate(head.split("\n"), 1):
        key, found, value = line.partition(":")
        if not found:
            raise MarkupError(f"{name}:{number}: a header line is 'key: value', not {line!r}")
        meta[key.strip()] = value.strip()
    return _Parser(Article(id, meta, ""), name, head.count("\n") + 2).run(body)


class _Parser:
    def __init__(self, article: Article, name: str, line: int) -> None:
        self.article = article
        self.name = name
        self.line = line
        self.text: list[str] = []
        self.length = 0
        self.places: dict[tuple[str, str], list[tuple[int, int]]] = {}  # (start, index) by label and surface

    def error(self, message: str) -> MarkupError:
        return MarkupError(f"{self.name}:{self.line}: {message}")

    def run(self, body: str) -> Article:
        for line in body.rstrip("\n").split("\n"):
            self.line += 1
            if line == "|":
                self.add("\n")
            elif line.startswith("@"):
                self.relation(line)
            elif not line.startswith("#"):
                self.sentence(line)
        article = self.article
        article.text = "".join(self.text)
        return article

    def add(self, piece: str) -> None:
        self.text.append(piece)
        self.length += len(piece)

    def sentence(self, line: str) -> None:
        match = re.fullmatch(r"([ASDO])([|>+]) (.*)", line)
        if match is None:
            raise self.error("a sentence line is 'A| text', 'S> text', 'D+ text' …; see corpus/FORMAT.md")
        label, gap, content = match.groups()
        if self.article.sentences:
            self.add(GAPS[gap])
        elif gap != "|":
            raise self.error("the first sentence begins with '|'")
        offset, first = self.length, len(self.text)
        self.content(content)
        surface = "".join(self.text[first:])
        if not surface.strip():
            raise self.error("an empty sentence")
        start = offset + len(surface) - len(surface.lstrip())
        self.article.sentences.append(Sentence(start, offset + len(surface.rstrip()), _CLASS[label]))

    def content(self, content: str) -> None:
        entity: int | None = None
        braces: list[int] = []
        position = 0
        while position < len(content):
            match = _TOKEN.match(content, position)
            if match is None:
                raise self.error(f"cannot read {content[position : position + 20]!r}")
            position = match.end()
            kind = match.lastgroup
            value = match.group(kind or 0)
            if kind == "text":
                self.add(value)
            elif kind in ("code", "long"):
                code = int(value, 16)
                if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:  # of surrogates only pairs mean something, in UTF-16
                    raise self.error(rf"{match.group()} is no character; write the code point, an emoji as \U0001f600")
                self.add(chr(code))
            elif kind == "escape":
                self.add(_ESCAPES.get(value, value))
            elif kind == "open":
                if entity is not None:
                    raise self.error("an entity inside an entity: '[' before the last one was closed by ']PER'")
                entity = self.length
            elif kind == "label":
                if entity is None:
                    raise self.error(f"']{value}' closes nothing")
                self.article.entities.append(Entity(*self.span(entity, value), value))
                entity = None
            elif kind == "brace":
                braces.append(self.length)
            elif kind == "reading":
                if not braces:
                    raise self.error(f"'|{value}}}' closes nothing")
                self.quantity(braces.pop(), value)
            else:
                raise self.error(rf"a lone {value!r}; write '\{value}' if the text has it, else check the bracket")
        if entity is not None or braces:
            raise self.error("a bracket stays open at the end of the sentence")

    def span(self, start: int, label: str = "") -> tuple[int, int]:
        """The offsets of the span that ends here; `label` is empty for a quantity."""
        surface, first = "", len(self.text)
        while len(surface) < self.length - start:
            first -= 1
            surface = self.text[first] + surface
        surface = surface[len(surface) - (self.length - start) :]
        if not surface or surface != surface.strip():
            raise self.error(f"a span is empty or begins or ends with a space: {surface!r}")
        index = len(self.article.entities if label else self.article.quantities)
        insort(self.places.setdefault((label, _one_space(surface)), []), (start, index))
        return start, self.length

    def quantity(self, start: int, reading: str) -> None:
        match = _READING.fullmatch(reading.strip())
        if match is None:
            raise self.error(f"a reading is 'kind value', with a kind of {', '.join(KINDS)}; not {reading!r}")
        kind, value, approx = match.group("kind", "value", "approx")
        if not value and kind != "identifier":
            raise self.error(f"{reading!r} has no value")
        pattern = VALUES[kind]
        if value and not re.fullmatch(pattern, value):
            raise self.error(f"the value {value!r} is not in the form of a {kind}; see the table in corpus/FORMAT.md")
        self.article.quantities.append(Quantity(*self.span(start), kind, value or "", approx))

    def relation(self, line: str) -> None:
        if not self.article.sentences:
            raise self.error("a relation stands under the sentence that states it")
        command, _, rest = line.partition(" ")
        parts = [part.strip() for part in rest.split("|")]
        sentence = len(self.article.sentences) - 1
        if command == "@role":
            if len(parts) != 3:
                raise self.error("a role is '@role person | title | organisation', '-' for none")
            person = self.find(parts[0], "PER")
            if person is None:
                raise self.error("a role needs a person")
            offices = product(self.candidates(parts[1], "TITLE"), self.candidates(parts[2], "ORG"))
            title, body = min(offices, key=lambda office: self.gaps([person, *office]))
            self.article.roles.append(Role(sentence, person, title, body))
        elif command == "@fact":
            pairs = [[side.strip() for side in part.split("=", 1)] for part in parts[1:]]
            if not parts[0] or not all(len(pair) == 2 and pair[0] in FACT_KEYS for pair in pairs):
                raise self.error(f"a fact is '@fact name | key=surface | …' with keys {', '.join(FACT_KEYS)}")
            fields: dict[str, str] = dict(pairs)
            owner = fields.pop("owner", None)
            values = {key: self.find(value, "") for key, value in fields.items()}
            known = {key: index for key, index in values.items() if index is not None}
            if not known.keys() & {"plan", "base", "stated", "growth", "excess"}:
                raise self.error("a fact needs one of plan, base, stated, growth, excess: what it is held against")
            self.article.facts.append(Fact(sentence, parts[0], known, owner))
        else:
            raise self.error(f"unknown relation {command!r}: '@role' or '@fact'")

    def find(self, surface: str, label: str) -> int | None:
        """The index of the span with this surface: in the last sentence the first one, else the last one before."""
        return self.candidates(surface, label)[0]

    def candidates(self, surface: str, label: str) -> list[int | None]:
        """The indices of all such spans in the last sentence; if it has none, the last one before."""
        if surface == "-":
            return [None]
        surface, _, nth = surface.partition("#")
        same = self.places.get((label, _one_space(surface)), [])
        here = same[bisect_left(same, (self.article.sentences[-1].start,)) :]
        if nth.isdigit() and 1 <= int(nth) <= len(here):
            return [here[int(nth) - 1][1]]
        if same and not nth:
            return [index for _, index in here or same[-1:]]
        raise self.error(f"no {label or 'quantity'} {surface!r} is marked in this sentence or before it")

    def gaps(self, row: Sequence[int | None]) -> int:
        """How many characters lie between entities, each and the next in a row."""
        spans = [self.article.entities[index] for index in row if index is not None]
        return sum(max(a.start, b.start) - min(a.end, b.end) for a, b in pairwise(spans))


def _one_space(text: str) -> str:
    return " ".join(text.split())


_NUMBER = r"-?\d+(?:\.\d+)?(?:/\d+)?"
_AMOUNT = rf"{_NUMBER}(?:\.\.{_NUMBER})?"
_DAY = r"(?:\d{4}|-)-\d\d-\d\d"
_POINT = rf"(?:{_DAY}(?:T\d\d:\d\d)?|(?:\d{{4}}|-)-\d\d|\d{{4}})"
VALUES = {
    "money": rf"{_AMOUNT} \S.*",
    "percent": rf"{_AMOUNT}(?: %/.+| điểm %)?",
    "ratio": r"-?\d+(?:\.\d+)?/-?\d+(?:\.\d+)?(?: .+)?",
    "count": rf"{_AMOUNT}(?: .+)?",
    "measure": rf"{_AMOUNT} \S.*",
    "date": rf"{_DAY}(?:T\d\d:\d\d)?",
    "period": rf"(?:\.\.|{_POINT})(?:/(?:\.\.|{_POINT}))?",
    "ordinal": r"\d+",
    "identifier": r".*",
    "duration": rf"{_AMOUNT} \S.*",
    "age": rf"{_AMOUNT} \S.*",
}
