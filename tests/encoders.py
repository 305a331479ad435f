"""Small networks with random weights, and a vocabulary of letters, for the tests of the encoder."""

from __future__ import annotations

import string

import numpy
import spacy
from spacy.language import Language

from vnreport.networks import CONTEXT_LAYERS, TAGS, Convolution
from vnreport.pipes.encoder import ReportEncoder
from vnreport.schema import CLASSES
from vnreport.windows import Line, Vocabulary

LETTERS = string.ascii_lowercase + "ABCĐEHTX" + "ảáầâạấđêệìịíọôồốộớủưứỷỹ" + string.digits + ".,:;-()%"
VOCABULARY = Vocabulary({"▁": -3.0} | dict.fromkeys(LETTERS, -6.0) | {"▁xã": -4.0, "▁họp": -5.0, "ủy": -4.5})


def random_convolution(seed: int = 0, width: int = 12, hidden: int = 8, reach: int = 1) -> Convolution:
    """A convolution net of two layers, whose scores differ enough for every tag and class to win somewhere."""
    random = numpy.random.default_rng(seed)
    shapes = {
        "embedding": (len(VOCABULARY), width),
        **{f"convolutions.{n}.weight": ((2 * reach + 1) * width, width) for n in range(2)},
        **{f"convolutions.{n}.bias": (width,) for n in range(2)},
        "tags.weight": (width, len(TAGS)),
        "tags.bias": (len(TAGS),),
        "line.weight": (2 * width, hidden),
        "line.bias": (hidden,),
        **{f"context.{n}.weight": (4 * hidden, hidden) for n in range(CONTEXT_LAYERS)},
        **{f"context.{n}.bias": (hidden,) for n in range(CONTEXT_LAYERS)},
        "classes.weight": (hidden, len(CLASSES)),
        "classes.bias": (len(CLASSES),),
    }
    return Convolution(
        {
            name: random.normal(scale=0.1 if name.endswith("bias") else 2 * shape[0] ** -0.5, size=shape).astype(
                "float32"
            )
            for name, shape in shapes.items()
        }
    )


def random_lines(seed: int, count: int, longest: int = 30) -> list[Line]:
    """Lines of random pieces, some under the first of the lines before them."""
    random = numpy.random.default_rng(seed)
    lines = []
    for number in range(count):
        units = int(random.integers(1, longest))
        pieces = [tuple(random.integers(0, len(VOCABULARY), int(random.integers(1, 4))).tolist()) for _ in range(units)]
        heading = int(random.integers(0, number)) if number % 3 == 1 else -1
        lines.append(Line(number, [(n, n + 1) for n in range(units - 1)], pieces, heading))
    return lines


def encoder_pipeline(seed: int = 0) -> Language:
    """`report_sentences` and a `report_encoder` with a random convolution net."""
    nlp = spacy.blank("vi", config={"nlp": {"tokenizer": {"@tokenizers": "vnreport.WordTokenizer.v1"}}})
    nlp.add_pipe("report_sentences")
    encoder = nlp.add_pipe("report_encoder")
    assert isinstance(encoder, ReportEncoder)
    encoder.vocabulary, encoder.network = VOCABULARY, random_convolution(seed)
    return nlp
