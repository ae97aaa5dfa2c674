"""Sources of catalogue rows, spelled out: what a table abbreviates, a reader must be able to open."""

from __future__ import annotations

import re

_DOCUMENTS = "https://learn.microsoft.com/"
_ABBREVIATIONS = {"PAN": "pulumi_azure_native 3.29.0,", "CAT": "checks/catalogue/resource_types.toml"}


def spelled(source: str) -> str:
    """A source with its addresses: `PAN storage; DOC storage/common/x` becomes a package and a link."""
    return "; ".join(_part(part.strip()) for part in source.split(";"))


def _part(part: str) -> str:
    word, _, rest = part.partition(" ")
    if word == "DOC":
        return ", ".join(_address(page.strip()) for page in rest.split(","))
    return f"{_ABBREVIATIONS.get(word, word)} {rest}".strip()


def _address(page: str) -> str:
    # Entra has its own tree beside that of Azure.
    tree = "" if re.match("entra/", page) else "azure/"
    return f"{_DOCUMENTS}{tree}{page}"
