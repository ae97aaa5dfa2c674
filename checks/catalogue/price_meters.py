"""Which meter of the public retail prices each of our meters is: how to ask for it, and how to know it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from checks.catalogue.prices import PER_MONTH, Meter
from checks.catalogue.vm_sizes import vm_sizes

TABLE = Path(__file__).with_name("price_meters.toml")
_KEYS = frozenset(
    (
        "arm_type",
        "skus",
        "meter",
        "unit",
        "service",
        "product",
        "retail_sku",
        "retail_meter",
        "measured",
        "source",
    )
)
_SIZES = "vm sizes"  # in place of a list: every size of the catalogue


@dataclass(frozen=True, kw_only=True)
class RetailMeter:
    """One meter of ours in the words of the retail prices."""

    meter: Meter
    unit: str
    """Ours, of `prices.PER_MONTH`."""
    service: str
    """`serviceName`, to ask by."""
    size: str
    """`armSkuName`, to ask by; empty where it is no virtual machine."""
    region: str
    """`armRegionName` to ask by where one price is for all regions; else empty."""
    product: re.Pattern[str]
    sku: re.Pattern[str]
    name: re.Pattern[str]
    measured: tuple[str, ...]
    """Values of `unitOfMeasure` that are our unit."""


@cache
def retail_meters() -> dict[tuple[str, str, str], RetailMeter]:
    """All of them, by our meter's key.

    Raises:
        ValueError: a row lacks a key or has one that nothing reads.
    """
    with TABLE.open("rb") as file:
        rows = tomllib.load(file)["meter"]
    return {one.meter.key: one for number, row in enumerate(rows, 1) for one in _meters(row, number)}


def _meters(row: dict[str, Any], number: int) -> Iterator[RetailMeter]:
    keys = row.keys() - {"region"}
    if keys != _KEYS or row["unit"] not in PER_MONTH:
        odd = sorted(keys ^ _KEYS) or [f"unit '{row['unit']}'"]
        raise ValueError(f"{TABLE.name}: meter {number}: missing, unknown or wrong: {', '.join(odd)}")
    machines = row["skus"] == _SIZES
    for sku in vm_sizes() if machines else row["skus"]:
        yield RetailMeter(
            meter=Meter(arm_type=row["arm_type"], sku=sku, meter=row["meter"]),
            unit=row["unit"],
            service=row["service"],
            size=sku if machines else "",
            region=row.get("region", ""),
            product=re.compile(row["product"]),
            sku=_pattern(row["retail_sku"], sku),
            name=_pattern(row["retail_meter"], sku),
            measured=tuple(row["measured"]),
        )


def _pattern(template: str, sku: str) -> re.Pattern[str]:
    plain = re.escape(sku.removesuffix(" hierarchical"))
    return re.compile(template.replace("{sku without hierarchical}", plain).replace("{sku}", re.escape(sku)))
