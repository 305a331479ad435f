"""underthesea's words over the untouched text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, compress, pairwise
from operator import not_
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacy.attrs import NORM
from spacy.tokens import Doc
from spacy.util import registry
from spacy.vocab import Vocab

from vnreport.schema import keep_text
from vnreport.segmenter import WordCRF, model_folder
from vnreport.text import LOWER, SURROGATE, UPPER, compose, new_tones, normalize

if TYPE_CHECKING:
    from spacy.language import Language

_LETTER = r"(?:[^\W\d_][\u0300-\u036f]*)"
_PRE_TOKEN = re.compile(
    rf"""
    ((?=\S)(?:                                            # white space fails at once
      [{UPPER}{LOWER}]+(?=[\s,;)]|\Z)                     # most syllables, without a look at the rest
    | https?://\S+ | www\.\S+ | [\w.+-]{{1,64}}@[\w-]{{1,64}}(?:\.[\w-]{{1,64}})+
    | [đĐ]/[cC](?!\w)
    | (?:PGS|GS|TS|ThS|BS|CN|KS|TP|Tp|TX|TT|P|Q|H|X|T|NSND|NSƯT|BSCKI{{1,2}}|CKI{{1,2}})\.(?=\s?[{UPPER}])
    | T\.Ư | [{UPPER}](?:\.[{UPPER}])+(?!\w) | (?<!\w)[{UPPER}]\.(?=[ \u00a0]?\S)
    | \d{{1,2}}/\d{{1,2}}/\d{{2,4}}(?!\d) | \d{{1,2}}-\d{{1,2}}-\d{{2,4}}(?!\d)
    | \d{{1,2}}[/-]\d{{1,4}}(?![\d/-])
    | \d+(?:[.,]\d+)+ | \d+[A-Z]\d*(?!\w) | \d+
    | [A-Za-z]{{1,3}}\d+\w*                               # m2, H5N1
    | [{UPPER}]+(?:-[{UPPER}]+)+(?!\w)                   # KT-XH
    | (?:[{UPPER}][{LOWER}]+|[{LOWER}]+(?=(?:-[{LOWER}]+){{2}}))(?:-[{LOWER}]+)+(?!\w)  # Xin-ga-po
    | {_LETTER}+(?:['’]{_LETTER}+)*                       # H'Mông
    | \.{{2,}} | -{{2,}} | [✀-➿☀-⛿🀀-🿿]️?(?:‍[✀-➿☀-⛿🀀-🿿]️?)*
    | \S
    ))
    """,
    re.VERBOSE,
)
_PLAIN_GAPS = frozenset({"", " "})
_LINE_BREAK = re.compile("[\n\r\t\v\f\x85\u2028\u2029]")
_MAX_SYLLABLES = 400  # of a line that the CRF reads in one piece
_MAX_SYLLABLE = 32  # characters
_MAX_PAIRS = 1 << 16
_OFFICE_HEADS = frozenset({"trưởng", "phó", "chánh"})
_PERSON = frozenset("đ/c ông bà anh chị thầy cô cụ em".split())
_ADDRESS = _PERSON | {"vị", "giao", "mời", "bầu", "cử"}
_BODY_HEADS = frozenset({"ban", "phòng", "công", "trạm", "đoàn", "văn", "khối", "khoa"})


class WordTokenizer:
    """Cuts text into underthesea's words; `doc.text == text` for every string.

    The text is cut into pre-tokens (syllables, numbers, punctuation) whose
    offsets are known from the start; underthesea's model (`WordCRF`) says
    which of them form one word. A word never crosses a line end or a change
    from a lower-case to a capitalised syllable, so that names and bodies begin
    and end at a token; in a line of capitals, where case tells no name, only
    pairs of the dictionary are joined. `token.norm_` is the normal form of
    `vnreport.text.normalize`.

    Time and memory are linear in the length of the text.
    `scripts/measure-words` measures the words on a treebank.
    """

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab
        vocab.lex_attr_getters[NORM] = normalize  # type: ignore[attr-defined]
        self._crf = WordCRF(model_folder())
        self._pairs: dict[tuple[str, str], bool] = {}  # which syllables join, those met lately

    def __call__(self, text: str) -> Doc:
        """Tokenise `text`.

        Args:
            text: any string of characters.

        Returns:
            A Doc whose text is `text`.

        Raises:
            ValueError: a lone surrogate, which spaCy cannot hold.
        """
        if (lone := SURROGATE.search(text)) is not None:
            raise ValueError(
                f"a lone surrogate at offset {lone.start()} is no character; decode the text with errors='replace'"
            )
        words: list[str] = []
        spaces: list[bool] = []
        position = 0
        for start, end in self.words(text):
            gap = text[position:start]
            if gap == " " and words:
                spaces[-1] = True
            elif gap:
                _add_gap(gap, words, spaces)
            words.append(text[start:end])
            spaces.append(False)
            position = end
        if position < len(text):
            _add_gap(text[position:], words, spaces)
        doc = Doc(self.vocab, words=words, spaces=spaces)
        keep_text(doc, text)
        return doc

    def words(self, text: str) -> Iterator[tuple[int, int]]:
        """Offsets of the words of `text`, in order; what lies between is white space."""
        composed, offsets = compose(text)
        parts = _PRE_TOKEN.split(composed)  # gap, pre-token, gap, …, pre-token, gap
        edges = list(accumulate(map(len, parts)))
        first = self._word_starts(parts[1::2], parts[:-1:2])
        starts = [edges[2 * i] for i in first[:-1]]
        ends = [edges[2 * i - 1] for i in first[1:]]
        if offsets is not None:
            starts, ends = [offsets[i] for i in starts], [offsets[i] for i in ends]
        return ((start, end) for start, end in zip(starts, ends, strict=True) if start < end)

    def _word_starts(self, surfaces: list[str], gaps: list[str]) -> list[int]:
        """Indices of the pre-tokens that begin a word, and their number; `gaps` stand before them."""
        lines = [surfaces[first:last] for first, last in pairwise(_line_starts(surfaces, gaps))]
        lines = [[surface.lower() for surface in line] if _in_capitals(line) else line for line in lines]
        inside = self._crf.tag(lines)
        for i in compress(range(len(surfaces)), inside):
            inside[i] = 0 < len(gaps[i]) <= 3 and self._joins(surfaces[i - 1], surfaces[i])
        return [*compress(range(len(surfaces)), map(not_, inside)), len(surfaces)]

    def _joins(self, left: str, right: str) -> bool:
        """Whether two syllables of one CRF word, with a little space between, may share a token."""
        if len(left) > _MAX_SYLLABLE or len(right) > _MAX_SYLLABLE:  # not worth remembering
            return self._compare(left, right)
        pair = left, right
        if (joins := self._pairs.get(pair)) is None:
            if len(self._pairs) == _MAX_PAIRS:
                self._pairs.clear()
            joins = self._pairs[pair] = self._compare(left, right)
        return joins

    def _compare(self, left: str, right: str) -> bool:
        if not (left[-1].isalpha() and right[0].isalpha()):
            return False
        if right.lower() in _BODY_HEADS and left.lower() in _OFFICE_HEADS:
            return False
        if left.islower() and right.islower():
            return True
        shouted = left.isupper() and right.isupper()
        if right[0].isupper() and (left[0].islower() or left.lower() in (_PERSON if shouted else _ADDRESS)):
            return False
        abbreviated = (len(left) > 1 and left.isupper()) or (len(right) > 1 and right.isupper())
        after_name = left[0].isupper() and right[0].islower()
        if abbreviated or after_name:
            pair = normalize(f"{left} {right}")
            return self._crf.has_word(pair) or self._crf.has_word(new_tones(pair))
        return True

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return WordTokenizer, (self.vocab,)

    def pipe(self, texts: Iterable[str], batch_size: int = 1000) -> Iterator[Doc]:
        """Tokenise texts one by one."""
        return map(self, texts)

    def to_bytes(self, **kwargs: Any) -> bytes:
        """Empty: the tokenizer has no state of its own."""
        return b""

    def from_bytes(self, data: bytes, **kwargs: Any) -> WordTokenizer:
        """The tokenizer itself."""
        return self

    def to_disk(self, path: str | Path, **kwargs: Any) -> None:
        """Writes nothing: the tokenizer has no state of its own."""

    def from_disk(self, path: str | Path, **kwargs: Any) -> WordTokenizer:
        """The tokenizer itself."""
        return self


@registry.tokenizers("vnreport.WordTokenizer.v1")  # type: ignore[untyped-decorator]
def create_word_tokenizer() -> Callable[[Language], WordTokenizer]:
    """The registered tokenizer: `[nlp.tokenizer] @tokenizers = "vnreport.WordTokenizer.v1"`."""
    return lambda nlp: WordTokenizer(nlp.vocab)


def _line_starts(surfaces: list[str], gaps: list[str]) -> list[int]:
    """Indices of the pre-tokens that begin a line, and their number; a long line is cut, before a mark if it can be."""
    breaks = (i for i, gap in enumerate(gaps) if gap not in _PLAIN_GAPS and _LINE_BREAK.search(gap))
    starts = [0]
    for end in (*breaks, len(surfaces)):
        while end - starts[-1] > _MAX_SYLLABLES:
            limit = min(starts[-1] + 2 * _MAX_SYLLABLES, end)
            marks = (i for i in range(starts[-1] + _MAX_SYLLABLES, limit) if not surfaces[i][0].isalnum())
            starts.append(next(marks, limit))
        if end > starts[-1]:
            starts.append(end)
    return starts


def _in_capitals(surfaces: list[str]) -> bool:
    capitals = sum(map(str.isupper, surfaces))
    return capitals > 3 and 2 * capitals > len(surfaces)


def _add_gap(gap: str, words: list[str], spaces: list[bool]) -> None:
    if words and gap.startswith(" "):
        spaces[-1] = True
        gap = gap[1:]
    if gap:
        words.append(gap)
        spaces.append(False)
