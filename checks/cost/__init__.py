"""What does it cost? Per resource and month, at rest and at worst, from a dated table of sourced prices."""

from checks.cost.estimating import estimate
from checks.cost.model import DAYS, HOURS, Estimate, Item, Price

__all__ = ["DAYS", "HOURS", "Estimate", "Item", "Price", "estimate"]
