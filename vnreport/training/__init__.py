"""Training of the networks with PyTorch; nothing here is imported at run time."""

from vnreport.training.train import train

__all__ = ["train"]
