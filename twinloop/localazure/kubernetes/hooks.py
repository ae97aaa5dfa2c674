"""What happens in a cluster when ARM takes the cluster itself away."""

from __future__ import annotations

from typing import Any, Final

from twinloop.localazure.core.hooks import ResourceHooks, on_type
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.kubernetes.clusters import TYPE
from twinloop.localazure.kubernetes.objects import Objects

HOOKED: Final = (TYPE,)


@on_type(TYPE)
class _Cluster(ResourceHooks):
    """Objects live and die with their cluster."""

    def deleted(self, doc: dict[str, Any], twin: Twin) -> None:
        """Nothing of it is found in a cluster of the same name."""
        Objects(twin.store, ArmId(doc["id"]).key).clear()
