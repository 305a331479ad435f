"""The networks at run time give what the trained ones give."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy
import pytest
from threadpoolctl import ThreadpoolController

from tests.encoders import VOCABULARY, random_convolution, random_lines
from vnreport import networks
from vnreport.networks import TAGS, Convolution, Network, mean_pieces, neighbours, open_network
from vnreport.schema import CLASSES
from vnreport.windows import Line

if TYPE_CHECKING:
    from vnreport.training.networks import TorchTransformer

WINDOW, CONTEXT = 64, 20


def scores(network: Network, lines: Sequence[Line]) -> numpy.ndarray:
    tags, classes = network(lines)
    assert tags.shape == (sum(len(line) - 1 for line in lines), len(TAGS))
    assert classes.shape == (len(lines), len(CLASSES))
    return numpy.concatenate([tags.ravel(), classes.ravel()])


@cache
def transformers() -> tuple[TorchTransformer, networks.Transformer]:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from vnreport.training.export import export_transformer
    from vnreport.training.networks import TorchTransformer

    torch.manual_seed(3)
    network = TorchTransformer(torch.randn(len(VOCABULARY), 64), torch.randn(WINDOW, 64) / 5, 2, 128, 2, 0.0).eval()
    samples = [random_lines(seed, 3, 20) for seed in range(20)]
    return network, export_transformer(network, samples, WINDOW, CONTEXT)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([], []),
        ([(0,)], [[1, 2]]),
        ([(0, 1)], [[2, 4]]),
        ([(0, 1), (2,), (1, 2, 1)], [[2, 4], [9, 0], [5, 4]]),
    ],
)
def test_a_unit_is_the_mean_of_its_pieces(pieces: list[tuple[int, ...]], expected: list[list[float]]) -> None:
    embedding = numpy.array([[1, 2], [3, 6], [9, 0]], dtype="float32")
    assert mean_pieces(embedding, pieces).tolist() == expected


def test_means_in_several_embeddings_at_once() -> None:
    embedding = numpy.arange(24, dtype="float32").reshape(2, 4, 3)
    pieces = [(0,), (1, 3), (2, 2, 1)]
    assert mean_pieces(embedding, pieces).tolist() == [mean_pieces(each, pieces).tolist() for each in embedding]


def test_lines_before_after_and_above() -> None:
    one = [Line(0, [], [(1,)], -1), Line(1, [], [(1,)], 0), Line(2, [], [(1,)], 0)]
    two = [Line(0, [], [(1,)], -1)]
    assert neighbours([one, two]) == ([-1, 0, 1, -1], [1, 2, -1, -1], [-1, 0, 0, -1])


@pytest.mark.parametrize("reach", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 40])
def test_numpy_gives_what_pytorch_gives(reach: int, count: int) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from vnreport.training.export import export_convolution
    from vnreport.training.networks import TorchConvolution

    torch.manual_seed(count)
    embedding = torch.randn(len(VOCABULARY), 16).half().float()  # it is kept with 16 bits
    network = TorchConvolution(embedding, layers=3, reach=reach, hidden=8, dropout=0.5).eval()
    lines = random_lines(count, count)
    with torch.inference_mode():
        expected = torch.cat([part.ravel() for part in network([lines])])
    assert scores(export_convolution(network), lines) == pytest.approx(expected.numpy(), abs=1e-4)


@pytest.mark.parametrize("block", [1, 7, 100])
@pytest.mark.parametrize("reach", [1, 3])
def test_blocks_are_seamless(block: int, reach: int, monkeypatch: pytest.MonkeyPatch) -> None:
    network, lines = random_convolution(reach=reach), random_lines(1, 30)
    whole = scores(network, lines)
    monkeypatch.setattr(networks, "_BLOCK", block)
    assert scores(network, lines) == pytest.approx(whole, abs=1e-5)


def test_scores_do_not_depend_on_the_texts_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a network has met more units than it remembers."""
    texts = [random_lines(seed, 12) for seed in range(20)]
    expected = [scores(random_convolution(), lines) for lines in texts]
    most = max(len({unit for line in lines for unit in line.pieces}) for lines in texts)
    for remembered in (most, 2 * most, 1000 * most):
        monkeypatch.setattr(networks, "_REMEMBERED", remembered)
        network = random_convolution()
        for lines, own in [*zip(texts, expected, strict=True)] * 2:
            assert numpy.array_equal(scores(network, lines), own)


