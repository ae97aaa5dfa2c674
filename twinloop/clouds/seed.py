"""What the twin knows before anything is deployed, computed from the settings of all stack files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinloop import __version__
from twinloop.clouds import personas, stack_file
from twinloop.clouds.files import write_durably
from twinloop.problems import BadUsage, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.settings import Settings
    from twinloop.clouds.home import Home
    from twinloop.clouds.stack_file import StackFile

OWNER = "Owner"
IN_CLUSTERS = "Azure Kubernetes Service RBAC Cluster Admin"  # an owner's rights end at the API server
SETTINGS = "twinloop:"  # namespace of our settings; other programs have none
WAIVERS = f"{SETTINGS}waivers"  # but for these, which the gate of `up` reads in any stack file
PEOPLE = ("data_scientists", "ml_engineers", "platform_admins", "auditors")


@dataclass(frozen=True)
class Facts:
    """What one stack file says about the tenant it stands in."""

    stack: str
    subscription: str
    tenant: str
    locations: tuple[str, ...]
    groups: dict[str, str] = field(default_factory=dict)  # key of the settings -> object id
    quotas: dict[tuple[str, str, str], int] = field(
        default_factory=dict
    )  # subscription, region, family -> cores
    applications: tuple[
        tuple[str, str], ...
    ] = ()  # of others, that the stack gives rights to: name, object id
    taken_from: tuple[str, ...] = ()  # subscriptions of what the stack takes and does not make


@dataclass(frozen=True)
class Seed:
    """A seed that the twin does not have yet, and the stack files that could not contribute to it."""

    document: dict[str, Any]
    digest: str
    left_out: tuple[Problem, ...]


def has_settings(file: StackFile) -> bool:
    """Whether the stack is one of our program, so that its settings can be held to its rules."""
    return any(key.startswith(SETTINGS) and key != WAIVERS for key in file.raw)


def pending(home: Home, *, stack: str = "") -> Seed | None:
    """The seed, if it has changed since it was last settled.

    Args:
        home: the twin's home; its checkout holds the stack files.
        stack: the stack a command acts on; its file must be right, others may be left out.

    Raises:
        Problem: the settings of `stack` cannot be used, or two files contradict each other.
    """
    digest = _digest(home.checkout)
    if home.seed.exists() and _settled(home).exists() and _settled(home).read_text() == digest:
        return None
    facts: list[Facts] = []
    left_out: list[Problem] = []
    for name in stack_file.known(home.checkout):
        try:
            facts.append(facts_of(stack_file.read(home.checkout, name)))
        except Problem as problem:
            if name == stack:
                raise
            left_out.append(problem)
    return Seed(document(facts), digest, tuple(left_out))


def write(home: Home, seed: Seed) -> None:
    """Put the seed where the twin reads it when it starts."""
    write_durably(home.seed, json.dumps(seed.document, indent=2) + "\n")


def settle(home: Home, seed: Seed) -> None:
    """Remember that the twin has this seed; a seed with a file left out is computed again next time."""
    if not seed.left_out:
        write_durably(_settled(home), seed.digest)


def facts_of(file: StackFile) -> Facts:
    """What a stack file says; one without any of our settings speaks for its subscription only.

    Raises:
        Problem: the settings cannot be used.
    """
    if not has_settings(file):
        location = file.value("azure-native:location")
        return Facts(file.name, file.subscription, file.tenant, (location,) if location else ())
    from infra.arm_ids import subscription_of
    from infra.settings import SharedSettings
    from infra.stackfile.refusals import SettingsError
    from twinloop.stack_settings import closed, load

    try:
        settings = load(file.path)
    except SettingsError as error:
        raise refused(file, error) from error
    azure = settings.azure
    guessed = any(key.startswith(f"{SETTINGS}quotas") for key in closed(file.path)) if file.secure else False
    regions = settings.registry.regions if isinstance(settings, SharedSettings) else ()
    labelling = getattr(settings, "labelling", None)
    return Facts(
        stack=file.name,
        subscription=azure.subscription_id,
        tenant=azure.tenant_id,
        locations=tuple(dict.fromkeys((azure.location, *regions))),
        groups={name: getattr(settings.access.groups, name) for name in PEOPLE}
        | ({"labellers": labelling.labellers} if labelling else {}),
        quotas={
            (azure.subscription_id, quota.location or azure.location, quota.family): quota.limit
            for quota in settings.quotas
            if not guessed  # another stack's file may say what the subscription has
        },
        applications=_applications(settings),
        taken_from=tuple({subscription_of(taken): None for taken in settings.names.taken.values()}),
    )


def _applications(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Applications that the settings name: Cosmos DB, which reads a workspace's key; senders of a stream."""
    encryption = getattr(settings, "encryption", None)
    found = encryption.cosmos_principal_id if encryption else None
    sources = getattr(settings, "sources", None)
    stream = sources.stream if sources else None
    senders = [(f"sender-{one.name}", one.object_id) for one in (stream.senders if stream else ())]
    return (*((("Azure Cosmos DB", found),) if found else ()), *senders)


