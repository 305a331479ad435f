"""From Docs to a trained network."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from math import inf
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from vnreport import augment, models
from vnreport.networks import Network, softmax
from vnreport.training.e5 import Encoder, load_e5
from vnreport.training.export import export_convolution, export_transformer
from vnreport.training.fit import Checkpoint, Groups, Schedule, fit
from vnreport.training.networks import TorchConvolution, TorchNetwork, TorchTransformer
from vnreport.training.passages import Labelled, Passage, batches, blur, encode, read_gold, windows
from vnreport.windows import SPECIALS, Vocabulary, read_lines

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

_LAYER_DECAY = 0.9
_HEAD_RATE = 3.0
_WEIGHT_DECAY = 0.01
_CALIBRATION = 100  # windows from which the ranges of 8-bit products are taken


def train(
    references: Iterable[Doc],
    *,
    network: str,
    pieces: str,
    steps: int,
    batch: int,
    rate: float,
    smoothing: float,
    rewriting: float,
    dropout: float,
    seed: int,
    window: int,
    context: int,
    layers: int,
    width: int = 0,
    reach: int = 0,
    hidden: int = 0,
    teacher: str | None = None,
    raw: str | None = None,
    raw_articles: int = 0,
    checkpoint: str | None = None,
) -> tuple[Vocabulary, Network]:
    """Train a network on gold Docs and, where there is a teacher, on texts that it labels.

    Args:
        references: gold, with entities and labelled sentences.
        network: `"transformer"` or `"convolution"`.
        pieces: a JSON file of word pieces and their log probabilities.
        steps: batches to learn from.
        batch: units of a batch.
        rate: the peak learning rate.
        smoothing: of the classes, 0…1.
        rewriting: probability of each rewriting of `vnreport.augment`, for each sentence, 0…1.
        dropout: 0…1.
        seed: of all chance.
        window: units of a window at most, when the network runs; near it in training.
        context: units of it that may be context.
        layers: of the network; a transformer takes the lowest of multilingual-e5-small.
        width: of the units in a convolution net, which needs one; a transformer has that of its start.
        reach: units on either side that a convolution sees.
        hidden: width of a line in a convolution net, which needs one.
        teacher: a pipeline whose `report_encoder` labels the texts of `raw`.
        raw: a JSON lines file with `text`, plain, `.gz` or `.xz`.
        raw_articles: how many of its texts are taken.
        checkpoint: a file that keeps the state of an interrupted training.

    Returns:
        The network's vocabulary and the network as it runs.

    Raises:
        ValueError: there is nothing to learn from, no such network, or a setting
            is out of its bounds.
    """
    # all arguments that decide how the training runs
    settings = {name: value for name, value in locals().items() if name not in ("references", "checkpoint")}
    _check(settings)
    articles = [read_gold(doc) for doc in references]
    if not any(sentence.label for article in articles for sentence in article.sentences):
        raise ValueError("no sentence with a class in the training data")
    if bool(teacher) != bool(raw) or (raw and not raw_articles):
        raise ValueError("to learn from a teacher takes three: teacher, raw, and raw_articles above 0")
    vocabulary = Vocabulary(json.loads(Path(pieces).read_text(encoding="utf-8")))
    settings |= {"pieces": _digest(vocabulary.pieces), "articles": _digest(articles)}
    if raw and teacher:
        settings |= {"raw": _digest(Path(raw).read_bytes()), "teacher": models.digest(models.find(teacher))}
    texts = list(islice(read_texts(Path(raw)), raw_articles)) if raw else []
    torch.manual_seed(seed)
    if network == "transformer":
        learner: TorchNetwork = _transformer(vocabulary, layers, dropout, window)
        groups = _layered(learner, layers, rate)
    elif network == "convolution":
        learner = TorchConvolution(_embedding(vocabulary, width), layers, reach, hidden, dropout)
        groups = [{"params": list(learner.parameters()), "lr": rate, "weight_decay": _WEIGHT_DECAY}]
    else:
        raise ValueError(f"no network {network!r}: 'transformer' or 'convolution'")
    names = augment.collect_names(articles)
    labelled = list(_label(texts, teacher)) if teacher else []

    def epoch(random: Random) -> list[list[Passage]]:
        passages = []
        for article in articles:
            varied = augment.vary(article, names, rewriting, random) if rewriting else article
            passages.append(encode(blur(varied, random), vocabulary, smoothing))
        share = random.sample(labelled, len(labelled) // _RAW_PARTS)
        passages += [one.passage(vocabulary, random) for one in share]
        return batches((w for p in passages for w in _cut(p, window, context, random)), batch, random)

    with _Bar(f"training a {network}", steps) as report:
        state = Checkpoint(Path(checkpoint), settings) if checkpoint else None
        fit(learner, groups, epoch, Schedule(steps), seed, report, state)
    if isinstance(learner, TorchTransformer):
        samples = (w.lines for a in articles for w in windows(encode(a, vocabulary), window, context, window))
        return vocabulary, export_transformer(learner, list(islice(samples, _CALIBRATION)), window, context)
    assert isinstance(learner, TorchConvolution)
    return vocabulary, export_convolution(learner)


def _check(settings: Mapping[str, Any]) -> None:
    bounds: dict[str, tuple[type, float, float]] = {
        **dict.fromkeys(("steps", "batch", "window"), (int, 1, inf)),
        "layers": (int, 1, _E5_LAYERS if settings["network"] == "transformer" else inf),
        **dict.fromkeys(("width", "hidden"), (int, 1 if settings["network"] == "convolution" else 0, inf)),
        **dict.fromkeys(("seed", "context", "reach", "raw_articles"), (int, 0, inf)),
        "rate": (float, 0, inf),
        **dict.fromkeys(("smoothing", "rewriting", "dropout"), (float, 0, 1)),
    }
    for name, (kind, low, high) in bounds.items():
        value = settings[name]
        if type(value) not in (int, kind) or not low <= value <= high:
            number = "a whole number" if kind is int else "a number"
            most = f", {high} at most" if high < inf else ""
            raise ValueError(f"{name}: {value!r}; {number}, {low} or more{most}, is needed")


_RAW_PARTS = 4  # of the labelled texts, one part joins each epoch


def _cut(passage: Passage, window: int, context: int, random: Random) -> Iterator[Passage]:
    """Windows of any size near `window` with any context: a network should not learn where they end."""
    size = random.randint(window // 2, _largest(window))
    return windows(passage, size, random.randint(0, min(2 * context, size // 2)), random.randint(size // 4, size))


def _largest(window: int) -> int:
    return window * 3 // 2


def _digest(value: object) -> str:
    return sha256(repr(value).encode()).hexdigest()[:16]


def _label(texts: Sequence[str], teacher: str) -> Iterator[Labelled]:
    """What the teacher says of texts, as probabilities (distillation: Hinton, Vinyals and Dean 2015)."""
    from vnreport.pipes.encoder import ReportEncoder, split_sentences

    nlp: Language = models.load(teacher)
    encoder = nlp.get_pipe("report_encoder")
    assert isinstance(encoder, ReportEncoder)
    assert encoder.network is not None
    sentences = nlp.get_pipe("report_sentences")
    with _Bar("labelling raw text", len(texts)) as report:
        for number, text in enumerate(texts, start=1):
            doc = sentences(nlp.make_doc(text))
            places = [(doc[s].idx, doc[e - 1].idx + len(doc[e - 1])) for s, e in split_sentences(doc)]
            tags, classes = encoder.network(read_lines(text, places, encoder.vocabulary))
            yield Labelled(text, places, softmax(tags), softmax(classes))
            report(number, 0.0, 0.0)


def read_texts(path: Path) -> Iterator[str]:
    """The `text` of each line of a JSON lines file, plain or compressed with gzip or xz.

    Raises:
        ValueError: a line is no JSON object with `text`; the message names it.
    """
    opener: Any = {".xz": lzma.open, ".gz": gzip.open}.get(path.suffix, open)
    with opener(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                text = json.loads(line)["text"]
            except (ValueError, LookupError, TypeError):
                text = None
            if not isinstance(text, str):
                raise ValueError(f"{path}:{number}: a line must be a JSON object with 'text'")
            yield text


def _transformer(vocabulary: Vocabulary, layers: int, dropout: float, window: int) -> TorchTransformer:
    e5 = load_e5()
    width = e5.width

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(e5.tensor(name))

    places = tensor("emb.pos").view(-1, width) + tensor("emb.type")[:width]
    if _largest(window) > len(places):
        raise ValueError(f"window {window}: training takes half as much again, and there are {len(places)} places")
    feed = len(tensor("l0.fi.b"))
    network = TorchTransformer(_start(vocabulary, e5), places, layers, feed, width // 32, dropout)
    state = {"norm.weight": tensor("emb.ln.w"), "norm.bias": tensor("emb.ln.b")}
    for number in range(layers):
        old, new = f"l{number}.", f"layers.{number}."
        state[new + "attention.weight"] = torch.cat([tensor(f"{old}{part}.w").view(width, width) for part in "qkv"])
        state[new + "attention.bias"] = torch.cat([tensor(f"{old}{part}.b") for part in "qkv"])
        for ours, theirs in _E5_NAMES.items():
            bias, weight = tensor(f"{old}{theirs}.b"), tensor(f"{old}{theirs}.w")
            state[f"{new}{ours}.bias"] = bias
            state[f"{new}{ours}.weight"] = weight if "norm" in ours else weight.view(len(bias), -1)
    network.load_state_dict(state, strict=False)
    torch.nn.init.normal_(network.head.weight, std=0.02)
    torch.nn.init.zeros_(network.head.bias)
    return network


_E5_LAYERS = 12
_E5_NAMES = {"attention_out": "ao", "attention_norm": "aln", "feed": "fi", "feed_out": "fo", "feed_norm": "oln"}


def _start(vocabulary: Vocabulary, e5: Encoder) -> Tensor:
    """The vocabulary's rows in multilingual-e5-small; a piece it lacks has the mean of those it is made of."""
    whole = Vocabulary(e5.pieces)
    begin, end, unknown = e5.embed([0, 2, 3])
    special = [unknown, begin, begin, end, end, numpy.zeros_like(unknown)]
    assert len(special) == len(SPECIALS)
    found = [
        e5.embed([e5.rows.get(part, 3) for part in ([piece] if piece in e5.rows else whole.split(piece))]).mean(0)
        for piece in vocabulary.pieces
    ]
    return torch.from_numpy(numpy.stack([*special, *found]))


