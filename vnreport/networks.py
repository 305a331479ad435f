"""The networks that read lines, as they run: a transformer with onnxruntime, a convolution net with numpy.

Both give, for each unit of a text, the scores of `TAGS`, and for each line the
scores of `CLASSES`. A text is read alone, so what is found in it never depends
on what is annotated beside it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, Protocol
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy

from vnreport.schema import CLASSES, ENTITY_LABELS
from vnreport.windows import Line, batch_windows, cut_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[numpy.float32]

TAGS = ("O", *(f"{prefix}-{label}" for label in ENTITY_LABELS for prefix in "BI"))
CONTEXT_LAYERS = 2
HEAD = len(TAGS) + 2 * len(CLASSES)  # a transformer's scores of a unit: its tag, the line's class by marker, by mean

_WEIGHTS = "network.npz"
_GRAPH = "network.onnx"
_BLOCK = 512  # units that are convolved together, so that they stay near the processor


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
    """The network that `Network.files` wrote, or None where there is none."""
    if _WEIGHTS not in files:
        return None
    with numpy.load(io.BytesIO(files[_WEIGHTS]), allow_pickle=False) as arrays:
        weights = dict(arrays)
    return Transformer(weights, files[_GRAPH]) if "window" in weights else Convolution(weights)


class Convolution:
    """A small convolution net (after Collobert and others 2011).

    Units pass through residual convolutions; the mean and the maximum of a
    line's units, with those of the lines around and above it, give its class.
    """

    def __init__(self, weights: dict[str, Matrix]) -> None:
        self._stored = weights
        self._embedding = weights["embedding"].astype("float32")
        self._layers = [
            (weights[f"{name}.weight"], weights[f"{name}.bias"])
            for name in (f"convolutions.{n}" for n in range(len(weights)))
            if f"{name}.weight" in weights
        ]
        rows, self._width = self._layers[0][0].shape
        self._reach = rows // self._width // 2

    def __call__(self, lines: Sequence[Line]) -> tuple[Matrix, Matrix]:
        """See `Network`."""
        starts = numpy.fromiter(accumulate(map(len, lines), initial=0), dtype="int64")
        if not lines:
            return numpy.zeros((0, len(TAGS)), "float32"), numpy.zeros((0, len(CLASSES)), "float32")
        units = self._convolve([unit for line in lines for unit in line.pieces])
        return self._dense("tags", units)[_words(starts)], self._classify(units, starts, lines)

    def files(self) -> dict[str, bytes]:
        """See `Network`."""
        return {_WEIGHTS: _npz(self._stored)}

    def _convolve(self, pieces: Sequence[tuple[int, ...]]) -> Matrix:
        """The units after all layers, block by block; each block reads as far as its edges see."""
        reach = self._reach * len(self._layers)
        units = numpy.empty((len(pieces), self._width), dtype="float32")
        for start in range(0, len(pieces), _BLOCK):
            first = max(0, start - reach)
            read = mean_pieces(self._embedding, pieces[first : start + _BLOCK + reach])
            padded = numpy.zeros((len(read) + 2 * self._reach, self._width), dtype="float32")
            block = padded[self._reach : self._reach + len(read)]
            block[:] = read
            parts = [padded[n : n + len(read)] for n in range(2 * self._reach + 1)]
            around = numpy.empty((len(read), len(parts) * self._width), dtype="float32")
            change = numpy.empty_like(read)
            for weight, bias in self._layers:
                numpy.concatenate(parts, axis=1, out=around)
                numpy.matmul(around, weight, out=change)
                change += bias
                block += numpy.maximum(change, 0, out=change)
            units[start : start + _BLOCK] = block[start - first : start - first + _BLOCK]
        return units

    def _classify(self, units: Matrix, starts: NDArray[numpy.int64], lines: Sequence[Line]) -> Matrix:
        lengths = numpy.diff(starts)[:, None].astype("float32")
        mean = numpy.add.reduceat(units, starts[:-1]) / lengths
        top = numpy.maximum.reduceat(units, starts[:-1])
        hidden = numpy.maximum(self._dense("line", numpy.hstack([mean, top])), 0)
        around = neighbours([lines])
        for layer in range(CONTEXT_LAYERS):
            known = numpy.vstack([hidden, numpy.zeros((1, hidden.shape[1]), dtype="float32")])  # -1 is nothing
            change = self._dense(f"context.{layer}", numpy.hstack([hidden, *(known[near] for near in around)]))
            hidden = hidden + numpy.maximum(change, 0)
        return self._dense("classes", hidden)

    def _dense(self, name: str, inputs: Matrix) -> Matrix:
        outputs: Matrix = inputs @ self._stored[f"{name}.weight"] + self._stored[f"{name}.bias"]
        return outputs


class Transformer:
    """A transformer encoder in ONNX that reads windows of lines.

    A line's class comes from its marker and from the mean of its units.
    """

    def __init__(self, weights: dict[str, NDArray[Any]], graph: bytes) -> None:
        self._stored = weights
        self._graph = graph
        self._embedding = weights["embedding"].astype("float32") * weights["scale"][:, None]
        self._size, self._context, self._batch = (int(n) for n in weights["window"])
        self._session: Any = None

    def __call__(self, lines: Sequence[Line]) -> tuple[Matrix, Matrix]:
        """See `Network`."""
        scores = numpy.zeros((sum(map(len, lines)), HEAD), dtype="float32")
        starts = numpy.fromiter(accumulate(map(len, lines), initial=0), dtype="int64")
        if not lines:
            return scores[:, : len(TAGS)], scores[:, : len(CLASSES)]
        for batch in batch_windows(cut_windows(lines, self._size, self._context), self._batch):
            inputs = numpy.zeros((len(batch), batch[0].units, self._embedding.shape[1]), dtype="float32")
            rows = [numpy.concatenate([numpy.arange(starts[i], starts[i + 1]) for i in w.lines]) for w in batch]
            for place, window in enumerate(batch):
                pieces = [unit for i in window.lines for unit in lines[i].pieces]
                inputs[place, : len(pieces)] = mean_pieces(self._embedding, pieces)
            lengths = numpy.array([len(row) for row in rows], dtype="int32")
            (outputs,) = self._run({"units": inputs, "lengths": lengths})
            for place, (row, window) in enumerate(zip(rows, batch, strict=True)):
                known = sum(len(lines[i]) for i in window.lines[: window.context])
                scores[row[known:]] = outputs[place, known : len(row)]
        return self._split(scores, starts)

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
            options.add_session_config_entry("session.x64quantprecision", "1")  # exact products on every processor
            self._session = onnxruntime.InferenceSession(self._graph, options, providers=["CPUExecutionProvider"])
        return self._session.run(None, inputs)

    def __getstate__(self) -> tuple[dict[str, NDArray[Any]], bytes]:
        return self._stored, self._graph

    def __setstate__(self, state: tuple[dict[str, NDArray[Any]], bytes]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def _split(self, scores: Matrix, starts: NDArray[numpy.int64]) -> tuple[Matrix, Matrix]:
        tags, by_marker, by_mean = numpy.split(scores, [len(TAGS), len(TAGS) + len(CLASSES)], axis=1)
        words = _words(starts)
        lengths = numpy.maximum(numpy.diff(starts) - 1, 1)[:, None].astype("float32")
        sums = numpy.add.reduceat(numpy.where(words[:, None], by_mean, 0), starts[:-1])
        return tags[words], by_marker[starts[:-1]] + sums / lengths


def threads() -> int:
    """How many threads a network may use: one in a worker process, else what `OMP_NUM_THREADS` or the machine gives."""
    import multiprocessing

    if multiprocessing.parent_process() is not None:
        return 1
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdigit() and int(given):
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def mean_pieces(embedding: Matrix, pieces: Sequence[tuple[int, ...]]) -> Matrix:
    """The mean of each unit's piece vectors, of shape (len(pieces), width)."""
    counts = numpy.fromiter(map(len, pieces), dtype="int64", count=len(pieces))
    ids = numpy.fromiter(chain.from_iterable(pieces), dtype="int64", count=int(counts.sum()))
    firsts = numpy.cumsum(counts) - counts
    units: Matrix = embedding[ids[firsts]]
    several = numpy.flatnonzero(counts > 1)
    if len(several):
        inside = numpy.repeat(counts > 1, counts)
        sizes = counts[several]
        sums = numpy.add.reduceat(embedding[ids[inside]], numpy.cumsum(sizes) - sizes)
        units[several] = sums / sizes[:, None].astype("float32")
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
