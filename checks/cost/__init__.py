"""What does it cost? Per resource and month, at rest and at worst, from a dated table of sourced prices."""

from checks.catalogue.prices import Price
from checks.cost.estimating import estimate
from checks.cost.model import Estimate, Item

__all__ = ["Estimate", "Item", "Price", "estimate"]