def _embedding(vocabulary: Vocabulary, width: int) -> Tensor:
    """The first principal components of `_start`, so that a small network begins with what pieces mean."""
    rows = _start(vocabulary, load_e5())
    rows = rows - rows.mean(0)
    _, _, axes = torch.linalg.svd(rows, full_matrices=False)
    small: Tensor = rows @ axes[:width].T
    return 3 * small / small.std()


def _layered(network: TorchNetwork, layers: int, rate: float) -> Groups:
    """Parameters with learning rates that fall from the head down (Howard and Ruder 2018)."""
    groups: Groups = []
    for name, parameter in network.named_parameters():
        depth = int(name.split(".")[1]) + 1 if name.startswith("layers") else 0
        own = rate * (_HEAD_RATE if name.startswith("head") else _LAYER_DECAY ** (layers + 1 - depth))
        decay = _WEIGHT_DECAY if parameter.ndim > 1 and name.startswith(("layers", "head")) else 0.0
        groups.append({"params": [parameter], "lr": own, "weight_decay": decay})
    return groups


class _Bar:
    """A bar on standard error, with the losses of the last steps; lines where it is no terminal."""

    def __init__(self, title: str, total: int) -> None:
        self.console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.bar = Progress(*columns, console=self.console, disable=not self.console.is_terminal)
        self.title, self.total = title, total
        self.task = self.bar.add_task(title, total=total)

    def __enter__(self) -> Callable[[int, float, float], None]:
        self.bar.start()
        return self._report

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def _report(self, step: int, tags: float, classes: float) -> None:
        losses = f" (tags {tags:.3f}, classes {classes:.3f})" if tags else ""
        self.bar.update(self.task, completed=step, description=self.title + losses)
        if not self.console.is_terminal and step % 100 == 0:
            self.console.print(f"{self.title}: {step}/{self.total}{losses}")
