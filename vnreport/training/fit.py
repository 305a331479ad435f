"""The training loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from vnreport.training.networks import TorchNetwork
from vnreport.training.passages import Passage, targets

Groups = list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A file that keeps the state of a training, and what it must go on with.

    Attributes:
        path: of the file.
        settings: all that decides how the training runs, as plain values; a
            file that was made with others is refused.
        every: steps from one writing to the next.
    """

    path: Path
    settings: dict[str, Any]
    every: int = 200

    def read(self) -> dict[str, Any] | None:
        """The state that was written last, or None.

        Raises:
            ValueError: it is of a training with other settings.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            return None
        state: dict[str, Any] = torch.load(self.path, weights_only=True)
        old = state.get("settings", {})
        names = [name for name in {**self.settings, **old} if old.get(name) != self.settings.get(name)]
        if names:
            change = ", ".join(f"{name} ({old.get(name)}, now {self.settings.get(name)})" for name in names)
            raise ValueError(f"{self.path}: the checkpoint of another training, by {change}; delete it or name another")
        return state

    def write(self, state: dict[str, Any]) -> None:
        """Keep a state; what was written before stays until all is written."""
        part = self.path.with_name(self.path.name + ".part")
        torch.save(state | {"settings": self.settings}, part)
        part.replace(self.path)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast a network learns.

    Attributes:
        steps: batches in all.
        warmup: share of the steps in which the rate rises to its peak, 0…1; then it falls to nothing.
        averaging: weight of the newest network in the running mean that is kept (Polyak averaging), 0…1.
        tag_weight: of the tags' loss; the classes' loss weighs 1.
        clip: norm of the gradient at most.
    """

    steps: int
    warmup: float = 0.05
    averaging: float = 0.004
    tag_weight: float = 2.0
    clip: float = 1.0


def fit(
    network: TorchNetwork,
    groups: Groups,
    epoch: Callable[[Random], list[list[Passage]]],
    schedule: Schedule,
    seed: int,
    report: Callable[[int, float, float], None],
    checkpoint: Checkpoint | None = None,
) -> None:
    """Train a network in place; it ends as the running mean of its weights.

    Args:
        network: to be trained.
        groups: its parameters with their peak learning rates, as `torch.optim.AdamW` takes them.
        epoch: gives the batches of an epoch.
        schedule: see `Schedule`.
        seed: of all chance.
        report: is told the step, the tags' loss and the classes' loss, each a mean over one unit or line.
        checkpoint: where the state is kept, and taken up from if it is there; the network ends the same.

    Raises:
        ValueError: the checkpoint is of another training.
    """
    torch.manual_seed(seed)
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98))
    rates = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / (schedule.warmup * schedule.steps + 1), max(0.02, 1 - step / schedule.steps)),
    )
    averaging = get_ema_multi_avg_fn(1 - schedule.averaging)  # type: ignore[no-untyped-call]
    mean = AveragedModel(network, multi_avg_fn=averaging)
    parts: dict[str, Any] = {"network": network, "optimizer": optimizer, "rates": rates, "mean": mean}
    step, number, done = 0, 0, 0  # of all steps; of the epoch; of its batches
    if checkpoint is not None and (saved := checkpoint.read()):
        for name, part in parts.items():
            part.load_state_dict(saved[name])
        step, number, done = saved["place"]
        torch.set_rng_state(saved["random"])
    while step < schedule.steps:
        for batch in epoch(Random(seed + number))[done:]:
            network.train()
            tag_loss, class_loss = losses(network, batch)
            optimizer.zero_grad(set_to_none=True)
            (schedule.tag_weight * tag_loss + class_loss).backward()  # type: ignore[no-untyped-call]
            clip_grad_norm_(network.parameters(), schedule.clip)
            optimizer.step()
            rates.step()
            step, done = step + 1, done + 1
            if step > schedule.steps // 3:
                mean.update_parameters(network)
            report(step, tag_loss.item(), class_loss.item())
            if step >= schedule.steps:
                break
            if checkpoint is not None and step % checkpoint.every == 0:
                states = {name: part.state_dict() for name, part in parts.items()}
                checkpoint.write(states | {"place": [step, number, done], "random": torch.get_rng_state()})
        number, done = number + 1, 0
    network.load_state_dict(mean.module.state_dict())
    network.eval()


def losses(network: TorchNetwork, batch: Sequence[Passage]) -> tuple[Tensor, Tensor]:
    """Cross entropy of the tags and of the classes, each a mean over what is taught."""
    tags, classes = (torch.from_numpy(rows) for rows in targets(batch))
    tag_scores, class_scores = network([passage.lines for passage in batch])
    return _cross_entropy(tag_scores, tags), _cross_entropy(class_scores, classes)


def _cross_entropy(scores: Tensor, target: Tensor) -> Tensor:
    return -(target * scores.log_softmax(-1)).sum() / target.sum().clamp(min=1)
