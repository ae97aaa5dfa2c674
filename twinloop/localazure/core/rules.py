"""What ARM and the resource providers demand of every resource before they take it."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.catalogue.resource_types import ResourceType
from checks.catalogue.schemas import problems, schema_of
from twinloop.localazure.core.bodies import MISSING, at, every
from twinloop.localazure.core.errors import (
    Conflict,
    InvalidRequest,
    ParentResourceNotFound,
    ResourceGroupNotFound,
    ResourceNotFound,
)
from twinloop.localazure.core.ids import RESOURCE_GROUP, SUBSCRIPTION, ArmId
from twinloop.localazure.core.resources import Doc, is_there, kind_of, resource

if TYPE_CHECKING:
    from twinloop.localazure.core.request import Request
    from twinloop.localazure.core.twin import Twin

Body = dict[str, Any]
_VERSIONS = Path(__file__).with_name("api_versions.toml")
_MAX_TAGS = 50
_TAG_NAME, _TAG_VALUE = 512, 256  # characters
_TAG_FORBIDDEN = set("<>%&\\?/")
# How each service says that a global name is somebody else's.
_TAKEN = {
    "microsoft.storage/storageaccounts": (
        "StorageAccountAlreadyTaken",
        "The storage account named {name} is already taken.",
    ),
    "microsoft.keyvault/vaults": (
        "VaultAlreadyExists",
        "The vault name '{name}' is already in use. Vault names are globally unique.",
    ),
    "microsoft.containerregistry/registries": (
        "AlreadyInUse",
        "The registry DNS name {name}.azurecr.io is already in use.",
    ),
}


@cache
def api_versions() -> dict[str, tuple[str, ...]]:
    """The API versions that are taken, by ARM type in lower case."""
    with _VERSIONS.open("rb") as file:
        return {arm_type.lower(): tuple(versions) for arm_type, versions in tomllib.load(file).items()}


def versions_of(row: ResourceType) -> tuple[str, ...]:
    """The API versions that a type is taken in, its row's own among them."""
    listed = api_versions().get(row.arm_type.lower(), ())
    return listed if row.api_version in listed else (*listed, row.api_version)


def check_api_version(row: ResourceType, request: Request, twin: Twin) -> None:
    """The request names an API version that this type has.

    Raises:
        InvalidRequest: it names none, or an unknown one.
    """
    given = request.api_version
    if not given:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise InvalidRequest("MissingApiVersionParameter", message)
    known = versions_of(row)
    if given.lower() not in known:
        _, _, kind = row.arm_type.partition("/")
        message = (
            f"No registered resource provider found for location '' and API version '{given}' for type "
            f"'{kind}'. The "
            f"supported api-versions are '{', '.join(known)}'. The supported locations are "
            f"'{', '.join(twin.seed.locations)}'."
        )
        raise InvalidRequest("NoRegisteredProviderFound", message)


def check_name(row: ResourceType, arm_id: ArmId) -> None:
    """The name is one that Azure takes.

    Raises:
        InvalidRequest: it is not; the rule is in the message.
    """
    if row.name_pattern and not re.fullmatch(row.name_pattern, arm_id.name):
        message = f"{row.arm_type}: the name '{arm_id.name}' is not valid: {row.name_rule}."
        raise InvalidRequest("InvalidResourceName", message, target="name")


def canonical_id(twin: Twin, arm_id: ArmId, row: ResourceType) -> ArmId:
    """The id in the case of its row, below its parent as that was created; names keep the caller's case.

    Raises:
        ResourceNotFound: the subscription, group, parent or scope does not exist.
    """
    parent = arm_id.parent
    above = _parent_text(twin, arm_id, parent)
    if row.arm_type == RESOURCE_GROUP:
        return ArmId(f"{above}/resourceGroups/{arm_id.name}")
    namespace, *kinds = row.arm_type.split("/")
    if len(kinds) == 1 or row.is_extension:
        return ArmId(f"{above}/providers/{namespace}/{kinds[-1]}/{arm_id.name}")
    return ArmId(f"{above}/{kinds[-1]}/{arm_id.name}")


def _parent_text(twin: Twin, arm_id: ArmId, parent: ArmId | None) -> str:
    if arm_id.subscription and arm_id.subscription not in twin.seed.subscriptions:
        there = ", ".join(twin.seed.subscriptions)
        message = (
            f"The subscription '{arm_id.subscription}' could not be found. "
            f"Subscriptions of this twin: {there}."
        )
        raise ResourceNotFound(arm_id, message, code="SubscriptionNotFound")
    if parent is None:
        return ""
    if parent.type in {SUBSCRIPTION, ""}:
        return f"/subscriptions/{parent.name.lower()}" if parent.segments else ""
    doc = resource(twin, parent)
    if doc is not None:
        return str(doc["id"])
    group = arm_id.group_id
    if group is not None and resource(twin, group) is None:
        raise ResourceGroupNotFound(arm_id.group)
    raise ParentResourceNotFound(arm_id)


def check_not_deleting(twin: Twin, arm_id: ArmId) -> None:
    """Neither the resource nor its group is on its way out.

    Raises:
        Conflict: it is.
    """
    group = arm_id.group_id
    holder = resource(twin, group) if group is not None else None
    if holder is not None and holder.get("phase") == "Deleting":
        message = (
            f"The resource group '{holder['name']}' is in deprovisioning state and cannot perform this "
            "operation."
        )
        raise Conflict("ResourceGroupBeingDeleted", message)
    own = resource(twin, arm_id)
    if own is not None and own.get("phase") == "Deleting":
        raise Conflict(
            "ResourceBeingDeleted", f"'{arm_id}' is being deleted; wait until that has ended and try again."
        )


