"""`train_classifier` gives the same trees for the same rows, and a model that MLflow loads."""

import io
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prepare_table.__main__ import prepare
from register_model.content import fingerprint
from train_classifier.__main__ import main
from train_classifier.fit import Settings, fit

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "pipelines" / "classical" / "data"


def some_settings(**changes):
    values = {"rounds": 5, "learning_rate": 0.1, "leaves": 7, "leaf_rows": 5, "folds": 3, "seed": 7}
    return Settings(**(values | changes))


@pytest.fixture(scope="module")
def table():
    frame = pd.read_csv(DATA / "breast_cancer.csv")
    return frame.drop(columns="malignant"), frame["malignant"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The step run twice on the committed data: as its command runs, and in this process."""
    folder = tmp_path_factory.mktemp("trained")
    prepare(
        raw=DATA / "breast_cancer.csv", schema=DATA / "schema.json", test_share=0.3, seed=7,
        prepared=folder / "prepared", profile_folder=folder / "profile",
    )  # fmt: skip
    words = [
        "--prepared", str(folder / "prepared"), "--rounds", "20", "--learning-rate", "0.1", "--leaves", "7",
        "--leaf-rows", "5", "--folds", "3", "--seed", "7", "--model",
    ]  # fmt: skip
    told = io.StringIO()
    with pytest.MonkeyPatch.context() as here:
        here.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/runs.db")
        here.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        here.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
        done = subprocess.run(
            [sys.executable, "-m", "train_classifier", *words, str(folder / "one")],
            cwd=ROOT / "components" / "train_classifier" / "src", capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        here.setattr(sys, "argv", ["train_classifier", *words, str(folder / "two")])
        with redirect_stdout(told):
            assert main() == 0
    return folder, [done.stdout, told.getvalue()]


def test_the_same_rows_settings_and_seed_give_the_same_trees(table):
    one, two = (fit(*table, some_settings()).booster.model_to_string() for _ in range(2))
    assert one == two


def test_another_seed_gives_other_trees(table):
    trees = [fit(*table, some_settings(seed=seed)).booster.model_to_string() for seed in (1, 2)]
    assert trees[0] != trees[1]


def test_the_curve_has_one_loss_per_tree_and_falls(table):
    curve = fit(*table, some_settings(rounds=15)).curve
    assert len(curve) == 15
    assert curve[-1] < curve[0]


def test_each_fold_is_scored_on_rows_it_has_not_seen(table):
    features, target = table
    shuffled = target.sample(frac=1, random_state=1).set_axis(target.index)
    honest = fit(features, shuffled, some_settings(rounds=30, folds=5)).fold_auc
    assert len(honest) == 5
    assert np.mean(honest) < 0.65, "labels that mean nothing must not look learnable"


def test_two_runs_have_one_fingerprint(trained):
    folder, _ = trained
    assert fingerprint(folder / "one") == fingerprint(folder / "two")


def test_both_say_how_each_fold_went(trained):
    _, outputs = trained
    assert outputs[0] == outputs[1]
    assert "fold 3 of 3: ROC AUC 0.9" in outputs[0]


def test_mlflow_loads_the_model_and_it_predicts_probabilities(trained):
    import mlflow.pyfunc

    folder, _ = trained
    test = pd.read_parquet(folder / "prepared" / "test.parquet")
    found = mlflow.pyfunc.load_model(str(folder / "one")).predict(test.drop(columns="malignant"))
    assert found.shape == (len(test),)
    assert 0 <= found.min() <= found.max() <= 1


@pytest.mark.filterwarnings("ignore")  # MLflow's own, of its SQLAlchemy
def test_parameters_scores_and_the_curve_reach_the_run(trained):
    import mlflow

    folder, _ = trained
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{folder}/runs.db")
    run = client.search_runs(["0"])[0]
    assert run.data.params["rounds"] == "20"
    assert 0.9 < run.data.metrics["cv_roc_auc_mean"] <= 1
    assert len(client.get_metric_history(run.info.run_id, "train_log_loss_curve")) == 20
