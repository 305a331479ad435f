"""underthesea's word segmentation model, read from the installed package and scored with numpy."""

from __future__ import annotations

import importlib.util
import re
import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy

from vnreport.text import cased_as, new_tones, normalize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[numpy.float64]
    Ints = NDArray[numpy.int64]

_FOLDER = "pipeline/word_tokenize/models/ws_crf_vlsp2013_20230727"
_REMEDY = "install a version of underthesea that vnreport's requirements name"
_TEMPLATE = re.compile(r"T\[(-?[0-2])(?:,(-?[0-2]))?\](?:\.(lower|isdigit|istitle|is_in_dict))?")
_INT32 = re.compile(r"[+-]?[0-9]+")
_LENGTHS = (1, 2, 3)  # of n-grams
_REACH = 2  # places that a feature looks back or ahead
_MAX_FORM = 32  # characters of a pre-token that the CRF sees
_MAX_CODES = 1 << 16
_BATCH = 4096  # pre-tokens scored at once
_TIE = 1e-6  # paths that weigh the same but for this are told apart by how they are summed

# The value of an n-gram in a column: it begins outside its line, ends beyond it, is false or not listed, is true or the
# first of those listed.
_OUTSIDE, _BEYOND, _FALSE, _TRUE = range(4)

# A pre-token's code, one integer, holds its values in the columns of length 1: first bit and number of bits. Outside
# lines the code is 0.
_FIELDS = {"": (0, 20), "lower": (20, 20), "isdigit": (40, 2), "istitle": (42, 2)}
_FORM_BITS = 20


class _Column(NamedTuple):
    """A function of the n-gram of `length` pre-tokens that begins at each place; `""` is the n-gram as written."""

    function: str
    length: int


