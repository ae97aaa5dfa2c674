"""What is in the data: counts, shares and each column's distribution, to compare later data with."""

from typing import Any

import pandas as pd

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def profile(table: pd.DataFrame, target: str, test_rows: int, raw_sha256: str, seed: int) -> dict[str, Any]:
    """Describe the checked table.

    Args:
        table: all rows, target included.
        target: name of the target column (0 or 1).
        test_rows: how many rows went to the test set.
        raw_sha256: digest of the raw file, hexadecimal: the name of this data wherever it is cited.
        seed: the split's seed.

    Returns:
        Plain JSON values; the same table gives the same document.
    """
    return {
        "rawSha256": raw_sha256,
        "rows": len(table),
        "trainRows": len(table) - test_rows,
        "testRows": test_rows,
        "splitSeed": seed,
        "duplicateRows": int(table.duplicated().sum()),
        "target": {"name": target, "shareOfOnes": round(float(table[target].mean()), 6)},
        "columns": {name: _column(table[name]) for name in table.columns if name != target},
    }


def _column(values: "pd.Series[float]") -> dict[str, float]:
    quantiles = values.quantile(list(QUANTILES))
    numbers = {
        "minimum": values.min(),
        "maximum": values.max(),
        "mean": values.mean(),
        "deviation": values.std(),
        **{f"quantile{int(q * 100):02d}": quantiles[q] for q in QUANTILES},
    }
    return {name: round(float(number), 9) for name, number in numbers.items()}
