"""ARM ids that people write into settings: of the right type, well formed, in one spelling."""

from __future__ import annotations

import re
from functools import cache

from pydantic import AfterValidator

from checks.catalogue.resource_types import ResourceType, resource_types
from infra.sections.shapes import EXAMPLE_GUID

GROUP_NAME = r"[-\w._()]{0,89}[-\w_()]"
OTHER_NAME = r"[^/\s]+"


def subscription_of(arm_id: str) -> str:
    """The subscription that an id lies in."""
    return arm_id.split("/")[2]


def group_name_of(arm_id: str) -> str:
    """The resource group that an id lies in."""
    return arm_id.split("/")[4]


def name_of(arm_id: str) -> str:
    """The resource's own name."""
    return arm_id.rsplit("/", 1)[-1]


def spelled(token: str, text: str) -> str:
    """An id of this type as ARM spells it: its fixed parts in the table's case, names as they were given.

    Raises:
        ValueError: it is no id of this type; the words say what is.
    """
    row = resource_types()[token]
    found = _pattern(token).fullmatch(text.rstrip("/"))
    if found is None:
        raise ValueError(_wanted(row, token, text))
    parts = dict(found.groupdict())
    own = row.parameters[-1]
    if row.name_pattern and not re.fullmatch(row.name_pattern, parts[own]):
        raise ValueError(f"a name that Azure accepts: {row.name_rule}")
    parts["subscriptionId"] = parts["subscriptionId"].lower()
    return row.path.format(**parts)


@cache
def _pattern(token: str) -> re.Pattern[str]:
    row = resource_types()[token]
    pieces = re.split(r"\{(\w+)\}", row.path)
    text = ""
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            text += re.escape(piece)
        elif piece == "subscriptionId":
            text += r"(?P<subscriptionId>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
        else:
            text += f"(?P<{piece}>{GROUP_NAME if piece == 'resourceGroupName' else OTHER_NAME})"
    return re.compile(text, re.IGNORECASE)


def _wanted(row: ResourceType, token: str, text: str) -> str:
    lower = text.rstrip("/").lower()
    other = next(
        (
            one.arm_type
            for name, one in resource_types().items()
            if "{scope}" not in one.path and name != token and _pattern(name).fullmatch(lower)
        ),
        None,
    )
    hint = f" (given is the id of a {other})" if other else ""
    return f"the ARM id of a {row.arm_type}{hint}, e.g. {example_id(token)}"


def example_id(token: str) -> str:
    """An id of this type to show."""
    row = resource_types()[token]
    known = {"subscriptionId": EXAMPLE_GUID, "resourceGroupName": "rg-company"}
    words = {name: f"company-{name.removesuffix('Name').lower()}" for name in row.parameters}
    words |= {"registryName": "companyimages", "resourceName": "id-company"}
    return row.path.format(**(words | known))


def id_of(token: str) -> AfterValidator:
    """Holds that a setting is the id of a resource of this type, and brings it into ARM's spelling."""
    return AfterValidator(lambda text: spelled(token, text))
