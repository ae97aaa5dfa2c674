"""Trains a random forest on a table of tumour measurements. Edit it, and submit again."""

import argparse

import mlflow
import pandas as pd
import sklearn
from mlflow.models import infer_signature
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split

TARGET = "malignant"


def main() -> None:
    """Fit on three quarters of the rows, score on the rest, keep the model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, help="CSV file with the column 'malignant'")
    parser.add_argument("--model", required=True, help="folder for the model, in MLflow's format")
    parser.add_argument("--trees", type=int, default=200)
    args = parser.parse_args()

    table = pd.read_csv(args.data)
    features, target = table.drop(columns=TARGET), table[TARGET]
    train_x, test_x, train_y, test_y = train_test_split(
        features, target, test_size=0.25, random_state=7, stratify=target
    )

    forest = RandomForestClassifier(n_estimators=args.trees, random_state=7)
    forest.fit(train_x, train_y)

    chances = forest.predict_proba(test_x)[:, 1]
    scores = {
        "accuracy": accuracy_score(test_y, forest.predict(test_x)),
        "roc_auc": roc_auc_score(test_y, chances),
    }
    mlflow.log_params({"trees": args.trees, "train_rows": len(train_x), "test_rows": len(test_x)})
    mlflow.log_metrics(scores)
    print(*(f"{name} {value:.4f}" for name, value in scores.items()))  # noqa: T201 - to the log of the job

    mlflow.sklearn.save_model(
        forest,
        args.model,
        signature=infer_signature(test_x, forest.predict(test_x)),
        serialization_format="cloudpickle",  # every version of MLflow knows it
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )


if __name__ == "__main__":
    main()
