"""What the kinds of assets have in common and where they differ, as a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class AssetType:
    """One kind of asset.

    Attributes:
        collection: its part of the address, e.g. `models`.
        content: properties that say what a version is; they never change.
        defaults: what the service fills in; the clients rely on some of it (`flavors` must not be null).
        mutable: properties that a second write may change.
        required: properties, one of which a version must have.
    """

    collection: str
    content: tuple[str, ...]
    required: tuple[str, ...]
    defaults: dict[str, Any] = field(default_factory=dict)
    mutable: tuple[str, ...] = (
        "description",
        "tags",
        "properties",
        "isArchived",
        "stage",
        "autoDeleteSetting",
    )


_TYPES = (
    AssetType("codes", content=("codeUri",), required=("codeUri",)),
    AssetType(
        "data", content=("dataUri", "dataType"), required=("dataUri",), defaults={"dataType": "uri_folder"}
    ),
    AssetType(
        "models",
        content=("modelUri", "modelType"),
        required=("modelUri",),
        defaults={"flavors": {}, "modelType": "custom_model", "jobName": None, "stage": None},
    ),
    AssetType(
        "environments",
        content=("image", "condaFile", "build", "inferenceConfig", "osType"),
        required=("image", "build"),
        defaults={
            "osType": "Linux",
            "environmentType": "UserCreated",
            "image": None,
            "condaFile": None,
            "stage": None,
        },
    ),
    AssetType(
        "components", content=("componentSpec",), required=("componentSpec",), defaults={"stage": None}
    ),
)
ASSET_TYPES: dict[str, AssetType] = {kind.collection: kind for kind in _TYPES}
COMMON_DEFAULTS: dict[str, Any] = {
    "description": None,
    "tags": {},
    "properties": {},
    "isArchived": False,
    "isAnonymous": False,
}
