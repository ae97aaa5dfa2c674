"""May the candidate take the champion's place? One rule, with its reason in words."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The decision, and the sentence that people read beside it."""

    promote: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class Champion:
    """The registered model's standing on the candidate's test rows."""

    version: str
    auc: float
    same_predictions: bool


def decide(*, auc: float, champion: Champion | None, margin: float, floor: float) -> Verdict:
    """Promote a candidate that is good enough, and better than the champion by the margin.

    Args:
        auc: candidate's ROC AUC on the test rows, 0 to 1.
        champion: the model now registered, None when there is none.
        margin: gain in ROC AUC that a promotion needs, >= 0.
        floor: ROC AUC below which nothing is promoted.
    """
    if auc < floor:
        return Verdict(promote=False, reason=f"its ROC AUC of {auc:.4f} is under the floor of {floor:g}")
    if champion is None:
        return Verdict(promote=True, reason="it is the first model under this name and passes the floor")
    against = f"version {champion.version}"
    if champion.same_predictions:
        return Verdict(
            promote=False, reason=f"it predicts exactly as {against} does: there is nothing to gain"
        )
    difference = auc - champion.auc
    compared = f"{auc:.4f} against {champion.auc:.4f} of {against}"
    if difference <= 0 or difference < margin:
        return Verdict(
            promote=False,
            reason=f"its ROC AUC is {compared}: a gain of {difference:+.4f} where {margin:g} is needed",
        )
    return Verdict(promote=True, reason=f"its ROC AUC is {compared}: a gain of {difference:+.4f}")