def test_threads_share_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [random_lines(seed, 12) for seed in range(20)]
    expected = [scores(random_convolution(), lines) for lines in texts]
    monkeypatch.setattr(networks, "_REMEMBERED", 400)  # it forgets again and again
    network = random_convolution()
    with ThreadPoolExecutor(4) as pool:
        for found, own in zip(pool.map(lambda lines: scores(network, lines), texts * 5), expected * 5, strict=True):
            assert numpy.array_equal(found, own)


@pytest.mark.parametrize("fails", [False, True])
def test_a_convolution_net_uses_one_thread_and_leaves_the_program_its_own(
    fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blas() -> list[int]:
        return [library["num_threads"] for library in ThreadpoolController().select(user_api="blas").info()]

    def watch(*_: object) -> object:
        seen.append(blas())
        if fails:
            raise ValueError
        return numpy.zeros((1, 1))

    network = random_convolution()
    seen: list[list[int]] = []
    monkeypatch.setattr(network, "_classify", watch)
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        before = blas()
        with pytest.raises(ValueError) if fails else nullcontext():
            network(random_lines(1, 3))
        assert blas() == before
    assert seen == [[1] * len(before)]


def test_onnx_gives_nearly_what_pytorch_gives() -> None:
    import torch

    network, exported = transformers()
    errors, spread = [], []
    for seed in range(20):
        lines = random_lines(100 + seed, 3, 20)  # one window
        with torch.inference_mode():
            tags, classes = network([lines])
            expected = torch.cat([tags.ravel(), classes.log_softmax(-1).ravel()]).numpy()
        errors.append(scores(exported, lines) - expected)
        spread.append(expected)
    assert numpy.concatenate(errors).std() < 0.05 * numpy.concatenate(spread).std()


def test_a_line_is_judged_by_all_windows_that_hold_it() -> None:
    """A text of many windows: a class's probability is the mean over those, tags are read once."""
    import torch

    from vnreport.windows import cut_windows

    network, exported = transformers()
    lines = [Line(line.sentence, line.spans, line.pieces, -1) for line in random_lines(5, 40, 20)]
    read: dict[int, list[Any]] = {}
    tags = []
    for window in cut_windows(lines, WINDOW, CONTEXT):
        with torch.inference_mode():
            own, classes = network([[lines[i] for i in window.lines]])
        for line, odds in zip(window.lines, classes.softmax(-1), strict=True):
            read.setdefault(line, []).append(odds.numpy())
        tags.append(own[sum(len(lines[i]) - 1 for i in window.lines[: window.context]) :].numpy())
    assert max(map(len, read.values())) > 1
    found_tags, found = exported(lines)
    expected_tags = numpy.concatenate(tags)
    assert numpy.std(found_tags - expected_tags) < 0.1 * numpy.std(expected_tags)
    expected = numpy.log([numpy.mean(read[number], axis=0) for number in range(len(lines))])
    assert numpy.std(found - expected) < 0.1 * numpy.std(expected)


@pytest.mark.parametrize("kind", ["convolution", "transformer"])
def test_files_and_pickles_give_the_same_network(kind: str) -> None:
    network: Network = random_convolution() if kind == "convolution" else transformers()[1]
    lines = random_lines(2, 20, 20)
    expected = scores(network, lines)
    again = open_network(network.files())
    assert type(again) is type(network)
    assert again.files() == network.files()
    for copy in (again, pickle.loads(pickle.dumps(network))):
        assert numpy.array_equal(scores(copy, lines), expected)


@pytest.mark.parametrize("kind", ["convolution", "transformer"])
def test_a_text_without_lines(kind: str) -> None:
    network: Network = random_convolution() if kind == "convolution" else transformers()[1]
    assert not scores(network, []).size


def test_no_files_no_network() -> None:
    assert open_network({"pieces.json": b"{}"}) is None


def test_a_graph_beside_it_leaves_a_convolution_net_one() -> None:
    """A pipeline written over another one finds files of the other's network."""
    assert isinstance(open_network(random_convolution().files() | {"network.onnx": b"old"}), Convolution)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_network_that_ran_runs_in_a_forked_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    network = pickle.loads(pickle.dumps(transformers()[1]))
    lines = random_lines(2, 40, 20)
    expected = scores(network, lines)
    context = multiprocessing.get_context("fork")
    same = context.Value("b", False)

    def run() -> None:
        same.value = numpy.array_equal(scores(network, lines), expected)

    child = context.Process(target=run)
    child.start()
    child.join(timeout=60)
    child.kill()
    assert same.value
