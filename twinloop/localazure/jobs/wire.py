"""Reads the parts that job bodies share, in either of Azure's two spellings (camel or snake case)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.jobs.durations import seconds
from twinloop.localazure.jobs.steps import Distribution

_DISTRIBUTIONS = {"mpi": "mpi", "pytorch": "pytorch"}


def one(doc: Mapping[str, Any], *names: str, default: Any = None) -> Any:
    """The first of several spellings that has a value."""
    return next((doc[name] for name in names if doc.get(name) is not None), default)


def mapping(value: Any, where: str) -> dict[str, Any]:
    """A JSON object; nothing counts as an empty one.

    Raises:
        InvalidRequest: it is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest("UserError", f"{where}: {value!r} is not an object; give names with values")
    return value


def timeout(limits: Mapping[str, Any] | None, where: str, problems: list[str]) -> float:
    """Seconds after which a run is ended; 0 for no limit."""
    text = (limits or {}).get("timeout")
    if text in {None, ""}:
        return 0.0
    try:
        return seconds(str(text))
    except ValueError as error:
        problems.append(f"{where}limits.timeout: {error}")
        return 0.0


def instances(resources: Mapping[str, Any] | None, where: str, problems: list[str]) -> int:
    """Number of nodes of a run."""
    count = one(resources or {}, "instanceCount", "instance_count", default=1)
    if isinstance(count, str) and count.isdigit():
        count = int(count)
    if isinstance(count, int) and count >= 1:
        return count
    problems.append(f"{where}resources.instance_count: {count!r} is not a whole number >= 1")
    return 1


def instance_type(resources: Mapping[str, Any] | None) -> str:
    """The size of serverless nodes that a run asks for; empty if it leaves that open."""
    return str(one(resources or {}, "instanceType", "instance_type", default=""))


def distribution(doc: Mapping[str, Any] | None, where: str, problems: list[str]) -> Distribution | None:
    """How a run's processes find each other."""
    if not doc:
        return None
    kind = str(one(doc, "distributionType", "distribution_type", "type", default="")).lower()
    if kind not in _DISTRIBUTIONS:
        known = ", ".join(sorted(_DISTRIBUTIONS))
        problems.append(f"{where}distribution.type: '{kind}' is not emulated; this twin knows: {known}")
        return None
    count = one(doc, "processCountPerInstance", "process_count_per_instance", default=1)
    return Distribution(kind=_DISTRIBUTIONS[kind], processes=int(count))


def identity(doc: Mapping[str, Any] | None) -> str:
    """Whose rights a run asks for: Managed, UserIdentity or AMLToken; empty if it does not say."""
    if not doc:
        return ""
    kind = str(one(doc, "identityType", "identity_type", "type", default="Managed")).lower()
    return {"managed": "Managed", "managed_identity": "Managed"}.get(kind) or {
        "useridentity": "UserIdentity",
        "user_identity": "UserIdentity",
        "amltoken": "AMLToken",
        "aml_token": "AMLToken",
    }.get(kind, "Managed")


def texts(doc: Mapping[str, Any] | None) -> dict[str, str]:
    """Names with values as text, as environment variables and tags are."""
    return {str(name): "" if value is None else str(value) for name, value in (doc or {}).items()}
