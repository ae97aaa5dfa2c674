"""Versions of Kubernetes: how a cluster may move on. Which versions a region offers is not known here."""

from __future__ import annotations

import re
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId

_VERSION = re.compile(r"1\.(\d+)(\.\d+)?")
_BEHIND = 3  # minor versions that a kubelet may be behind: kubernetes.io, "Version Skew Policy"


def full(version: str) -> str:
    """A version with its patch: `1.35` is shown as `1.35.0`, because no patch is known here."""
    return f"{version}.0" if version.count(".") == 1 else version


def check_version(version: object, before: object, arm_id: ArmId) -> None:
    """A cluster goes to the next minor version at most, and never back.

    Raises:
        InvalidRequest: it would.
    """
    now, was = _minor(version, arm_id), _minor(before, arm_id)
    if now is None or was is None or 0 <= now - was <= 1:
        return
    message = (
        f"{arm_id}: kubernetesVersion: {before} cannot become {version}: "
        + ("a downgrade is not allowed" if now < was else "one minor version at a time")
        + f"; allowed: 1.{was}, 1.{was + 1}."
    )
    raise InvalidRequest("OperationNotAllowed", message, target="properties.kubernetesVersion")


def check_pool_version(pool: dict[str, Any], cluster: dict[str, Any], arm_id: ArmId) -> None:
    """A pool is never ahead of the control plane, and not far behind.

    Raises:
        InvalidRequest: it would be.
    """
    own = _minor(pool.get("orchestratorVersion"), arm_id)
    whole = _minor(cluster.get("kubernetesVersion"), arm_id)
    if own is None or whole is None or 0 <= whole - own <= _BEHIND:
        return
    message = (
        f"agentPools/{arm_id.name}: orchestratorVersion {pool['orchestratorVersion']} does not go with the "
        f"control plane's {cluster['kubernetesVersion']}; allowed: 1.{whole - _BEHIND} to 1.{whole}."
    )
    raise InvalidRequest("NodePoolMcVersionIncompatible", message, target="properties.orchestratorVersion")


def _minor(version: object, arm_id: ArmId) -> int | None:
    if version in (None, ""):
        return None
    found = _VERSION.fullmatch(str(version))
    if found is None:
        message = f"{arm_id}: '{version}' is no version of Kubernetes, e.g. 1.35 or 1.35.2"
        raise InvalidRequest("InvalidParameter", message, target="properties.kubernetesVersion")
    return int(found[1])
