"""VM sizes that the platform may use: cores, memory, GPUs, and the family that their quota is counted in."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("vm_sizes.csv")
LOW_PRIORITY = "TotalLowPriorityCores"  # Azure ML counts low-priority nodes here, whatever their family


@dataclass(frozen=True, kw_only=True)
class VmSize:
    """One size."""

    name: str
    family: str  # name of the quota family
    vcpus: int
    memory_gib: float
    gpu: str  # model of the GPU; empty without one
    gpus: int
    source: str


@cache
def vm_sizes() -> dict[str, VmSize]:
    """All rows, by name, in the order of the table (small to large within a series).

    Raises:
        ValueError: a row does not say where its numbers and its family are from.
    """
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["size"]: _row(row) for row in csv.DictReader(file)}


def family_key(family: str) -> str:
    """A family in the form that families are compared in: Azure's own lists differ in case and spaces."""
    return family.replace(" ", "").lower()


def _row(row: dict[str, str]) -> VmSize:
    if not row["source"] or not row["family_source"]:
        raise ValueError(f"{TABLE.name}: {row['size']}: a size without a source is not a fact")
    return VmSize(
        name=row["size"],
        family=row["family"],
        vcpus=int(row["vcpus"]),
        memory_gib=float(row["memory_gib"]),
        gpu=row["gpu"],
        gpus=int(row["gpus"]),
        source=f"{row['source']}; family: {row['family_source']}",
    )
