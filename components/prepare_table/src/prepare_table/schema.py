"""What a table must look like: its columns, the limits of their values, its target."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

SHOWN = 5  # rows named per fault; the count says how many there are


class TableRefusedError(Exception):
    """The table breaks its schema; `faults` lists every way in which it does."""

    def __init__(self, source: str, faults: list[str]) -> None:
        self.faults = faults
        lines = "\n".join(f"  - {fault}" for fault in faults)
        super().__init__(
            f"{source} breaks its schema; correct the file, or the schema if that is wrong\n{lines}"
        )


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Closed interval in which a column's values are believed, in the column's own unit."""

    minimum: float
    maximum: float


@dataclass(frozen=True, kw_only=True)
class Schema:
    """Columns of a two-class table: numeric features with limits, and a target of 0 or 1."""

    target: str
    minimum_rows: int
    features: dict[str, Limits]

    @classmethod
    def read(cls, path: Path) -> "Schema":
        """Read the JSON form (keys target, minimumRows, columns.<name>.minimum|maximum)."""
        document = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            target=document["target"],
            minimum_rows=int(document["minimumRows"]),
            features={
                name: Limits(minimum=float(column["minimum"]), maximum=float(column["maximum"]))
                for name, column in document["columns"].items()
            },
        )

    @property
    def columns(self) -> list[str]:
        """Every column in order, the target last."""
        return [*self.features, self.target]

    def faults(self, table: pd.DataFrame) -> list[str]:
        """Every way in which the table breaks this schema; an empty list when it keeps it."""
        return [*self._shape_faults(table), *self._feature_faults(table), *self._target_faults(table)]

    def check(self, table: pd.DataFrame, source: str) -> pd.DataFrame:
        """The table with its columns in the schema's order.

        Raises:
            TableRefusedError: with all faults at once.
        """
        faults = self.faults(table)
        if faults:
            raise TableRefusedError(source, faults)
        return table[self.columns]

    def _shape_faults(self, table: pd.DataFrame) -> list[str]:
        present, wanted = set(table.columns), set(self.columns)
        faults = []
        if missing := sorted(wanted - present):
            faults.append(f"columns missing: {', '.join(missing)}")
        if unknown := sorted(present - wanted):
            faults.append(f"columns that the schema does not know: {', '.join(unknown)}")
        if len(table) < self.minimum_rows:
            faults.append(f"{len(table)} rows; at least {self.minimum_rows} are needed")
        return faults

    def _feature_faults(self, table: pd.DataFrame) -> list[str]:
        faults = []
        for name, limits in self.features.items():
            if name not in table.columns:
                continue
            numbers = pd.to_numeric(table[name], errors="coerce")
            if numbers.isna().any():
                faults.append(f"{name}: {_rows(numbers.isna())} not a number")
            outside = (numbers < limits.minimum) | (numbers > limits.maximum)
            if outside.any():
                given = ", ".join(f"{value:g}" for value in numbers[outside].head(SHOWN))
                faults.append(
                    f"{name}: {_rows(outside)} outside {limits.minimum:g} to {limits.maximum:g}: {given}"
                )
        return faults

    def _target_faults(self, table: pd.DataFrame) -> list[str]:
        if self.target not in table.columns:
            return []
        target = pd.to_numeric(table[self.target], errors="coerce")
        wrong = ~target.isin([0, 1])
        if wrong.any():
            return [f"{self.target}: {_rows(wrong)} neither 0 nor 1"]
        if len(table) and target.nunique() < 2:  # noqa: PLR2004
            return [f"{self.target}: only class {int(target.iloc[0])} occurs; both are needed"]
        return []


def _rows(flags: "pd.Series[bool]") -> str:
    """Name the first lines of the file (header = line 1) where a flag is set, and how many there are."""
    lines = [str(position + 2) for position, flag in enumerate(flags) if flag]
    more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    return f"line {', '.join(lines[:SHOWN])}{more}"