class WordCRF:
    """underthesea's word segmentation model, `ws_crf_vlsp2013_20230727` (Apache License 2.0).

    A linear-chain CRF with the labels `B-W` (a word begins) and `I-W` (it goes
    on), trained by underthesea's authors on the VLSP 2013 corpus. Its features
    are n-grams of one to three pre-tokens, as written and in lower case, and
    whether these are numbers, capitalised, or words of a dictionary.

    The weights are looked up for many lines at once. They are summed and
    compared in the order of `underthesea_core` and in double precision, so
    that the tags are the same, ties included. `scripts/measure-words` measures
    the words on a treebank; that of Universal Dependencies comes from the VLSP
    project, too, so it may share texts with what the model was trained on.

    Args:
        folder: the model as underthesea stores it: `models.bin`, weights in
            CRFsuite's form; `features.bin` and `dictionary.bin`, pickles of
            plain strings, which are read and never unpickled.

    Raises:
        ValueError: a file is not of this form; the message names it.
    """

    def __init__(self, folder: Path) -> None:
        rows, weights, self._transitions = _read_weights(folder / "models.bin")
        templates = {name: _parse_template(name) for name in _pickled_strings(folder / "features.bin")}
        words = _by_length(_pickled_strings(folder / "dictionary.bin"))
        listed = _by_length(
            value for name, (_, column) in templates.items() if column.function in ("", "lower") for value in rows[name]
        )
        self._ids: defaultdict[str, int] = defaultdict(count(_TRUE).__next__)  # values of forms
        self._keys: dict[int, Ints] = {}  # of n-grams, by length; ascending, and the last greater than any
        self._values: dict[int, Ints] = {}  # of the same n-grams
        self._is_in_dict: dict[int, Ints] = {}  # by length, the value of this function for each value of an n-gram
        values: dict[int, dict[str, int]] = {}
        for length in _LENGTHS:
            ngrams = dict.fromkeys(chain(listed[length], words[length]))
            values[length] = value_of = dict(zip(ngrams, count(_TRUE)))
            keys = _join(numpy.array([self._ids[form] for form in " ".join(ngrams).split(" ")]).reshape(-1, length).T)
            order = keys.argsort()
            self._keys[length] = numpy.append(keys[order], numpy.iinfo(numpy.int64).max)
            self._values[length] = _TRUE + order
            known = numpy.full(_TRUE + len(ngrams) + 1, _FALSE)  # the last for forms that are no n-gram
            known[[value_of[word] for word in words[length]]] = _TRUE
            known[[_OUTSIDE, _BEYOND]] = _OUTSIDE, _BEYOND
            self._is_in_dict[length] = known

        self._features: list[tuple[int, _Column, Floats]] = []  # first place, column, weights of its values
        for name, (start, column) in templates.items():
            value_of = values[column.length] if column.function in ("", "lower") else {"False": _FALSE, "True": _TRUE}
            row_of = {value_of[value]: row for value, row in rows[name].items() if value in value_of}
            row_of[_OUTSIDE] = rows[name].get("BOS" if start < 0 else "EOS", -1)
            row_of[_BEYOND] = rows[name].get("EOS", -1)
            of_values = numpy.zeros((max(row_of) + 2, 2))  # the last for all values without a weight
            of_values[[*row_of]] = weights[[*row_of.values()]]
            self._features.append((start, column, of_values))
        self._codes = _Codes(self._encode)

    def tag(self, lines: Iterable[Sequence[str]]) -> list[bool]:
        """Which pre-tokens go on with a word.

        Args:
            lines: pre-tokens line by line, none of them empty; each line is
                tagged alone.

        Returns:
            For each pre-token of all lines whether its label is `I-W`; the
            first of a line always begins a word.
        """
        return list(chain.from_iterable(map(self._tag, _batches(lines))))

    def has_word(self, pair: str) -> bool:
        """Whether two syllables in lower case, with a space between, are a word of the dictionary."""
        keys = self._keys[2]
        left, _, right = pair.partition(" ")
        key = self._ids.get(left, _FALSE) << _FORM_BITS | self._ids.get(right, _FALSE)
        place = keys.searchsorted(key)
        return bool(keys[place] == key and self._is_in_dict[2][self._values[2][place]] == _TRUE)

    def _tag(self, lines: list[Sequence[str]]) -> list[bool]:
        outside = [0] * _REACH
        codes = [*outside]
        for line in lines:
            codes += map(self._codes.__getitem__, line)
            codes += outside
        numbers = numpy.array(codes, numpy.int64)
        begins, goes_on = self._scores(numbers)[numbers[_REACH:-_REACH] != 0].T
        firsts = numpy.cumsum([0, *map(len, lines)])
        inside, ties = _best_path(goes_on - begins, firsts, self._transitions)
        for number in {int(firsts.searchsorted(place, side="right")) for place in ties}:
            first, last = firsts[number - 1 : number + 1]
            inside[first:last] = _viterbi(begins[first:last].tolist(), goes_on[first:last].tolist(), self._transitions)
        for first in firsts[:-1]:
            inside[first] = False
        return inside

    def _encode(self, pre_token: str) -> int:
        form = _feature_form(pre_token)
        values = {
            "": self._ids.get(form, _FALSE),
            "lower": self._ids.get(form.lower(), _FALSE),
            "isdigit": _FALSE + (_INT32.fullmatch(form) is not None and -(2**31) <= int(form) < 2**31),
            "istitle": _FALSE + (form[0] == form[0].upper()),
        }
        return sum(value << _FIELDS[function][0] for function, value in values.items())

    def _scores(self, codes: Ints) -> Floats:
        """Scores of the labels at each place but the first and the last `_REACH`, shape (places, 2)."""
        columns = self._columns(codes)
        places = len(codes) - 2 * _REACH
        scores = numpy.zeros((places, 2))
        for start, column, weights in self._features:
            scores += weights.take(columns[column][_REACH + start :][:places], axis=0, mode="clip")
        return scores

    def _columns(self, codes: Ints) -> dict[_Column, Ints]:
        units = {function: codes >> bit & ((1 << bits) - 1) for function, (bit, bits) in _FIELDS.items()}
        columns = {_Column(function, 1): values for function, values in units.items()}
        for length in _LENGTHS[1:]:
            shifted = {
                function: [values[i : len(values) - length + 1 + i] for i in range(length)]
                for function, values in units.items()
                if function != "isdigit"  # a number is one pre-token
            }
            keys, lower_keys = _join(shifted[""]), _join(shifted["lower"])
            as_written = self._find(keys, length)
            lower = as_written.copy()
            capitalised = numpy.flatnonzero(keys != lower_keys)
            lower[capitalised] = self._find(lower_keys[capitalised], length)
            outside = codes[: len(keys)] == 0
            beyond = codes[length - 1 :] == 0
            for function, values in (
                ("", as_written),
                ("lower", lower),
                ("istitle", numpy.minimum.reduce(shifted["istitle"])),
            ):
                values[beyond] = _BEYOND
                values[outside] = _OUTSIDE
                columns[_Column(function, length)] = values
        for length, known in self._is_in_dict.items():
            columns[_Column("is_in_dict", length)] = known.take(columns[_Column("lower", length)], mode="clip")
        return columns

    def _find(self, keys: Ints, length: int) -> Ints:
        """Values of n-grams as written."""
        places = self._keys[length].searchsorted(keys)
        known = self._keys[length].take(places) == keys
        return numpy.where(known, self._values[length].take(places, mode="clip"), _FALSE)


