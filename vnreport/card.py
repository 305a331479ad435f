"""What a model card is made of: tables as Markdown, pictures as SVG.

Pictures need matplotlib, of the extra `train`. The same figures give the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vnreport.evaluate import HEADLINES, STAGES, pick
from vnreport.schema import CLASSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 10
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "vnreport",
    "svg.fonttype": "none",
    "font.size": 9,
    "font.family": "sans-serif",
}
_CURVE = {"ents_f": "entities, F1", "class_macro_f": "classes, macro F1", "roles_f": "roles, F1"}


def score_table(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """Scores with their intervals.

    Args:
        parts: what `vnreport.evaluate.evaluate` gave, by the name of what was measured on;
            scores of stages with gold input, where there are any, under `gold_input`.
    """
    head: list[str] = []
    for name, scores in parts.items():
        head += [name, "95 % interval", *(["gold input"] if "gold_input" in scores else [])]
    lines = [_row(["", *head]), "|---|" + "---:|" * len(head)]
    for title in ("Articles", "Syllables"):
        sizes = [(f"{s[title.lower()]:,}", "", *([""] if "gold_input" in s else [])) for s in parts.values()]
        lines.append(_row([title, *(cell for size in sizes for cell in size)]))
    for name, title in HEADLINES.items():
        cells = []
        for scores in parts.values():
            low, high = scores["intervals"].get(name, (None, None))
            cells += [_cell(pick(scores, name)), "" if low is None else f"{low:.3f} … {high:.3f}"]
            if "gold_input" in scores:
                given = scores["gold_input"]
                cells.append(_cell(pick({**given["sentences"], **given["entities"]}, name)))
        if any(cells):
            lines.append(_row([f"&emsp;{title}" if "/" in name else title, *cells]))
    return "\n".join(lines)


def noise_table(scores: Mapping[str, Any]) -> str:
    """Scores under each noise with the points that were lost.

    Args:
        scores: of `evaluate`, with those of `evaluate_under_noise` under `noise`.
    """
    names = [name for name in STAGES if pick(scores, name) is not None]
    lines = [_row(["", *(STAGES[name] for name in names)]), "|---|" + "---:|" * len(names)]
    lines.append(_row(["none", *(_cell(pick(scores, name)) for name in names)]))
    for noise, noisy in scores["noise"].items():
        pairs = [(pick(noisy, name) or 0.0, pick(scores, name) or 0.0) for name in names]
        lines.append(_row([noise, *(f"{after:.3f} ({100 * (after - before):+.1f})" for after, before in pairs)]))
    return "\n".join(lines)


def speed_table(systems: Mapping[str, Mapping[str, float]]) -> str:
    """What `scripts/bench` measured: for each system `speed` (syllables a second), `load` (s), `memory` (MB)."""
    lines = ["| system | syllables a second | load, s | peak memory, MB |", "|---|---:|---:|---:|"]
    for name, row in systems.items():
        lines.append(_row([name, f"{row['speed']:,.0f}", f"{row['load']:.2f}", f"{row['memory']:.0f}"]))
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def draw_confusion(predictions: Sequence[tuple[str, str, float]], path: Path) -> None:
    """Draw the confusion matrix of the classes, rows the gold.

    Args:
        predictions: as `vnreport.evaluate.class_predictions` gives them.
        path: the SVG file to write.
    """
    counts = Counter((gold, predicted) for gold, predicted, _ in predictions)
    totals = Counter(gold for gold, _, _ in predictions)
    shares = [[counts[gold, label] / max(totals[gold], 1) for label in CLASSES] for gold in CLASSES]
    with _picture(path, 4.6, 3.6) as axes:
        axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1)
        axes.invert_yaxis()
        for i, gold in enumerate(CLASSES):
            for j, label in enumerate(CLASSES):
                colour = "white" if shares[i][j] > 0.5 else "black"
                axes.text(j + 0.5, i + 0.5, str(counts[gold, label]), ha="center", va="center", color=colour)
        names = [label.capitalize() for label in CLASSES]
        places = [i + 0.5 for i in range(len(CLASSES))]
        axes.set_xticks(places, names, rotation=20)
        axes.set_yticks(places, names)
        axes.set_xlabel("predicted")
        axes.set_ylabel("gold")


def reliability(predictions: Sequence[tuple[str, str, float]]) -> tuple[list[tuple[float, float, int]], float]:
    """How far the probability of the predicted class can be believed (Guo et al. 2017).

    Returns:
        For each of `BINS` equal bins that holds a sentence the mean
        probability, the share that was right, and the number of sentences; and
        the expected calibration error, 0…1.
    """
    bins: dict[int, list[tuple[float, bool]]] = {}
    for gold, predicted, score in predictions:
        bins.setdefault(min(int(score * BINS), BINS - 1), []).append((score, gold == predicted))
    rows = [
        (sum(score for score, _ in rows) / len(rows), sum(right for _, right in rows) / len(rows), len(rows))
        for _, rows in sorted(bins.items())
    ]
    error = sum(abs(right - score) * number for score, right, number in rows) / max(len(predictions), 1)
    return rows, error


def draw_reliability(predictions: Sequence[tuple[str, str, float]], path: Path) -> None:
    """Draw the reliability diagram of the class probabilities.

    Args:
        predictions: as `vnreport.evaluate.class_predictions` gives them.
        path: the SVG file to write.
    """
    rows, error = reliability(predictions)
    with _picture(path, 4.0, 3.6) as axes:
        axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle="--")
        axes.plot([score for score, _, _ in rows], [right for _, right, _ in rows], color="C0", linewidth=0.8)
        most = max((number for _, _, number in rows), default=1)
        axes.scatter(
            [score for score, _, _ in rows],
            [right for _, right, _ in rows],
            s=[20 + 180 * number / most for _, _, number in rows],
            color="C0",
        )
        axes.set_xlim(0, 1.04)
        axes.set_ylim(0, 1.04)
        axes.set_xlabel("probability of the predicted class")
        axes.set_ylabel("share that is right")
        axes.set_title(f"expected calibration error {error:.3f}", fontsize=9)


def draw_learning_curve(points: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw scores by the number of training articles, with their intervals.

    Args:
        points: as `scripts/learning-curve` writes them.
        path: the SVG file to write.
    """
    with _picture(path, 4.6, 3.6) as axes:
        sizes = [point["articles"] for point in points]
        for name, title in _CURVE.items():
            if any(pick(point["scores"], name) is None for point in points):
                continue
            values = [pick(point["scores"], name) or 0.0 for point in points]
            edges = [point["scores"]["intervals"][name] for point in points]
            axes.plot(sizes, values, marker="o", markersize=3, label=title)
            axes.fill_between(sizes, [low for low, _ in edges], [high for _, high in edges], alpha=0.15)
        axes.set_xticks(sizes)
        axes.set_xlabel("training articles")
        axes.set_ylabel("score on the development part")
        axes.legend(frameon=False, loc="lower right")


@contextmanager
def _picture(path: Path, width: float, height: float) -> Iterator[Axes]:
    """Axes of a picture that is written at the end; inches."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        yield figure.subplots()
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
