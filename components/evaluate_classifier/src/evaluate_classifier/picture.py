"""One picture of the evaluation: ROC curves, and how well the probabilities are calibrated."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from evaluate_classifier.scores import Floats

BINS = 5  # of predicted probability; few, because the test set is small


def draw(target: Floats, scores: dict[str, Floats], path: Path) -> None:
    """Write a PNG with one line per model.

    Args:
        target: 0.0 or 1.0, shape (rows,).
        scores: P(target = 1) by the model's label.
        path: file to write.
    """
    figure = Figure(figsize=(9, 4.2), dpi=110, layout="constrained")
    roc, calibration = figure.subplots(1, 2)
    for label, score in scores.items():
        order = np.argsort(-score, kind="stable")
        hits = np.concatenate([[0.0], np.cumsum(target[order]) / target.sum()])
        false = np.concatenate([[0.0], np.cumsum(1 - target[order]) / (1 - target).sum()])
        roc.plot(false, hits, label=label, drawstyle="steps-post")
        calibration.plot(*_calibration(target, score), marker="o", label=label)
    _dress(roc, "ROC", "share of 0 called 1", "share of 1 called 1")
    _dress(calibration, "Calibration", "predicted P(target = 1)", "share of 1 found")
    FigureCanvasAgg(figure).print_png(path, metadata={"Software": None})


def _calibration(target: Floats, score: Floats) -> tuple[list[float], list[float]]:
    bins = np.minimum((score * BINS).astype(int), BINS - 1)
    filled = [number for number in range(BINS) if np.any(bins == number)]
    return (
        [float(score[bins == number].mean()) for number in filled],
        [float(target[bins == number].mean()) for number in filled],
    )


def _dress(axes: Axes, title: str, x: str, y: str) -> None:
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
    axes.set(title=title, xlabel=x, ylabel=y, xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axes.legend(loc="lower right")
