"""underthesea's words over the untouched text."""

from __future__ import annotations

import importlib.util
import pickletools
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacy.attrs import NORM
from spacy.tokens import Doc
from spacy.util import registry
from spacy.vocab import Vocab

from vnreport.text import compose, new_tones, normalize

if TYPE_CHECKING:
    from spacy.language import Language
    from underthesea_core import CRFFeaturizer, CRFTagger

_UPPER = "A-ZÀ-ÖØ-ÞĂĐĨŨƠƯ" + "".join(map(chr, range(0x1EA0, 0x1EFA, 2)))
_LOWER = "a-zß-öø-ÿăđĩũơư" + "".join(map(chr, range(0x1EA1, 0x1EFA, 2)))
_LETTER = r"(?:[^\W\d_][\u0300-\u036f]*)"
_PRE_TOKEN = re.compile(
    rf"""
      https?://\S+ | www\.\S+ | [\w.+-]{{1,64}}@[\w-]{{1,64}}(?:\.[\w-]{{1,64}})+
    | [đĐ]/[cC](?!\w)
    | (?:PGS|GS|TS|ThS|BS|CN|KS|TP|Tp|TX|TT|P|Q|H|X|T|NSND|NSƯT|BSCKI{{1,2}}|CKI{{1,2}})\.(?=\s?[{_UPPER}])
    | T\.Ư | [{_UPPER}](?:\.[{_UPPER}])+(?!\w) | (?<!\w)[{_UPPER}]\.(?=[ ]?\S)
    | \d{{1,2}}([/-])\d{{1,2}}\1\d{{2,4}}(?!\d) | \d{{1,2}}[/-]\d{{1,4}}(?![\d/-])
    | \d+(?:[.,]\d+)+ | \d+[A-Z]\d*(?!\w) | \d+
    | [A-Za-z]{{1,3}}\d+\w*                               # m2, H5N1
    | [{_UPPER}]+(?:-[{_UPPER}]+)+(?!\w)                 # KT-XH
    | (?:[{_UPPER}][{_LOWER}]+|[{_LOWER}]+(?=(?:-[{_LOWER}]+){{2}}))(?:-[{_LOWER}]+)+(?!\w)  # Xin-ga-po
    | {_LETTER}+(?:['’]{_LETTER}+)*                       # H'Mông
    | \.{{2,}} | -{{2,}} | [✀-➿☀-⛿🀀-🿿]️?(?:‍[✀-➿☀-⛿🀀-🿿]️?)*
    | \S
    """,
    re.VERBOSE,
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_SYLLABLES = 400  # one CRF call
_MAX_FEATURE = 32  # characters of a pre-token that the CRF sees
_OFFICE_HEADS = frozenset({"trưởng", "phó", "chánh"})
_ADDRESS = frozenset("đ/c ông bà anh chị thầy cô cụ em vị giao mời bầu cử".split())
_BODY_HEADS = frozenset({"ban", "phòng", "công", "trạm", "đoàn", "văn", "khối", "khoa"})


class WordTokenizer:
    """Cuts text into underthesea's words; `doc.text == text` for every string.

    The text is cut into pre-tokens (syllables, numbers, punctuation) whose
    offsets are known from the start; underthesea's CRF, called through
    `underthesea_core`, says which of them form one word. A word never crosses
    a line end or a change from a lower-case to a capitalised syllable, so
    that names and bodies begin and end at a token. `token.norm_` is the
    normal form of `vnreport.text.normalize`.

    Time and memory are linear in the length of the text.
    """

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab
        vocab.lex_attr_getters[NORM] = normalize  # type: ignore[attr-defined]
        self._featurizer, self._tagger, self._dictionary = load_word_segmenter()

    def __call__(self, text: str) -> Doc:
        """Tokenise `text`.

        Args:
            text: any string of characters.

        Returns:
            A Doc whose text is `text`.

        Raises:
            ValueError: a lone surrogate, which spaCy cannot hold.
        """
        words: list[str] = []
        spaces: list[bool] = []
        position = 0
        if (lone := _SURROGATE.search(text)) is not None:
            raise ValueError(
                f"a lone surrogate at offset {lone.start()} is no character; decode the text with errors='replace'"
            )
        for start, end in self.words(text):
            if start > position:
                _add_gap(text[position:start], words, spaces)
            words.append(text[start:end])
            spaces.append(False)
            position = end
        if position < len(text):
            _add_gap(text[position:], words, spaces)
        return Doc(self.vocab, words=words, spaces=spaces)

    def words(self, text: str) -> Iterator[tuple[int, int]]:
        """Offsets of the words of `text`, in order; what lies between is white space."""
        composed, offsets = compose(text)
        for start, end in self._segment(composed):
            if offsets is None:
                yield start, end
            else:
                yield offsets[start], offsets[end]

    def _segment(self, text: str) -> Iterator[tuple[int, int]]:
        spans = [match.span() for match in _PRE_TOKEN.finditer(text)]
        for chunk in _chunks(text, spans):
            surfaces = [text[start:end] for start, end in chunk]
            if _in_capitals(surfaces):
                surfaces = [surface.lower() for surface in surfaces]
            tags = self._tag(surfaces)
            first = 0
            for i in range(1, len(chunk)):
                gap = text[chunk[i - 1][1] : chunk[i][0]]
                if tags[i] != "I-W" or not self._joins(gap, surfaces[i - 1], surfaces[i]):
                    yield chunk[first][0], chunk[i - 1][1]
                    first = i
            yield chunk[first][0], chunk[-1][1]

    def _tag(self, surfaces: list[str]) -> list[str]:
        if len(surfaces) == 1:
            return ["B-W"]
        rows = [[_feature_form(surface)] for surface in surfaces]
        tags: list[str] = self._tagger.tag(self._featurizer.process([rows])[0])
        return tags

    def _joins(self, gap: str, left: str, right: str) -> bool:
        """Whether two syllables of one CRF word may share a token."""
        if not gap or len(gap) > 3 or not (left[-1].isalpha() and right[0].isalpha()):
            return False
        if left[0].islower() and right[0].isupper():
            return False
        if left.lower() in _OFFICE_HEADS and right.lower() in _BODY_HEADS:
            return False
        if left.lower() in _ADDRESS and right[0].isupper():
            return False
        abbreviated = any(len(s) > 1 and s.isupper() for s in (left, right))
        after_name = left[0].isupper() and right[0].islower()
        if abbreviated or after_name:
            pair = normalize(f"{left} {right}")
            return pair in self._dictionary or new_tones(pair) in self._dictionary
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


def load_word_segmenter() -> tuple[CRFFeaturizer, CRFTagger, frozenset[str]]:
    """underthesea's word segmentation model, from the installed package.

    Its feature templates and its dictionary are stored as pickles of plain
    strings; the strings are read from the opcodes, nothing is unpickled.

    Raises:
        ImportError: underthesea is not installed, or holds no such model.
    """
    from underthesea_core import CRFFeaturizer, CRFTagger

    spec = importlib.util.find_spec("underthesea")
    if spec is None or spec.origin is None:
        raise ImportError("vnreport needs underthesea: pip install underthesea")
    folder = Path(spec.origin).parent / "pipeline/word_tokenize/models/ws_crf_vlsp2013_20230727"
    if not folder.is_dir():
        raise ImportError(
            f"underthesea's word segmentation model is not at {folder}; "
            "install a version of underthesea that vnreport's requirements name"
        )
    tagger = CRFTagger()
    tagger.load(str(folder / "models.bin"))
    dictionary = frozenset(_pickled_strings(folder / "dictionary.bin"))
    featurizer = CRFFeaturizer(_pickled_strings(folder / "features.bin"), set(dictionary))
    return featurizer, tagger, dictionary


def _pickled_strings(path: Path) -> list[str]:
    with path.open("rb") as file:
        return [argument for _, argument, _ in pickletools.genops(file) if isinstance(argument, str)]


@lru_cache(maxsize=1 << 16)
def _feature_form(surface: str) -> str:
    """A pre-token as the CRF knows it: it was trained on the newer tone placement."""
    surface = surface[:_MAX_FEATURE]
    normal = new_tones(normalize(surface))
    if len(normal) != len(surface):
        return surface
    return "".join(n.upper() if s.isupper() else n for n, s in zip(normal, surface, strict=True))


def _chunks(text: str, spans: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Pre-tokens line by line, long lines in parts that end at punctuation where they can."""
    chunk: list[tuple[int, int]] = []
    for start, end in spans:
        if chunk and (
            _breaks_line(text, chunk[-1][1], start)
            or len(chunk) >= 2 * _MAX_SYLLABLES
            or (len(chunk) >= _MAX_SYLLABLES and not text[start].isalnum())
        ):
            yield chunk
            chunk = []
        chunk.append((start, end))
    if chunk:
        yield chunk


def _breaks_line(text: str, start: int, end: int) -> bool:
    return end - start > 0 and any(c in "\n\r\t\v\f\x85\u2028\u2029" for c in text[start : min(end, start + 8)])


def _in_capitals(surfaces: list[str]) -> bool:
    capitals = sum(surface.isupper() for surface in surfaces)
    return capitals > 3 and 2 * capitals > len(surfaces)


def _add_gap(gap: str, words: list[str], spaces: list[bool]) -> None:
    if words and gap.startswith(" "):
        spaces[-1] = True
        gap = gap[1:]
    if gap:
        words.append(gap)
        spaces.append(False)
