"""The networks of `vnreport.networks` as PyTorch modules, with the same names of weights."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate, chain

import torch
from torch import Tensor, nn
from torch.nn import functional

from vnreport.networks import CONTEXT_LAYERS, HEAD, TAGS, neighbours
from vnreport.schema import CLASSES
from vnreport.windows import Line


class TorchNetwork(nn.Module):
    """A network that reads passages: lists of lines of one text."""

    def forward(self, passages: Sequence[Sequence[Line]]) -> tuple[Tensor, Tensor]:
        """Scores of all passages, one after another.

        Returns:
            Tag scores (units without markers, `len(TAGS)`) and class scores (lines, `len(CLASSES)`).
        """
        raise NotImplementedError


class TorchConvolution(TorchNetwork):
    """See `vnreport.networks.Convolution`."""

    def __init__(self, embedding: Tensor, layers: int, reach: int, hidden: int, dropout: float) -> None:
        super().__init__()
        width = embedding.shape[1]
        self.dropout = dropout
        self.reach = reach
        self.embedding = nn.EmbeddingBag.from_pretrained(embedding, freeze=False, mode="mean")
        self.convolutions = nn.ModuleList(nn.Conv1d(width, width, 2 * reach + 1, padding=reach) for _ in range(layers))
        self.tags = nn.Linear(width, len(TAGS))
        self.line = nn.Linear(2 * width, hidden)
        self.context = nn.ModuleList(nn.Linear(4 * hidden, hidden) for _ in range(CONTEXT_LAYERS))
        self.classes = nn.Linear(hidden, len(CLASSES))

    def forward(self, passages: Sequence[Sequence[Line]]) -> tuple[Tensor, Tensor]:
        """See `TorchNetwork`."""
        lines = [line for passage in passages for line in passage]
        units = self._drop(self.embedding(*bags(lines)))
        places = torch.arange(len(units)) + self.reach * torch.repeat_interleave(
            torch.arange(len(passages)), torch.tensor([sum(map(len, passage)) for passage in passages])
        )
        apart = units.new_zeros(int(places[-1]) + 1, units.shape[1])  # zeros part the passages
        for convolution in self.convolutions:
            change = convolution(apart.index_copy(0, places, units).T[None])[0].T[places]
            units = units + self._drop(functional.relu(change))
        lengths = torch.tensor([len(line) for line in lines])
        owner = torch.repeat_interleave(torch.arange(len(lines)), lengths)
        index = owner[:, None].expand_as(units)
        mean = units.new_zeros(len(lines), units.shape[1]).index_add(0, owner, units) / lengths[:, None]
        top = units.new_zeros(len(lines), units.shape[1]).scatter_reduce(0, index, units, "amax", include_self=False)
        hidden = self._drop(functional.relu(self.line(torch.cat([mean, top], 1))))
        around = neighbours(passages)
        for layer in self.context:
            known = torch.cat([hidden, hidden.new_zeros(1, hidden.shape[1])])
            hidden = hidden + self._drop(functional.relu(layer(torch.cat([hidden, *(known[i] for i in around)], 1))))
        return self.tags(units[~is_marker(lines)]), self.classes(hidden)

    def _drop(self, values: Tensor) -> Tensor:
        return drop(values, self.dropout, self.training)


def bags(lines: Sequence[Line]) -> tuple[Tensor, Tensor]:
    """All pieces of the lines and the place where each unit's begin, as `nn.EmbeddingBag` takes them."""
    pieces = [unit for line in lines for unit in line.pieces]
    offsets = [0, *accumulate(map(len, pieces))][:-1]
    return torch.tensor(list(chain.from_iterable(pieces))), torch.tensor(offsets)


def is_marker(lines: Sequence[Line]) -> Tensor:
    """Which units are markers: the first of each line."""
    starts = [0, *accumulate(map(len, lines))]
    marks = torch.zeros(starts[-1], dtype=torch.bool)
    marks[starts[:-1]] = True
    return marks


