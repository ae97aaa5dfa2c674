"""The fitting itself: same rows, settings and seed give the same trees, bit by bit."""

from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What may be tuned; units in component.yaml."""

    rounds: int
    learning_rate: float
    leaves: int
    leaf_rows: int
    folds: int
    seed: int

    def as_params(self) -> dict[str, Any]:
        """LightGBM's parameters: one thread and a fixed order, as speed is not worth a changed tree."""
        return {
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.leaf_rows,
            "feature_fraction": 0.8,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "verbosity": -1,
        }


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fitted model and what its fitting showed."""

    booster: lgb.Booster
    curve: list[float]  # training log loss (nats) after each tree
    fold_auc: list[float]  # ROC AUC (0 to 1) of each held-out fold


def fit(features: pd.DataFrame, target: "pd.Series[int]", settings: Settings) -> Fit:
    """Cross-validate on the training rows, then fit on all of them.

    Args:
        features: numeric columns, one row per example.
        target: 0 or 1 per row.
        settings: what may be tuned.
    """
    folds = StratifiedKFold(settings.folds, shuffle=True, random_state=settings.seed)
    fold_auc = []
    for train, held_out in folds.split(features, target):
        booster, _ = _boost(features.iloc[train], target.iloc[train], settings)
        scores = booster.predict(features.iloc[held_out], num_threads=1)
        fold_auc.append(float(roc_auc_score(target.iloc[held_out], np.asarray(scores))))
    booster, curve = _boost(features, target, settings)
    return Fit(booster=booster, curve=curve, fold_auc=fold_auc)


def _boost(
    features: pd.DataFrame, target: "pd.Series[int]", settings: Settings
) -> tuple[lgb.Booster, list[float]]:
    params = settings.as_params()
    data = lgb.Dataset(features, target, params=params)
    curve: dict[str, dict[str, list[float]]] = {}
    booster = lgb.train(
        params,
        data,
        num_boost_round=settings.rounds,
        valid_sets=[data],
        valid_names=["train"],
        callbacks=[lgb.record_evaluation(curve)],
    )
    return booster, curve["train"]["binary_logloss"]
