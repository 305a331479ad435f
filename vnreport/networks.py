"""The networks that read lines, as they run: a transformer with onnxruntime, a convolution net with numpy.

Both give, for each unit of a text, the scores of `TAGS`, and for each line the
scores of `CLASSES`. A text is read alone, so what is found in it never depends
on what is annotated beside it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain, count, pairwise
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy

from vnreport.schema import CLASSES, ENTITY_LABELS
from vnreport.threads import SingleThread, threads
from vnreport.windows import Line, cut_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[numpy.float32]

TAGS = ("O", *(f"{prefix}-{label}" for label in ENTITY_LABELS for prefix in "BI"))
CONTEXT_LAYERS = 2
HEAD = len(TAGS) + 2 * len(CLASSES)  # a transformer's scores of a unit: its tag, the line's class by marker, by mean

_WEIGHTS = "network.npz"
_GRAPH = "network.onnx"
_BLOCK = 1024  # units that are convolved together, so that they stay near the processor
_REMEMBERED = 1 << 13  # units of several pieces; more than are convolved together

_single_thread = SingleThread()


class Network(Protocol):
    """What the component `report_encoder` runs."""

    def __call__(self, lines: Sequence[Line]) -> tuple[Matrix, Matrix]:
        """Scores of one text.

        Returns:
            Tag scores, of shape (units of all lines without the markers,
            `len(TAGS)`), and class scores, (lines, `len(CLASSES)`).
        """
        ...

    def files(self) -> dict[str, bytes]:
        """The network as files, which `open_network` reads."""
        ...


def open_network(files: Mapping[str, bytes]) -> Network | None:
    """The network that `Network.files` wrote, or None where there is none.

    Raises:
        FileNotFoundError: a file of it is missing.
    """
    if _WEIGHTS not in files:
        return None
    with numpy.load(io.BytesIO(files[_WEIGHTS]), allow_pickle=False) as arrays:
        weights = dict(arrays)
    if "window" not in weights:
        return Convolution(weights)
    if _GRAPH not in files:
        raise FileNotFoundError(f"no {_GRAPH}")
    return Transformer(weights, files[_GRAPH])


class Convolution:
    """A small convolution net (after Collobert and others 2011).

    Units pass through residual convolutions; the mean and the maximum of a
    line's units, with those of the lines around and above it, give its class.
    """

    def __init__(self, weights: dict[str, Matrix]) -> None:
        self._stored = weights
        layers = [
            (weights[f"{name}.weight"], weights[f"{name}.bias"])
            for name in (f"convolutions.{n}" for n in range(len(weights)))
            if f"{name}.weight" in weights
        ]
        (first, self._first_bias), *self._layers = layers
        rows, self._width = first.shape
        self._taps = rows // self._width  # units that one place of a layer reads
        self._edge = self._taps // 2 * len(layers)  # units on each side that a unit sees
        self._first = _FirstLayer(weights["embedding"].astype("float32"), first.reshape(self._taps, self._width, -1))

    def __call__(self, lines: Sequence[Line]) -> tuple[Matrix, Matrix]:
        """See `Network`."""
        if not lines:
            return numpy.zeros((0, len(TAGS)), "float32"), numpy.zeros((0, len(CLASSES)), "float32")
        starts = list(accumulate(map(len, lines), initial=0))
        with _single_thread:
            units = self._convolve([unit for line in lines for unit in line.pieces])
            words = numpy.delete(self._dense("tags", units), starts[:-1], axis=0)
            return words, self._classify(units, starts, lines)

    def __reduce__(self) -> tuple[type[Convolution], tuple[dict[str, Matrix]]]:
        return Convolution, (self._stored,)

    def files(self) -> dict[str, bytes]:
        """See `Network`."""
        return {_WEIGHTS: _npz(self._stored)}

    def _convolve(self, pieces: Sequence[tuple[int, ...]]) -> Matrix:
        """The units after all layers, block by block; each block reads as far as its edges see."""
        units = numpy.empty((len(pieces), self._width), dtype="float32")
        for start in range(0, len(pieces), _BLOCK):
            first = max(0, start - self._edge)
            block = self._convolve_block(pieces[first : start + _BLOCK + self._edge])
            units[start : start + _BLOCK] = block[start - first :][:_BLOCK]
        return units

    def _convolve_block(self, pieces: Sequence[tuple[int, ...]]) -> Matrix:
        taps, width = self._taps, self._width
        padded = numpy.zeros((len(pieces) + taps - 1, width), dtype="float32")
        units, flat = padded[taps // 2 :][: len(pieces)], padded.ravel()
        units[:], change = self._first(pieces)
        change += self._first_bias
        units += numpy.maximum(change, 0, out=change)
        for weight, bias in self._layers:
            for phase in range(min(taps, len(pieces))):
                # What every taps-th place reads are the rows of a matrix that lies in `padded` as it is.
                places = change[phase::taps]
                read = flat[phase * width :][: places.shape[0] * taps * width].reshape(-1, taps * width)
                numpy.matmul(read, weight, out=places)
            change += bias
            units += numpy.maximum(change, 0, out=change)
        return units

    def _classify(self, units: Matrix, starts: Sequence[int], lines: Sequence[Line]) -> Matrix:
        summary = numpy.empty((len(lines), 2, self._width), dtype="float32")
        for (mean, top), (start, end) in zip(summary, pairwise(starts), strict=True):  # quicker than `reduceat`
            numpy.add.reduce(units[start:end], out=mean)
            mean /= end - start
            numpy.maximum.reduce(units[start:end], out=top)
        hidden = numpy.maximum(self._dense("line", summary.reshape(len(lines), -1)), 0)
        around = neighbours([lines])
        for layer in range(CONTEXT_LAYERS):
            known = numpy.vstack([hidden, numpy.zeros((1, hidden.shape[1]), dtype="float32")])  # -1 is nothing
            change = self._dense(f"context.{layer}", numpy.hstack([hidden, *(known[near] for near in around)]))
            hidden = hidden + numpy.maximum(change, 0)
        return self._dense("classes", hidden)

    def _dense(self, name: str, inputs: Matrix) -> Matrix:
        outputs: Matrix = inputs @ self._stored[f"{name}.weight"] + self._stored[f"{name}.bias"]
        return outputs


class _FirstLayer:
    """The first convolution of units by looking up what each unit adds to the places around it.

    That is linear in the unit's pieces, so it is computed once for each piece;
    of units of several pieces it is remembered, for texts repeat their units.
    What a unit gives never depends on those that were met before.

    Args:
        embedding: of the pieces, shape (pieces, width).
        taps: weights for each place of the unit within what is read, (taps, width, width).
    """

    def __init__(self, embedding: Matrix, taps: Matrix) -> None:
        self._taps = len(taps)
        self._pieces, width = embedding.shape
        # The unit itself and what it adds; after the pieces a row of zeros for what lies beyond the text.
        self._table = numpy.zeros((1 + len(taps), self._pieces + 1 + _REMEMBERED, width), dtype="float32")
        self._table[0, : self._pieces] = embedding
        numpy.matmul(embedding, taps, out=self._table[1:, : self._pieces])
        self._lock = Lock()  # a row must not change between finding and reading it
        self._forget()

    def __call__(self, pieces: Sequence[tuple[int, ...]]) -> tuple[Matrix, Matrix]:
        """The units and their convolution without its bias, each of shape (units, width)."""
        beyond = [()] * (self._taps // 2)
        with self._lock:
            rows = self._find([*beyond, *pieces, *beyond])
            change = numpy.zeros((len(pieces), self._table.shape[2]), dtype="float32")
            added = numpy.empty_like(change)
            for tap in range(self._taps):
                change += self._table[1 + tap].take(rows[tap:][: len(pieces)], axis=0, out=added, mode="clip")
            return self._table[0].take(rows[len(beyond) :][: len(pieces)], axis=0, out=added, mode="clip"), change

    def _find(self, pieces: Sequence[tuple[int, ...]]) -> NDArray[numpy.int64]:
        """The row of each unit in the table."""
        rows = list(map(self._rows.get, pieces))
        if None in rows:
            new = [*dict.fromkeys(unit for unit, row in zip(pieces, rows, strict=True) if row is None)]
            if len(self._rows) + len(new) > self._table.shape[1]:
                self._forget()
                new = [unit for unit in dict.fromkeys(pieces) if unit not in self._rows]
            first = len(self._rows)
            self._table[:, first : first + len(new)] = mean_pieces(self._table, new)
            self._rows.update(zip(new, count(first)))
            rows = list(map(self._rows.get, pieces))
        return numpy.array(rows, dtype="int64")

    def _forget(self) -> None:
        self._rows: dict[tuple[int, ...], int] = {(piece,): piece for piece in range(self._pieces)} | {(): self._pieces}


class Transformer:
    """A transformer encoder in ONNX that reads windows of lines, one by one.

    Windows together would have to be padded and masked, which costs more than
    the batch saves: attention without a mask is computed far quicker.

    A line's class comes from its marker and from the mean of its units; it is
    the mean over all windows that hold the line, so that one at a window's end
    is judged by what follows as well.
    """

    def __init__(self, weights: dict[str, NDArray[Any]], graph: bytes) -> None:
        self._stored = weights
        self._graph = graph
        self._embedding = weights["embedding"].astype("float32") * weights["scale"][:, None]
        self._size, self._context = (int(n) for n in weights["window"])
        self._session: Any = None

    def __call__(self, lines: Sequence[Line]) -> tuple[Matrix, Matrix]:
        """See `Network`."""
        words = numpy.cumsum([0, *(len(line) - 1 for line in lines)])  # where those of each line begin
        tags = numpy.zeros((words[-1], len(TAGS)), dtype="float32")
        votes = numpy.zeros((len(lines), len(CLASSES)), dtype="float32")
        for window in cut_windows(lines, self._size, self._context):
            units = mean_pieces(self._embedding, [unit for i in window.lines for unit in lines[i].pieces])
            (scores,) = self._run({"units": units[None]})
            starts = numpy.cumsum([0, *(len(lines[i]) for i in window.lines)])
            read, classes = _split(scores[0], starts)
            first, last = window.lines[window.context], window.lines[-1]
            tags[words[first] : words[last + 1]] = read[starts[window.context] - window.context :]
            votes[window.lines] += softmax(classes)
        return tags, numpy.log(votes / votes.sum(axis=1, keepdims=True))

    def files(self) -> dict[str, bytes]:
        """See `Network`."""
        return {_WEIGHTS: _npz(self._stored), _GRAPH: self._graph}

    def _run(self, inputs: dict[str, Any]) -> Any:
        if self._session is None:
            import onnxruntime  # type: ignore[import-untyped]

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads()
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            if not _has_vnni():
                options.add_session_config_entry("session.x64quantprecision", "1")  # slower, but nothing saturates
            self._session = onnxruntime.InferenceSession(self._graph, options, providers=["CPUExecutionProvider"])
        return self._session.run(None, inputs)

    def __getstate__(self) -> tuple[dict[str, NDArray[Any]], bytes]:
        return self._stored, self._graph

    def __setstate__(self, state: tuple[dict[str, NDArray[Any]], bytes]) -> None:
        self.__init__(*state)  # type: ignore[misc]


def _split(scores: Matrix, starts: NDArray[numpy.int64]) -> tuple[Matrix, Matrix]:
    """Tag scores of the units and class scores of the lines of one window."""
    tags, by_marker, by_mean = numpy.split(scores, [len(TAGS), len(TAGS) + len(CLASSES)], axis=1)
    words = _words(starts)
    lengths = numpy.maximum(numpy.diff(starts) - 1, 1)[:, None].astype("float32")
    sums = numpy.add.reduceat(numpy.where(words[:, None], by_mean, 0), starts[:-1])
    return tags[words], by_marker[starts[:-1]] + sums / lengths


def softmax(scores: Matrix) -> Matrix:
    """The probabilities that scores of shape (rows, columns) stand for; each row sums to 1."""
    odds = numpy.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: Matrix = odds / odds.sum(axis=1, keepdims=True)
    return probabilities


def _has_vnni() -> bool:
    """Whether Linux says that the processor adds 8-bit products without saturation."""
    try:
        return "_vnni" in Path("/proc/cpuinfo").read_text("ascii", "replace")
    except OSError:
        return False


def mean_pieces(embedding: Matrix, pieces: Sequence[tuple[int, ...]]) -> Matrix:
    """The mean of each unit's piece vectors.

    Args:
        embedding: of shape (..., pieces, width).
        pieces: ids of each unit's pieces, at least one.

    Returns:
        An array of shape (..., len(pieces), width).
    """
    counts = numpy.fromiter(map(len, pieces), dtype="int64", count=len(pieces))
    ids = numpy.fromiter(chain.from_iterable(pieces), dtype="int64", count=int(counts.sum()))
    firsts = numpy.cumsum(counts) - counts
    units: Matrix = embedding[..., ids[firsts], :]
    several = numpy.flatnonzero(counts > 1)
    if len(several):
        inside = numpy.repeat(counts > 1, counts)
        sizes = counts[several]
        sums = numpy.add.reduceat(embedding[..., ids[inside], :], numpy.cumsum(sizes) - sizes, axis=-2)
        units[..., several, :] = sums / sizes[:, None].astype("float32")
    return units


def neighbours(texts: Sequence[Sequence[Line]]) -> tuple[list[int], list[int], list[int]]:
    """For each line of all texts the numbers of the lines before, after and above it; -1 where there is none."""
    before, after, above, first = [], [], [], 0
    for lines in texts:
        last = first + len(lines) - 1
        for number, line in enumerate(lines, start=first):
            before.append(number - 1 if number > first else -1)
            after.append(number + 1 if number < last else -1)
            above.append(first + line.heading if line.heading >= 0 else -1)
        first = last + 1
    return before, after, above


def _words(starts: NDArray[numpy.int64]) -> NDArray[numpy.bool_]:
    """Which units are no markers, given where each line begins and where the last one ends."""
    words = numpy.ones(starts[-1], dtype=bool)
    words[starts[:-1]] = False
    return words


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays as numpy's `.npz`, the same bytes at any time."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            data = io.BytesIO()
            numpy.lib.format.write_array(data, array, allow_pickle=False)
            archive.writestr(ZipInfo(f"{name}.npy"), data.getvalue(), ZIP_DEFLATED)
    return buffer.getvalue()
