"""Azure ML's curated environments by name: what their images have, from a dated table with its source."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("curated.toml")
REGISTRY = "azureml"  # the registry of Microsoft's own that has them
_ADDRESS = re.compile(
    r"azureml://registries/(?P<registry>[^/]+)/environments/(?P<name>[^/@:]+)"
    r"(?:/versions/(?P<version>[^/]+)|/labels/(?P<label>[^/]+)|@(?P<at>[^/]+))?/?",
    re.IGNORECASE,
)
_SHORT = re.compile(
    r"(?:azureml:)?AzureML-(?P<name>[^/@:]+)(?::(?P<version>[^/@:]+)|@(?P<label>[^/@:]+))?", re.IGNORECASE
)
_BUILT = re.compile(
    r"-ubuntu\d\d\.\d\d(-py\d+)?(-(cpu|gpu))?$", re.IGNORECASE
)  # former names said what is in them
_IMAGE = re.compile(r"mcr\.microsoft\.com/azureml/curated/(?P<name>[^:@/]+)(?:[:@].*)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Curated:
    """One curated environment as it is published."""

    name: str
    python: str  # minor version
    system: str
    packages: tuple[str, ...]  # requirements
    frameworks: frozenset[str]  # names of those that the environment is called after
    left_out: tuple[str, ...]  # published too, and not here
    source: str
    date: str  # of the definition
    gpu: str = ""

    @property
    def image(self) -> str:
        """The container image, without its tag."""
        return f"mcr.microsoft.com/azureml/curated/{self.name}"

    @property
    def version(self) -> str:
        """The version that this twin has: the day of the definition, which has no number."""
        return self.date.replace("-", ".")


@dataclass(frozen=True)
class Asked:
    """A reference to an environment of a registry: which, and in which version."""

    registry: str
    name: str
    version: str = ""  # empty: the latest
    label: str = ""


@cache
def table() -> dict[str, Curated]:
    """All that are known, by name."""
    doc = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    source, date = doc["source"], str(doc["source"]["date"])
    where = f"{source['repository']}/tree/{source['commit']}/{source['path']}"
    return {
        name: Curated(
            name=name,
            python=row["python"],
            system=row["system"],
            packages=tuple(row["packages"]),
            frameworks=frozenset(row["frameworks"]),
            left_out=tuple(row["left_out"]),
            gpu=row.get("gpu", ""),
            source=f"{where}/{name}",
            date=date,
        )
        for name, row in doc["environments"].items()
    }


def find(name: str) -> Curated | None:
    """The environment of that name, or of a former one (`AzureML-sklearn-1.0-ubuntu20.04-py38-cpu`)."""
    bare = _BUILT.sub("", re.sub(r"^AzureML-", "", name.strip(), flags=re.IGNORECASE)).lower()
    bare = re.sub(r"^(acpt-pytorch-[\d.]+)(-py\d+)?(-cuda[\d.]+)(-gpu)?$", r"\1\3", bare)
    return table().get(bare)


def of_image(image: str) -> Curated | None:
    """The environment whose image this is, whatever the tag."""
    found = _IMAGE.fullmatch(image.strip())
    return find(found["name"]) if found else None


def asked(reference: str) -> Asked | None:
    """What a reference asks for; None if it is to nothing in a registry and to no curated name."""
    if found := _ADDRESS.fullmatch(reference):
        return Asked(
            found["registry"], found["name"], found["version"] or "", found["label"] or found["at"] or ""
        )
    if found := _SHORT.fullmatch(reference):
        return Asked(REGISTRY, f"AzureML-{found['name']}", found["version"] or "", found["label"] or "")
    return None


def pinned(reference: str) -> str | None:
    """A reference with the version in place of a label, as a job keeps it; None if it is to no registry."""
    found = asked(reference)
    if found is None:
        return None
    row = find(found.name) if found.registry.lower() == REGISTRY else None
    latest = not found.version and (found.label or "latest").lower() == "latest"
    return address(row) if row and latest else reference


def address(curated: Curated) -> str:
    """Its id in the registry."""
    return f"azureml://registries/{REGISTRY}/environments/{curated.name}/versions/{curated.version}"