def refused(file: StackFile, error: BaseException) -> BadUsage:
    """Settings that cannot be used, with every reason."""
    reasons = getattr(error, "problems", ())
    lines = [line for reason in reasons for line in str(reason).splitlines()] or [str(error)]
    return BadUsage(
        f"The settings of stack '{file.name}' cannot be used: {len(reasons) or 1} "
        + ("problems." if len(reasons) > 1 else "problem."),
        where=str(file.path),
        given="\n".join(lines),
        next_step=f"edit {file.path.name}, then: twinloop preview -s {file.name}",
    )


def document(facts: Iterable[Facts]) -> dict[str, Any]:
    """The seed's JSON form.

    Raises:
        BadUsage: the files name two tenants, or two quotas for the same cores.
    """
    known = [one for one in facts if one.subscription and one.tenant]
    tenant = _the_tenant(known)
    subscriptions = {one.subscription: "" for one in known}
    for one in known:
        subscriptions[one.subscription] += (", " if subscriptions[one.subscription] else "") + one.stack
    for one in known:
        subscriptions = dict.fromkeys(one.taken_from, f"taken by {one.stack}") | subscriptions
    engineer = next(p for p in personas.PERSONAS if p.name == personas.DEPLOYER).object_id(tenant)
    return {
        "tenantId": tenant,
        "subscriptions": [{"id": key, "name": name} for key, name in sorted(subscriptions.items())],
        "locations": sorted(
            {location for one in known for location in one.locations}
            | {location for one in known for _, location, _ in one.quotas}
        ),
        "quotas": [
            {"subscriptionId": subscription, "location": location, "family": family, "limit": limit}
            for (subscription, location, family), limit in sorted(_quotas(known).items())
        ],
        "groups": sorted(
            ({"name": _camel(name), "objectId": key} for name, key in _groups(known)),
            key=lambda group: (group["name"], group["objectId"]),
        ),
        "personas": [
            {
                "name": persona.name,
                "objectId": persona.object_id(tenant),
                "kind": "User",
                "groups": sorted(key for name, key in _groups(known) if _camel(name) == persona.group),
            }
            for persona in personas.PERSONAS
        ]
        + [
            {"name": name, "objectId": key, "kind": "ServicePrincipal", "groups": []}
            for name, key in sorted({pair for one in known for pair in one.applications})
        ],
        "assignments": [
            {"principalId": engineer, "role": role, "scope": f"/subscriptions/{key}"}
            for key in sorted(subscriptions)
            for role in (OWNER, IN_CLUSTERS)
        ],
    }


def _the_tenant(known: list[Facts]) -> str:
    tenants = {one.tenant: one.stack for one in known}
    if not tenants:
        raise BadUsage(
            "No stack file names a subscription and a tenant.",
            where="Pulumi.<stack>.yaml",
            allowed="azure-native:subscriptionId and azure-native:tenantId, both GUIDs",
            next_step="pulumi config set azure-native:subscriptionId <id> --stack dev",
        )
    if len(tenants) > 1:
        raise BadUsage(
            "The stack files name more than one tenant; a twin is one tenant.",
            where="azure-native:tenantId",
            given=", ".join(f"{tenant} in {stack}" for tenant, stack in tenants.items()),
            allowed="the same tenant in every stack file of a checkout",
            next_step="pulumi config set azure-native:tenantId TENANT --stack STACK   for those that differ",
        )
    return next(iter(tenants))


def _quotas(known: list[Facts]) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    said_by: dict[tuple[str, str, str], str] = {}
    for one in known:
        for key, limit in one.quotas.items():
            if found.setdefault(key, limit) != limit:
                raise BadUsage(
                    "Two stack files name different quotas for the same cores.",
                    where=f"twinloop:quotas, family {key[2]} in {key[1]}, subscription {key[0]}",
                    given=f"{found[key]} in Pulumi.{said_by[key]}.yaml, {limit} in Pulumi.{one.stack}.yaml",
                    allowed="the one limit that the subscription has",
                    next_step="write the true limit into both files",
                )
            said_by[key] = one.stack
    return found


def _groups(known: list[Facts]) -> set[tuple[str, str]]:
    return {(name, key) for one in known for name, key in one.groups.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _settled(home: Home) -> Path:
    return home.root / "seed.settled"


def _digest(checkout: Path) -> str:
    """Of everything the seed is computed from: the stack files' text, what is open of it, the code."""
    import infra
    from twinloop.stack_settings import sealed

    rules = sorted(Path(str(infra.__file__)).parent.glob("*.py"))
    own = [Path(__file__), Path(personas.__file__)]
    summary = hashlib.sha256(__version__.encode())
    for path in sorted(checkout.glob("Pulumi*.yaml")):
        summary.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        summary.update("\0".join(sealed(path)).encode())
    for path in (*rules, *own):
        facts = path.stat()
        summary.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    return summary.hexdigest()