class TorchTransformer(TorchNetwork):
    """See `vnreport.networks.Transformer`: the lowest layers of a BERT encoder (Devlin and others 2019).

    Dropping the upper layers keeps most of what a fine-tuned encoder can do
    (Sajjad and others 2023); the lowest are those that tags need most.
    """

    def __init__(self, embedding: Tensor, places: Tensor, layers: int, feed: int, heads: int, dropout: float) -> None:
        super().__init__()
        width = embedding.shape[1]
        self.dropout = dropout
        self.embedding = nn.EmbeddingBag.from_pretrained(embedding, freeze=False, mode="mean")
        self.places = nn.Parameter(places)
        self.norm = nn.LayerNorm(width, _EPSILON)
        self.layers = nn.ModuleList(TorchLayer(width, feed, heads, dropout) for _ in range(layers))
        self.head = nn.Linear(width, HEAD)

    def forward(self, passages: Sequence[Sequence[Line]]) -> tuple[Tensor, Tensor]:
        """See `TorchNetwork`."""
        lines = [line for passage in passages for line in passage]
        units = self.embedding(*bags(lines))
        lengths = [sum(map(len, passage)) for passage in passages]
        padded = nn.utils.rnn.pad_sequence(list(units.split(lengths)), batch_first=True)
        longest = padded.shape[1]
        seen = torch.arange(longest) < torch.tensor(lengths)[:, None]
        mask = torch.zeros(len(passages), 1, 1, longest).masked_fill(~seen[:, None, None], float("-inf"))
        hidden = drop(self.norm(padded + self.places[:longest]), self.dropout, self.training)
        for layer in self.layers:
            hidden = layer(hidden, mask)
        scores = self.head(drop(hidden, self.dropout, self.training))[seen]
        tags, by_marker, by_mean = scores.split([len(TAGS), len(CLASSES), len(CLASSES)], dim=1)
        marks = is_marker(lines)
        sizes = torch.tensor([len(line) - 1 for line in lines])
        owner = torch.repeat_interleave(torch.arange(len(lines)), sizes)
        sums = scores.new_zeros(len(lines), len(CLASSES)).index_add(0, owner, by_mean[~marks])
        return tags[~marks], by_marker[marks] + sums / sizes.clamp(min=1)[:, None]


class TorchLayer(nn.Module):
    """Attention and a feed-forward net, each added to its input and normalised."""

    def __init__(self, width: int, feed: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.attention = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.attention_norm = nn.LayerNorm(width, _EPSILON)
        self.feed = nn.Linear(width, feed)
        self.feed_out = nn.Linear(feed, width)
        self.feed_norm = nn.LayerNorm(width, _EPSILON)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Hidden states of shape (passages, units, width)."""
        texts, units, width = hidden.shape
        parts = self.attention(hidden).view(texts, units, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        read = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        read = self.attention_out(read.transpose(1, 2).reshape(texts, units, width))
        hidden = self.attention_norm(hidden + drop(read, self.dropout, self.training))
        change = self.feed_out(functional.gelu(self.feed(hidden), approximate="tanh"))
        outputs: Tensor = self.feed_norm(hidden + drop(change, self.dropout, self.training))
        return outputs


_EPSILON = 1e-12
_MASKS = 1 << 22


@cache
def _noise(dropout: float) -> Tensor:
    random = torch.Generator().manual_seed(0)
    return (torch.rand(_MASKS, generator=random) >= dropout).float() / (1 - dropout)


def drop(values: Tensor, dropout: float, training: bool) -> Tensor:
    """Dropout with masks cut from one long one: on a processor, drawing each anew costs more than the network."""
    if not training or not dropout:
        return values
    noise = _noise(dropout)
    size = values.numel()
    start = int(torch.randint(max(1, len(noise) - size), (1,)))
    if size > len(noise):
        noise = noise.repeat(1 + size // len(noise))
    return values * noise[start : start + size].view_as(values)
