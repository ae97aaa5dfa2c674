"""Which rows are kept for the test: decided by each row's own content, so it never changes."""

import hashlib

import numpy as np
import pandas as pd

SCALE = 2**64


def is_test(table: pd.DataFrame, share: float, seed: int) -> np.ndarray:
    """Mark the rows of the test set.

    A row's side depends on its values and the seed alone: order, duplicates and rows added later do not move
    it, so a model that was trained on an older file has never seen a test row of a newer one.

    Args:
        table: rows to split; every column takes part.
        share: expected share of test rows, 0 to 1.
        seed: number that decides the draw.

    Returns:
        bool, shape (rows,).
    """
    texts = table.astype("float64").map(float.hex).agg("|".join, axis=1)
    draws = [int.from_bytes(hashlib.sha256(f"{seed}|{text}".encode()).digest()[:8], "big") for text in texts]
    return np.array([draw < share * SCALE for draw in draws], dtype=bool)