def check_body(row: ResourceType, body: object, request: Request) -> Body:
    """The body has what the type needs and nothing that it does not know; without what is read-only.

    Raises:
        InvalidRequest: all problems at once.
    """
    if not isinstance(body, dict):
        raise InvalidRequest(
            "InvalidRequestContent", f"{row.arm_type}: the body must be an object; given: {body!r}"
        )
    found = [f"{path}: missing; it is required" for path in row.required if at(body, path) in (MISSING, None)]
    if (
        request.api_version == row.api_version
    ):  # the schema is that of one version; others differ by names we cannot know
        known = {text.split(":")[0] for text in found}
        found += [str(p) for p in problems(schema_of(row.arm_type), body) if p.path not in known]
    if found:
        raise InvalidRequest(
            "InvalidRequestContent",
            f"{row.arm_type}: {len(found)} problem(s): " + "; ".join(found),
            details=[
                {"code": "InvalidProperty", "message": text, "target": text.split(":")[0]} for text in found
            ],
        )
    return body


def check_location(row: ResourceType, body: Body, old: Doc | None, arm_id: ArmId, twin: Twin) -> None:
    """The region is one of the tenant's, in Azure's spelling, and does not change.

    Raises:
        InvalidRequest: the region is not available.
        Conflict: the resource is elsewhere already.
    """
    given = body.get("location")
    if not isinstance(given, str) or "location" not in row.envelope:
        return
    body["location"] = location = given.replace(" ", "").lower()
    if twin.seed.locations and location not in {*twin.seed.locations, "global"}:
        allowed = ",".join(twin.seed.locations)
        if row.arm_type == RESOURCE_GROUP:
            raise InvalidRequest(
                "LocationNotAvailableForResourceGroup",
                f"The provided location '{given}' is not available for resource group. List of available "
                f"regions is '{allowed}'.",
            )
        raise InvalidRequest(
            "LocationNotAvailableForResourceType",
            f"The provided location '{given}' is not available for resource type '{row.arm_type}'. List of "
            "available "
            f"regions for the resource type is '{allowed}'.",
        )
    there = old["body"].get("location") if old else None
    if there is None or there == location:
        return
    if row.arm_type == RESOURCE_GROUP:
        raise Conflict(
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{location}'. The Resource group already exists in location "
            f"'{there}'.",
        )
    raise Conflict(
        "InvalidResourceLocation",
        f"The resource '{arm_id.name}' already exists in location '{there}' in resource group "
        f"'{arm_id.group}'. A resource "
        f"with the same name cannot be created in location '{location}'. Please select a new resource name.",
    )


def check_tags(body: Body) -> None:
    """Tags are few and short enough.

    Raises:
        InvalidRequest: they are not.
    """
    tags = body.get("tags")
    if tags is None:
        return
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise InvalidRequest("InvalidTags", f"tags: an object of texts is wanted; given: {tags!r}")
    if len(tags) > _MAX_TAGS:
        raise InvalidRequest("TooManyTags", f"tags: {len(tags)} given; the maximum is {_MAX_TAGS}")
    for name, value in tags.items():
        if bad := _TAG_FORBIDDEN & set(name):
            raise InvalidRequest(
                "InvalidTagNameCharacters",
                f"tags: '{name}' holds {''.join(sorted(bad))}; not allowed: <>%&\\?/",
            )
        if not 0 < len(name) <= _TAG_NAME or len(value) > _TAG_VALUE:
            limits = f"names up to {_TAG_NAME} and values up to {_TAG_VALUE} characters"
            raise InvalidRequest(
                "InvalidTagNameOrValueLength",
                f"tags: '{name[:40]}': given {len(name)} and {len(value)}; allowed: {limits}",
            )


def check_references(row: ResourceType, body: Body, arm_id: ArmId, twin: Twin) -> None:
    """Every id in the body is of the right type and names something that exists.

    Raises:
        InvalidRequest: one does not.
    """
    for reference in row.references:
        if reference.to == "Microsoft.Authorization/roleDefinitions":
            continue  # the built-in ones are no resources; the assignment's own rules look them up
        for value in every(body, reference.at):
            if not isinstance(value, str) or not value:
                continue
            target = ArmId(value)
            if reference.to not in ("*", "") and target.type.lower() != reference.to.lower():
                raise InvalidRequest(
                    "LinkedInvalidPropertyId",
                    f"Property id '{value}' at path '{reference.at}' is invalid. Expect fully qualified "
                    "resource Id of type "
                    f"'{reference.to}' that starts with '/subscriptions/{{subscriptionId}}'.",
                    target=reference.at,
                )
            if not is_there(twin, target):
                raise InvalidRequest(
                    "InvalidResourceReference",
                    f"Resource {value} referenced by resource {arm_id} at '{reference.at}' was not found. "
                    "Please make sure "
                    "that the referenced resource exists.",
                    target=reference.at,
                )


def check_name_is_free(row: ResourceType, arm_id: ArmId, twin: Twin) -> None:
    """A name that must be unique in the whole cloud is nobody else's.

    Raises:
        Conflict: it is.
    """
    taken = name_taken_by(row, arm_id.name, twin)
    if taken is None or taken == arm_id:
        return
    code, message = _TAKEN.get(
        row.arm_type.lower(), ("NameAlreadyInUse", "The name '{name}' is already in use; give another.")
    )
    raise Conflict(code, message.format(name=arm_id.name) + f" It belongs to '{taken}'.")


def name_taken_by(row: ResourceType, name: str, twin: Twin) -> ArmId | None:
    """Who holds a globally unique name, or None."""
    if row.name_scope != "global":
        return None
    ending = "/" + name.lower()
    return next((ArmId(key) for key in twin.store.keys(kind_of(row.arm_type)) if key.endswith(ending)), None)
