"""Step `train_classifier`: fit, log to MLflow, write the model in MLflow format."""

import argparse
import importlib
import json
import os
import statistics
import sys
import threading
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from train_classifier.fit import Fit, Settings, fit


def write_model(fitted: Fit, features: pd.DataFrame, folder: Path) -> None:
    """Write an MLflow model; `folder` may exist (a job's output does) but must hold nothing yet."""
    import mlflow.lightgbm
    from mlflow.models import infer_signature

    scores = fitted.booster.predict(features.head(5), num_threads=1)
    requirements = [f"{name}=={version(name)}" for name in ("lightgbm", "numpy", "pandas", "scikit-learn")]
    mlflow.lightgbm.save_model(
        fitted.booster,
        str(folder),
        signature=infer_signature(features.head(5), scores),
        pip_requirements=[f"mlflow=={version('mlflow-skinny')}", *requirements],
    )


def log(fitted: Fit, settings: Settings, rows: int) -> dict[str, float]:
    """Log parameters, scores and the training curve to the run of this job; return the scores."""
    import mlflow
    from mlflow.entities import Metric, Param

    scores = {
        "cv_roc_auc_mean": statistics.fmean(fitted.fold_auc),
        "cv_roc_auc_deviation": statistics.stdev(fitted.fold_auc),
        "train_log_loss": fitted.curve[-1],
        "train_rows": float(rows),
    }
    now = int(time.time() * 1000)
    metrics = [Metric(name, value, now, 0) for name, value in scores.items()]
    metrics += [Metric("train_log_loss_curve", loss, now, tree) for tree, loss in enumerate(fitted.curve, 1)]
    params = [Param(name, str(value)) for name, value in asdict(settings).items()]
    with mlflow.start_run() as run:
        client = mlflow.MlflowClient()
        for start in range(0, len(metrics), 1000):  # the service takes at most 1,000 metrics in one request
            client.log_batch(run.info.run_id, metrics[start : start + 1000], params if start == 0 else ())
    return scores


def main() -> int:
    """Run the step as its component's command does."""
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    parser = argparse.ArgumentParser(prog="train_classifier", description=__doc__)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    for option in ("--rounds", "--leaves", "--leaf-rows", "--folds", "--seed"):
        parser.add_argument(option, type=int, required=True)
    given = parser.parse_args()
    settings = Settings(
        rounds=given.rounds,
        learning_rate=given.learning_rate,
        leaves=given.leaves,
        leaf_rows=given.leaf_rows,
        folds=given.folds,
        seed=given.seed,
    )
    target = json.loads((given.prepared / "schema.json").read_text(encoding="utf-8"))["target"]
    table = pd.read_parquet(given.prepared / "train.parquet")
    features = table.drop(columns=target)
    print(
        f"fitting {settings.rounds} trees on {len(table)} rows and {features.shape[1]} features", flush=True
    )
    # LightGBM works outside of Python's lock: what is needed after it can be imported meanwhile
    importing = threading.Thread(target=importlib.import_module, args=("mlflow.lightgbm",))
    importing.start()
    fitted = fit(features, table[target], settings)
    importing.join()
    for fold, auc in enumerate(fitted.fold_auc, 1):
        print(f"fold {fold} of {settings.folds}: ROC AUC {auc:.4f}", flush=True)
    scores = log(fitted, settings, len(table))
    write_model(fitted, features, given.model)
    mean, deviation = scores["cv_roc_auc_mean"], scores["cv_roc_auc_deviation"]
    print(f"cross-validated ROC AUC {mean:.4f} (deviation {deviation:.4f} over {settings.folds} folds)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
