"""Step `evaluate_classifier`: score candidate and champion on the same rows, write report and verdict."""

import argparse
import json
import os
import sys
import tempfile
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaluate_classifier.champion import Fetching
from evaluate_classifier.picture import draw
from evaluate_classifier.scores import Floats, gain, resamplings, with_intervals
from evaluate_classifier.verdict import Champion, decide


def predict(model: Path, features: pd.DataFrame) -> Floats:
    """P(target = 1) per row, by any MLflow model that predicts it."""
    import mlflow.pyfunc

    return np.asarray(mlflow.pyfunc.load_model(str(model)).predict(features), dtype=np.float64)


def evaluate(
    *,
    target: Floats,
    candidate: Floats,
    champion: tuple[str, Floats] | None,
    margin: float,
    floor: float,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """The report on predictions that were made on the same rows.

    Args:
        target: 0.0 or 1.0, shape (rows,).
        candidate: P(target = 1), shape (rows,).
        champion: version and predictions of the registered model, None when there is none.
        margin: gain in ROC AUC that a promotion needs.
        floor: ROC AUC below which nothing is promoted.
        resamples: number of bootstrap resamples.
        seed: number that decides the resamples.
    """
    draws = resamplings(target, resamples, seed)
    scores = with_intervals(target, candidate, draws)
    report: dict[str, Any] = {
        "rows": len(target),
        "ones": int(target.sum()),
        "resamples": resamples,
        "interval": "95 % bootstrap percentile",
        "candidate": {name: score.as_json() for name, score in scores.items()},
        "champion": None,
        "gain": None,
    }
    standing = None
    if champion is not None:
        version, predictions = champion
        theirs = with_intervals(target, predictions, draws)
        report["champion"] = {
            "version": version,
            "scores": {name: score.as_json() for name, score in theirs.items()},
        }
        report["gain"] = gain(target, candidate, predictions, draws).as_json()
        standing = Champion(
            version=version,
            auc=theirs["roc_auc"].value,
            same_predictions=bool(np.array_equal(candidate, predictions)),
        )
    verdict = decide(auc=scores["roc_auc"].value, champion=standing, margin=margin, floor=floor)
    return {**report, "margin": margin, "floor": floor, "verdict": asdict(verdict)}


def log(report: dict[str, Any], picture: Path) -> None:
    """Log scores, verdict and picture to the run of this job."""
    import mlflow

    metrics = {f"test_{name}": score["value"] for name, score in report["candidate"].items()}
    metrics |= {f"test_roc_auc_{end}": report["candidate"]["roc_auc"][end] for end in ("low", "high")}
    if report["gain"]:
        metrics["gain_roc_auc"] = report["gain"]["value"]
    with mlflow.start_run():
        mlflow.log_metrics({**metrics, "promote": float(report["verdict"]["promote"])})
        mlflow.log_artifact(str(picture))


def run(given: argparse.Namespace) -> dict[str, Any]:
    """Do the whole step; return the report that was written."""
    target_name = json.loads((given.prepared / "schema.json").read_text(encoding="utf-8"))["target"]
    table = pd.read_parquet(given.prepared / "test.parquet")
    features, target = table.drop(columns=target_name), table[target_name].to_numpy(np.float64)
    with tempfile.TemporaryDirectory() as folder:
        fetching = Fetching(given.model_name, Path(folder))
        candidate = predict(given.model, features)
        found = fetching.result()
        champion = (found[0], predict(found[1], features)) if found else None
    standing = f"version {champion[0]}" if champion else "none yet"
    print(f"{len(target)} test rows; registered as {given.model_name}: {standing}", flush=True)
    report = evaluate(
        target=target,
        candidate=candidate,
        champion=champion,
        margin=given.margin,
        floor=given.floor,
        resamples=given.resamples,
        seed=given.seed,
    )
    given.report.mkdir(parents=True, exist_ok=True)
    picture = given.report / "evaluation.png"
    lines = {"candidate": candidate} | ({f"version {champion[0]}": champion[1]} if champion else {})
    draw(target, lines, picture)
    text = json.dumps({"modelName": given.model_name, **report}, indent=1)
    (given.report / "evaluation.json").write_text(text + "\n", encoding="utf-8")
    log(report, picture)
    return report


def main() -> int:
    """Run the step as its component's command does."""
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("TQDM_DISABLE", "1")  # a log is no terminal
    warnings.filterwarnings("ignore", message=".*pkg_resources.*|.*experimental.*")
    parser = argparse.ArgumentParser(prog="evaluate_classifier", description=__doc__)
    for option in ("--prepared", "--model", "--report"):
        parser.add_argument(option, type=Path, required=True)
    parser.add_argument("--model-name", required=True)
    for option in ("--margin", "--floor"):
        parser.add_argument(option, type=float, required=True)
    for option in ("--resamples", "--seed"):
        parser.add_argument(option, type=int, required=True)
    report = run(parser.parse_args())
    for name, score in report["candidate"].items():
        print(f"{name:9} {score['value']:.4f}  (95 %: {score['low']:.4f} to {score['high']:.4f})")
    decision = "promote" if report["verdict"]["promote"] else "do not promote"
    print(f"verdict: {decision}, because {report['verdict']['reason']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
