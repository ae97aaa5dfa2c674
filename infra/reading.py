"""Ids of resources that are read: known in every preview, whichever engine runs."""

from __future__ import annotations

import pulumi


def id_of_read(resource: pulumi.CustomResource, arm_id: str) -> pulumi.Output[str]:
    """The id of a resource that is read, for whatever must wait until it was found.

    Not `resource.id`: an engine older than its SDK does not repeat the id of a read in a preview, and the SDK
    then takes it for unknown, so that all that hangs on it would seem to be replaced.
    """
    return resource.urn.apply(lambda _: arm_id)
