"""Sources of catalogue rows, spelled out: what a table abbreviates, a reader must be able to open."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

_DOCUMENTS = "https://learn.microsoft.com/"
_ABBREVIATIONS = {"PAN": "pulumi_azure_native 3.29.0,", "CAT": "checks/catalogue/resource_types/"}


Row = TypeVar("Row")


def sourced_rows(table: Path, kind: str, model: type[Row]) -> tuple[Row, ...]:
    """The rows of one kind of a table, each with its source spelled out; lists become tuples.

    Raises:
        ValueError: a row lacks its source.
    """
    with table.open("rb") as file:
        found: list[dict[str, Any]] = tomllib.load(file)[kind]
    for row in found:
        if not row.get("source"):
            raise ValueError(f"{table.name}: {row}: 'source' is missing: name the document of this row")
    return tuple(
        model(**{key: _frozen(value) for key, value in (row | {"source": spelled(row["source"])}).items()})
        for row in found
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


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
