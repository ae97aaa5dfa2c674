"""Scores of a two-class model, and how sure they are: one weighted form serves both."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
THRESHOLD = 0.5  # P(target = 1) from which a row is called 1
SMALLEST = 1e-15  # keeps the logarithm of a certain and wrong prediction finite


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A score on the test rows, and the 95 % interval of its bootstrap."""

    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, float]:
        """Six decimals: what a thousand resamples can carry, and the same text on every machine."""
        return {"value": round(self.value, 6), "low": round(self.low, 6), "high": round(self.high, 6)}


def roc_auc(target: Floats, score: Floats, weights: Floats) -> float:
    """Chance that a random 1 scores above a random 0; ties count one half.

    Args:
        target: 0.0 or 1.0, shape (rows,).
        score: higher means more likely 1, shape (rows,).
        weights: how often each row counts, shape (rows,), >= 0; both classes must keep some weight.
    """
    _, group = np.unique(score, return_inverse=True)
    ones = np.bincount(group, weights * target)
    zeros = np.bincount(group, weights * (1.0 - target))
    below = np.cumsum(zeros) - zeros
    return float(np.sum(ones * (below + 0.5 * zeros)) / (ones.sum() * zeros.sum()))


def measure(target: Floats, score: Floats, weights: Floats) -> dict[str, float]:
    """All scores of one weighting; each 0 to 1, but the log loss, which is in nats."""
    called = (score >= THRESHOLD).astype(np.float64)
    hits = float(np.sum(weights * called * target))
    share = np.clip(score, SMALLEST, 1 - SMALLEST)
    loss = -(target * np.log(share) + (1 - target) * np.log(1 - share))
    total = float(weights.sum())
    called_total = float(np.sum(weights * called))
    return {
        "roc_auc": roc_auc(target, score, weights),
        "accuracy": float(np.sum(weights * (called == target))) / total,
        "recall": hits / float(np.sum(weights * target)),
        "precision": hits / called_total if called_total else 0.0,
        "brier": float(np.sum(weights * (score - target) ** 2)) / total,
        "log_loss": float(np.sum(weights * loss)) / total,
    }


def resamplings(target: Floats, times: int, seed: int) -> Floats:
    """Weights of bootstrap resamples that hold both classes, shape (at most times, rows)."""
    rows = len(target)
    draws = np.random.default_rng(seed).multinomial(rows, np.full(rows, 1 / rows), size=times)
    ones = draws @ target
    return draws[(ones > 0) & (ones < rows)].astype(np.float64)


def with_intervals(target: Floats, score: Floats, resamples: Floats) -> dict[str, Interval]:
    """Every score with its 95 % percentile interval over the resamples."""
    point = measure(target, score, np.ones_like(target))
    spread = [measure(target, score, weights) for weights in resamples]
    return {name: _interval(value, [one[name] for one in spread]) for name, value in point.items()}


def gain(target: Floats, candidate: Floats, champion: Floats, resamples: Floats) -> Interval:
    """Candidate's ROC AUC less the champion's, resampled in pairs: both see the same rows each time."""

    def difference(weights: Floats) -> float:
        return roc_auc(target, candidate, weights) - roc_auc(target, champion, weights)

    return _interval(difference(np.ones_like(target)), [difference(weights) for weights in resamples])


def _interval(value: float, spread: list[float]) -> Interval:
    low, high = np.quantile(spread, [0.025, 0.975])
    return Interval(value=value, low=float(low), high=float(high))