class _Codes(dict[str, int]):
    """The codes of the pre-tokens met lately."""

    def __init__(self, encode: Callable[[str], int]) -> None:
        super().__init__()
        self._encode = encode

    def __missing__(self, pre_token: str) -> int:
        code = self._encode(pre_token)
        if len(self) == _MAX_CODES:
            self.clear()
        if len(pre_token) <= _MAX_FORM:
            self[pre_token] = code
        return code


def model_folder() -> Path:
    """Where the installed underthesea keeps its word segmentation model.

    Raises:
        ImportError: underthesea is not installed, or holds no such model.
    """
    spec = importlib.util.find_spec("underthesea")
    if spec is None or spec.origin is None:
        raise ImportError("vnreport needs underthesea: pip install underthesea")
    folder = Path(spec.origin).parent / _FOLDER
    if not folder.is_dir():
        raise ImportError(f"underthesea's word segmentation model is not at {folder}; {_REMEDY}")
    return folder


def _feature_form(surface: str) -> str:
    """A pre-token as the CRF knows it: it was trained on the newer tone placement."""
    surface = surface[:_MAX_FORM]
    normal = new_tones(normalize(surface))
    if len(normal) != len(surface):
        return surface
    return cased_as(normal, surface)


def _batches(lines: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    batch: list[Sequence[str]] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _best_path(scores: Floats, firsts: Ints, transitions: list[list[float]]) -> tuple[list[bool], list[int]]:
    """Whether each label of the best path of each line is `I-W`, and where paths weigh about the same.

    Of two labels one number decides: what the best path to `I-W` has more than that to `B-W`. It is the place's own
    score and what the path before it adds, which lies between two bounds. So most places are decided by themselves,
    and only the others one after the other, forward for the number and back for the label (Viterbi 1967).

    Args:
        scores: of `I-W`, less those of `B-W`.
        firsts: where each line begins, none of them empty, and the number of places.
        transitions: weights of each label after each.
    """
    (b_b, b_i), (i_b, i_i) = transitions
    least = {False: b_b - i_b, True: b_i - i_i}  # by whether the next label is `I-W`; the number must be greater
    after = {False: b_i - b_b, True: i_i - i_b}  # what a place that is decided adds to the next
    low, high = min(0, *after.values()), max(0, *after.values())  # nothing is added to a line's first place
    goes_on = scores + low > max(0, *least.values()) + _TIE
    open_places = numpy.flatnonzero(~goes_on & (scores + high >= min(0, *least.values()) - _TIE))
    inside: list[bool] = goes_on.tolist()
    margins: dict[int, float] = {}
    opening, closing = set(firsts.tolist()), set((firsts[1:] - 1).tolist())
    for place, score in zip(open_places.tolist(), scores[open_places].tolist(), strict=True):
        if place in opening:
            added = 0.0
        elif (before := margins.get(place - 1)) is None:
            added = after[inside[place - 1]]
        else:
            added = max(b_i, before + i_i) - max(b_b, before + i_b)
        margins[place] = score + added
    ties = []
    for place, margin in reversed(margins.items()):
        threshold = 0 if place in closing else least[inside[place + 1]]
        inside[place] = margin > threshold
        if abs(margin - threshold) < _TIE:
            ties.append(place)
    return inside, ties


def _viterbi(begins: list[float], goes_on: list[float], transitions: list[list[float]]) -> list[bool]:
    """`_best_path` of one line, summed as `underthesea_core` does: rounding decides its ties, and `B-W` wins the rest.

    Args:
        begins: scores of `B-W`.
        goes_on: scores of `I-W`.
        transitions: weights of each label after each.
    """
    (b_b, b_i), (i_b, i_i) = transitions
    b, i = begins[0], goes_on[0]
    to_b, to_i = [], []  # whether the best way to each label comes from `I-W`
    for score_b, score_i in zip(begins[1:], goes_on[1:], strict=True):
        bb, ib, bi, ii = b + b_b, i + i_b, b + b_i, i + i_i
        to_b.append(ib > bb)
        to_i.append(ii > bi)
        b = (ib if ib > bb else bb) + score_b
        i = (ii if ii > bi else bi) + score_i
    inside = [i > b]
    for from_b, from_i in zip(reversed(to_b), reversed(to_i), strict=True):
        inside.append(from_i if inside[-1] else from_b)
    return inside[::-1]


def _join(units: Iterable[Ints]) -> Ints:
    """Keys of n-grams from the ids of their first, second, … forms."""
    return reduce(lambda key, unit: key << _FORM_BITS | unit, units)


def _by_length(ngrams: Iterable[str]) -> defaultdict[int, list[str]]:
    lengths: defaultdict[int, list[str]] = defaultdict(list)
    for ngram in ngrams:
        lengths[ngram.count(" ") + 1].append(ngram)
    return lengths


def _parse_template(name: str) -> tuple[int, _Column]:
    """`T[-1,0].lower` → -1, the n-gram of 2 in lower case."""
    match = _TEMPLATE.fullmatch(name)
    if match is None:
        raise ValueError(f"feature template {name!r} of underthesea's word segmentation model is unknown; {_REMEDY}")
    start, end, function = match.groups()
    return int(start), _Column(function or "", int(end or start) - int(start) + 1)


def _read_weights(path: Path) -> tuple[dict[str, dict[str, int]], Floats, list[list[float]]]:
    """A CRFsuite model with two labels.

    Returns:
        For each template and value of an attribute its row of weights; the
        weights, shape (rows + 1, labels), the last of which are zero; the
        weights of each label after each.
    """
    data = path.read_bytes()
    magic, *_, number, features, labels, attributes, _, _ = struct.unpack_from("<4sI4s9I", data)
    if magic != b"lCRF" or [*_quarks(data, labels)] != ["B-W", "I-W"]:
        raise ValueError(f"{path}: not a CRFsuite model with the labels B-W and I-W; {_REMEDY}")
    rows: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row, attribute in enumerate(_quarks(data, attributes)):
        template, _, value = attribute.partition("=")
        rows[template][value] = row
    (size,) = struct.unpack_from("<I", data, features + 8)
    form = numpy.dtype([("is_transition", "<u4"), ("source", "<u4"), ("label", "<u4"), ("weight", "<f8")])
    table = numpy.frombuffer(data, form, size, features + 12)
    weights, transitions = numpy.zeros((number + 1, 2)), numpy.zeros((2, 2))
    for kind, target in enumerate((weights, transitions)):
        of_kind = table[table["is_transition"] == kind]
        target[of_kind["source"], of_kind["label"]] = of_kind["weight"]
    return rows, weights, transitions.tolist()


def _quarks(data: bytes, start: int) -> Iterator[str]:
    """The strings of a CQDB, in the order of their numbers."""
    number, links = struct.unpack_from("<II", data, start + 16)
    for offset in struct.unpack_from(f"<{number}I", data, start + links):
        text = start + offset + 8
        (size,) = struct.unpack_from("<I", data, text - 4)
        yield data[text : text + size - 1].decode()


# Bytes that each opcode of a pickled list or set of short strings takes, the strings aside: protocol, frame; empty set,
# empty list, memo, mark, items of a set, items of a list, stop.
_OPCODES = {0x80: 2, 0x95: 9, **dict.fromkeys(b"\x8f]\x94(\x90e.", 1)}
_SHORT_STRING = 0x8C


def _pickled_strings(path: Path) -> Iterator[str]:
    data = path.read_bytes()
    place = 0
    while place < len(data):
        opcode = data[place]
        if opcode == _SHORT_STRING:
            end = place + 2 + data[place + 1]
            yield data[place + 2 : end].decode()
            place = end
        elif opcode in _OPCODES:
            place += _OPCODES[opcode]
        else:
            raise ValueError(f"{path}: byte {place} is no opcode of a pickled list or set of strings; {_REMEDY}")
