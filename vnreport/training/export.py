"""PyTorch networks as they run: arrays for numpy, a graph of int8 products for onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from vnreport.networks import Convolution, Transformer
from vnreport.training.networks import TorchConvolution, TorchLayer, TorchTransformer
from vnreport.windows import Line

Array = NDArray[Any]

_OPSETS = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
_IR_VERSION = 9
_MIGRATION = 0.7  # how much of the inputs' unevenness goes into the weights, 0…1


def export_convolution(network: TorchConvolution) -> Convolution:
    """The network for numpy; the embedding is kept with 16 bits."""
    weights: dict[str, Array] = {"embedding": _array(network.embedding.weight).astype("float16")}
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv1d):
            assert module.bias is not None
            kernel = _array(module.weight).transpose(2, 1, 0)
            weights[f"{name}.weight"] = numpy.ascontiguousarray(kernel.reshape(-1, kernel.shape[2]))
            weights[f"{name}.bias"] = _array(module.bias)
        elif isinstance(module, nn.Linear):
            weights[f"{name}.weight"] = numpy.ascontiguousarray(_array(module.weight).T)
            weights[f"{name}.bias"] = _array(module.bias)
    return Convolution(weights)


def export_transformer(
    network: TorchTransformer, samples: Sequence[Sequence[Line]], size: int, context: int
) -> Transformer:
    """The network for onnxruntime, its products in 8 bits.

    Weights have a scale for each column; inputs are divided by a vector that
    evens out their columns first (SmoothQuant, Xiao and others 2023).

    Args:
        network: trained.
        samples: passages from which the inputs' ranges are taken.
        size: units of a window at most.
        context: units of it that may be context.
    """
    embedding = _array(network.embedding.weight)
    scale = numpy.maximum(abs(embedding).max(axis=1), 1e-6) / 127
    weights = {
        "embedding": numpy.round(embedding / scale[:, None]).astype("int8"),
        "scale": scale,
        "window": numpy.array([size, context]),
    }
    return Transformer(weights, _Graph(_ranges(network, samples)).build(network))


class _Graph:
    def __init__(self, ranges: dict[nn.Module, Array]) -> None:
        self.ranges = ranges
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def build(self, network: TorchTransformer) -> bytes:
        """The graph from `units` (1, units, width) to `scores` (1, units, HEAD).

        Built from the operators that onnxruntime computes fastest on a processor: attention without a mask,
        and a sum with `LayerNormalization` in the place of `SkipLayerNormalization`.
        """
        width = network.norm.normalized_shape[0]
        one, two = self.constant(numpy.array([1])), self.constant(numpy.array([2]))
        shape = self.node("Shape", ["units"])
        longest = self.node("Slice", [shape, one, two])
        places = self.node("Slice", [self.constant(_array(network.places)), self.constant(numpy.array([0])), longest])
        hidden = self.normalise("units", places, network.norm)
        for layer in network.layers:
            assert isinstance(layer, TorchLayer)
            hidden = self.layer(hidden, layer)
        head = network.head
        product = self.node("MatMul", [hidden, self.constant(_array(head.weight).T)])
        self.nodes.append(helper.make_node("Add", [product, self.constant(_array(head.bias))], ["scores"]))
        graph = helper.make_graph(
            self.nodes,
            "report_encoder",
            [helper.make_tensor_value_info("units", TensorProto.FLOAT, [1, "units", width])],
            [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, "units", head.out_features])],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=_OPSETS, ir_version=_IR_VERSION, producer_name="vnreport")
        data: bytes = model.SerializeToString()
        return data

    def layer(self, hidden: str, layer: TorchLayer) -> str:
        mixed = self.product(hidden, layer.attention)
        query, key, value = (f"{mixed}.{part}" for part in ("query", "key", "value"))
        self.nodes.append(helper.make_node("Split", [mixed], [query, key, value], axis=2, num_outputs=3))
        read = self.node("MultiHeadAttention", [query, key, value], num_heads=layer.heads)
        hidden = self.normalise(self.product(read, layer.attention_out), hidden, layer.attention_norm)
        change = self.node("FastGelu", [self.product(hidden, layer.feed)])
        return self.normalise(self.product(change, layer.feed_out), hidden, layer.feed_norm)

    def product(self, inputs: str, linear: nn.Linear) -> str:
        weight = _array(linear.weight).T
        inner, outer = numpy.maximum(self.ranges[linear], 1e-5), numpy.maximum(abs(weight).max(axis=1), 1e-5)
        smooth = inner**_MIGRATION / outer ** (1 - _MIGRATION)
        weight = weight * smooth[:, None]
        scale = numpy.maximum(abs(weight).max(axis=0), 1e-6) / 127
        return self.node(
            "DynamicQuantizeMatMul",
            [
                self.node("Mul", [inputs, self.constant(1 / smooth)]),
                self.constant(numpy.round(weight / scale).astype("int8")),
                self.constant(scale),
                self.constant(numpy.zeros(len(scale), dtype="int8")),
                self.constant(_array(linear.bias)),
            ],
        )

    def normalise(self, one: str, other: str, norm: nn.LayerNorm) -> str:
        scale, shift = self.constant(_array(norm.weight)), self.constant(_array(norm.bias))
        return self.node("LayerNormalization", [self.node("Add", [one, other]), scale, shift], epsilon=norm.eps)

    def constant(self, values: Array) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(numpy.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"{kind}{len(self.nodes)}"
        domain = "com.microsoft" if kind in _CONTRIBUTED else ""
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes))
        return name


def _ranges(network: TorchTransformer, samples: Sequence[Sequence[Line]]) -> dict[nn.Module, Array]:
    """The greatest absolute value of each input column of the layers' products."""
    found: dict[nn.Module, Tensor] = {}

    def note(module: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> None:
        top = inputs[0].abs().flatten(0, -2).amax(0)
        found[module] = torch.maximum(found.get(module, top), top)

    hooks = [module.register_forward_hook(note) for module in network.layers.modules() if isinstance(module, nn.Linear)]
    with torch.inference_mode():
        for sample in samples:
            network([sample])
    for hook in hooks:
        hook.remove()
    return {module: _array(top) for module, top in found.items()}


_CONTRIBUTED = {"DynamicQuantizeMatMul", "FastGelu", "MultiHeadAttention"}


def _array(values: Tensor) -> Array:
    return values.detach().numpy()
