"""`evaluate_classifier` measures as the textbooks do, and promotes by one rule only."""

import math
from pathlib import Path

import numpy as np
import pytest
from evaluate_classifier.__main__ import evaluate
from evaluate_classifier.champion import (
    ChampionUnknownError,
    Fetching,
    NotInAJobError,
    fetch,
    workspace_client,
)
from evaluate_classifier.picture import draw
from evaluate_classifier.scores import gain, measure, resamplings, roc_auc, with_intervals
from evaluate_classifier.verdict import Champion, decide
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

scores_in = st.lists(st.integers(0, 5), min_size=4, max_size=40)


def a_case(rows=200, noise=0.3, seed=1):
    random = np.random.default_rng(seed)
    target = (random.random(rows) < 0.4).astype(float)
    return target, np.clip(target * 0.6 + 0.2 + random.normal(0, noise, rows), 0.001, 0.999)


def a_champion(**changes):
    return Champion(**({"version": "3", "auc": 0.95, "same_predictions": False} | changes))


def report_on(**changes):
    target, candidate = a_case()
    values = {
        "target": target, "candidate": candidate, "champion": None,
        "margin": 0.002, "floor": 0.5, "resamples": 100, "seed": 7,
    }  # fmt: skip
    return evaluate(**(values | changes))


@given(given=scores_in, data=st.data())
@settings(max_examples=60)
def test_roc_auc_is_that_of_scikit_learn_ties_and_all(given, data):
    target = np.array(data.draw(st.lists(st.integers(0, 1), min_size=len(given), max_size=len(given))), float)
    target[0], target[1] = 0.0, 1.0
    score = np.array(given, float)
    assert math.isclose(
        roc_auc(target, score, np.ones(len(score))), roc_auc_score(target, score), abs_tol=1e-12
    )


def test_a_weight_of_two_is_the_row_given_twice():
    target, score = a_case(30)
    twice = np.concatenate([target, target[:5]]), np.concatenate([score, score[:5]])
    weights = np.ones(30)
    weights[:5] = 2
    for name, value in measure(target, score, weights).items():
        assert math.isclose(value, measure(*twice, np.ones(35))[name], rel_tol=1e-12), name


def test_losses_are_those_of_scikit_learn():
    target, score = a_case()
    found = measure(target, score, np.ones_like(target))
    assert math.isclose(found["brier"], brier_score_loss(target, score))
    assert math.isclose(found["log_loss"], log_loss(target, score))


def test_an_interval_holds_its_value_and_narrows_with_more_rows():
    def width(rows):
        target, score = a_case(rows)
        found = with_intervals(target, score, resamplings(target, 200, 7))["roc_auc"]
        assert found.low <= found.value <= found.high
        return found.high - found.low

    assert width(2000) < width(100)


def test_the_same_seed_gives_the_same_interval():
    assert report_on() == report_on()


def test_a_model_gains_nothing_over_itself_in_any_resample():
    target, score = a_case()
    found = gain(target, score, score, resamplings(target, 100, 7))
    assert (found.low, found.value, found.high) == (0, 0, 0)


@pytest.mark.parametrize(
    ("auc", "champion", "promote", "words"),
    [
        (0.97, None, True, "first model"),
        (0.80, None, False, "under the floor of 0.9"),
        (0.97, a_champion(), True, "a gain of +0.0200"),
        (0.951, a_champion(), False, "a gain of +0.0010 where 0.002 is needed"),
        (0.94, a_champion(), False, "0.9400 against 0.9500 of version 3"),
        (0.95, a_champion(same_predictions=True), False, "predicts exactly as version 3"),
        (0.80, a_champion(auc=0.5), False, "under the floor"),
    ],
)
def test_the_verdict_follows_the_one_rule_and_says_why(auc, champion, promote, words):
    verdict = decide(auc=auc, champion=champion, margin=0.002, floor=0.9)
    assert verdict.promote is promote
    assert words in verdict.reason


def test_without_a_margin_an_equal_model_is_still_not_promoted():
    assert not decide(auc=0.95, champion=a_champion(), margin=0, floor=0.9).promote


@given(auc=st.floats(0.5, 1), theirs=st.floats(0.5, 1), margin=st.floats(0, 0.1))
def test_only_a_better_model_ever_takes_the_champions_place(auc, theirs, margin):
    verdict = decide(auc=auc, champion=a_champion(auc=theirs), margin=margin, floor=0.5)
    assert verdict.promote == (auc - theirs >= margin and auc > theirs)


def test_the_report_sets_candidate_and_champion_beside_each_other():
    _, worse = a_case(noise=0.8)
    found = report_on(champion=("4", worse))
    assert found["champion"]["version"] == "4"
    assert found["gain"]["value"] > 0
    assert found["verdict"]["promote"]


def test_the_picture_is_the_same_for_the_same_scores(tmp_path):
    target, score = a_case()
    for name in ("one.png", "two.png"):
        draw(target, {"candidate": score}, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_outside_a_job_the_step_says_which_variables_are_missing(monkeypatch):
    monkeypatch.setenv("AZUREML_ARM_SUBSCRIPTION", "s")
    monkeypatch.delenv("AZUREML_ARM_WORKSPACE_NAME", raising=False)
    with pytest.raises(NotInAJobError, match="AZUREML_ARM_WORKSPACE_NAME not set"):
        workspace_client()


def test_a_registry_that_cannot_be_asked_never_looks_like_an_empty_one(tmp_path, monkeypatch, capfd):
    monkeypatch.delenv("AZUREML_ARM_WORKSPACE_NAME", raising=False)
    source = Path(__file__).resolve().parents[2] / "components" / "evaluate_classifier" / "src"
    monkeypatch.setenv("PYTHONPATH", str(source))
    with pytest.raises(ChampionUnknownError, match="could not be asked for breast-cancer"):
        Fetching("breast-cancer", tmp_path).result()
    assert "AZUREML_ARM_WORKSPACE_NAME" in capfd.readouterr().err


def test_being_refused_never_looks_like_an_empty_registry(tmp_path):
    from azure.core.exceptions import HttpResponseError

    class Models:
        def list(self, **_):
            raise HttpResponseError("AuthorizationFailed")

    class Client:
        models = Models()

    with pytest.raises(HttpResponseError):
        fetch(Client(), "m", tmp_path)
