"""Which deployment answers: the shares of an endpoint, checked and drawn from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from random import SystemRandom
from typing import Any

ALL = 100  # percent
# MicrosoftDocs/azure-docs, machine-learning/how-to-safely-rollout-online-endpoints, limitations of mirroring.
_MOST_MIRRORED = 50  # percent, to one deployment
_chance = SystemRandom()


def problem(word: str, shares: object, there: Collection[str]) -> str:
    """What is wrong with the shares of an endpoint; empty if nothing is.

    Args:
        word: `traffic` or `mirrorTraffic`.
        shares: what was given.
        there: names of the deployments that the endpoint has.
    """
    if not isinstance(shares, Mapping):
        return f"properties.{word}: given {shares!r}; allowed: deployments with whole percentages"
    for name, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int) or not 0 <= share <= ALL:
            return f"properties.{word}.{name}: given {share!r}; allowed: a whole number from 0 to {ALL}"
        if share and name not in there:
            known = f"there are: {', '.join(sorted(there))}" if there else "the endpoint has none"
            return (
                f"properties.{word}: deployment '{name}' is not there ({known}); make the "
                "endpoint without traffic, then the deployment, then give it traffic"
            )
    total = sum(shares.values())
    if word == "mirrorTraffic" and (total > _MOST_MIRRORED or sum(map(bool, shares.values())) > 1):
        allowed = f"one deployment, at most {_MOST_MIRRORED}"
        return f"properties.mirrorTraffic: given {dict(shares)}; allowed: {allowed}"
    if word == "traffic" and total not in (0, ALL):
        return f"properties.traffic: the shares add up to {total}; allowed: {ALL}, or 0 for nobody"
    return ""


def shares_of(endpoint: Mapping[str, Any]) -> dict[str, int]:
    """The deployments of an endpoint's document that are given traffic."""
    shares = endpoint["body"]["properties"].get("traffic") or {}
    return {str(name): int(share) for name, share in shares.items() if share}


def mirrored(endpoint: Mapping[str, Any]) -> str:
    """The deployment that a copy of this request goes to; empty if none does."""
    shares = endpoint["body"]["properties"].get("mirrorTraffic") or {}
    return next((name for name, share in shares.items() if _chance.random() * ALL < share), "")


def drawn(shares: Mapping[str, int]) -> str:
    """A deployment, each as often as its share says; empty if none has any."""
    if not shares:
        return ""
    return _chance.choices(list(shares), weights=list(shares.values()))[0]
