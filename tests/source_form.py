"""The corpus's source form, written: what `vnreport.markup.parse` must give back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vnreport.markup import GAPS, Article, Entity, Quantity, Sentence
from vnreport.schema import ENTITY_LABELS

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "s": " "}


def dump(article: Article) -> str:
    """The source form of an article; `parse` gives the article back.

    Raises:
        ValueError: text stands outside the sentences.
    """
    lines = [f"{key}: {value}" for key, value in article.meta.items()] + ["---"]
    end = 0
    for number, sentence in enumerate(article.sentences):
        gap = article.text[end : sentence.start]
        if gap.strip():
            raise ValueError(f"text outside sentences: {gap.strip()[:40]!r}")
        mark = "|"
        if number:
            while gap.startswith("\n\n"):
                lines.append("|")
                gap = gap[1:]
            mark = next(mark for mark, white in GAPS.items() if gap.startswith(white))
            gap = gap.removeprefix(GAPS[mark])
        end = sentence.end
        if number + 1 == len(article.sentences):
            end = len(article.text)
        content = _spell(gap) + _mark(article, sentence) + _spell(article.text[sentence.end : end])
        lines.append(f"{sentence.label[0]}{mark} {content}")
        lines += _relations(article, number)
    return "\n".join(lines) + "\n"


def _spell(white: str) -> str:
    """White space that a reader could not see, as escapes."""
    names = {character: rf"\{name}" for name, character in _ESCAPES.items()}
    return "".join(names.get(character) or _code(character) for character in white)


def _code(character: str) -> str:
    return rf"\u{ord(character):04x}" if ord(character) < 0x10000 else rf"\U{ord(character):08x}"


def _mark(article: Article, sentence: Sentence) -> str:
    spans: list[Entity | Quantity] = [*article.entities, *article.quantities]
    inside = [span for span in spans if sentence.start <= span.start < sentence.end]
    cuts: dict[int, list[tuple[int, int, str]]] = {}
    for span in inside:
        opening, closing = ("[", f"]{span.label}") if isinstance(span, Entity) else ("{", f"|{_reading(span)}}}")
        cuts.setdefault(span.start, []).append((1, -span.end, opening))
        cuts.setdefault(span.end, []).append((0, -span.start, closing))
    pieces = []
    for offset in range(sentence.start, sentence.end + 1):
        pieces += [mark for _, _, mark in sorted(cuts.get(offset, ()))]
        if offset < sentence.end:
            pieces.append(_escape(article.text[offset]))
    return "".join(pieces)


def _reading(quantity: Quantity) -> str:
    approx = f"~{quantity.approx}" if quantity.approx else ""
    return " ".join(filter(None, (quantity.kind, quantity.value, approx)))


def _escape(character: str) -> str:
    if character in "[]{}\\":
        return "\\" + character
    if character in "\n\r\t":
        return _spell(character)
    return character if character.isprintable() else _code(character)


def _relations(article: Article, sentence: int) -> Iterator[str]:
    text = article.text

    def surface(span: Entity | Quantity, spans: Sequence[Entity | Quantity]) -> str:
        begin, end = article.sentences[sentence].start, article.sentences[sentence].end
        words = " ".join(text[span.start : span.end].split())
        inside = [s for s in spans if begin <= s.start < end]
        same = sorted(s.start for s in inside if " ".join(text[s.start : s.end].split()) == words)
        return f"{words}#{same.index(span.start) + 1}" if span.start in same and len(same) > 1 else words

    for role in article.roles:
        if role.sentence == sentence:
            parts = []
            for label, index in zip(ENTITY_LABELS, (role.person, role.title, role.organisation), strict=True):
                same = [e for e in article.entities if e.label == label]
                parts.append("-" if index is None else surface(article.entities[index], same))
            yield f"@role {' | '.join(parts)}"
    for fact in article.facts:
        if fact.sentence == sentence:
            values = {key: surface(article.quantities[i], article.quantities) for key, i in fact.values.items()}
            if fact.owner:
                values["owner"] = fact.owner
            yield " | ".join([f"@fact {fact.name}", *(f"{key}={value}" for key, value in values.items())])
