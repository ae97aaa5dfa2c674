"""Kinds of objects: where the API serves them, and what cannot change about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from checks.catalogue.sources import sourced_rows

TABLE = Path(__file__).parents[1] / "catalogue" / "kubernetes_kinds.toml"
PACKAGE = "kubernetes"
CORE_MODULE = "core"  # what Pulumi's tokens call the group without a name


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of object.

    Attributes:
        group: empty for the core group.
        fixed: paths that cannot change after creation.
        schema: name of the definition that its objects are checked against; empty for custom resources.
    """

    kind: str
    group: str
    version: str
    plural: str
    namespaced: bool
    schema: str = ""
    short: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    source: str = ""

    @property
    def api_version(self) -> str:
        """As a manifest spells it: `v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As the API's errors name it: `resourcequotas`, `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def token(self) -> str:
        """As Pulumi names it: `kubernetes:core/v1:Namespace`, `kubernetes:apps/v1:Deployment`."""
        return f"{PACKAGE}:{self.group or CORE_MODULE}/{self.version}:{self.kind}"


@cache
def builtin_kinds() -> tuple[Kind, ...]:
    """The kinds of the table."""
    return sourced_rows(TABLE, "kind", Kind)


@cache
def by_type() -> Mapping[tuple[str, str], Kind]:
    """Kinds by apiVersion and kind."""
    return {(kind.api_version, kind.kind): kind for kind in builtin_kinds()}


def kind_of(manifest: Mapping[str, Any]) -> Kind | None:
    """The kind of a manifest; None where it is not of the table."""
    return by_type().get((str(manifest.get("apiVersion", "")), str(manifest.get("kind", ""))))


def type_of_token(token: str) -> tuple[str, str]:
    """(apiVersion, kind) of a Pulumi token: `kubernetes:apps/v1:Deployment` is `("apps/v1", "Deployment")`.

    Raises:
        ValueError: it is no token of this package.
    """
    package, _, rest = token.partition(":")
    module, _, kind = rest.partition(":")
    group, _, version = module.rpartition("/")
    if package != PACKAGE or not (group and version and kind):
        raise ValueError(f"{token}: not a token of the package {PACKAGE}, as kubernetes:core/v1:Namespace")

    return (version if group == CORE_MODULE else f"{group}/{version}"), kind
