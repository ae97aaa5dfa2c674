"""Keys of our own in place of Microsoft's: the section `encryption` of the settings, decided at birth."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from checks.catalogue.applications import applications
from infra.sections.shapes import AS_NUMBER, Guid, Section, example

Encrypted = Annotated[Literal["workspace", "storage", "lake", "images"], example("storage")]


class Encryption(Section):
    """What one key of the environment's vault encrypts.

    `classic`: Azure ML keeps the workspace's metadata in a Cosmos DB, a Search and a storage account of the
    subscription, which cost extra. `serviceSide`: in Microsoft's own stores; without labelling, and the vault
    must answer publicly (Microsoft, "Customer-managed keys for Azure Machine Learning").
    """

    of: Annotated[tuple[Encrypted, ...], example('["storage", "lake"]')]
    mode: Annotated[Literal["classic", "serviceSide"], example("classic")] = "classic"
    key_bits: Annotated[Literal[2048, 3072, 4096], AS_NUMBER, example(3072)] = 3072
    # Object id, in this tenant, of Microsoft's application Azure Cosmos DB: it reads the key in mode classic.
    cosmos_principal_id: Guid | None = None

    @model_validator(mode="after")
    def _each_once_and_cosmos_known(self) -> Encryption:
        if not self.of:
            raise ValueError("at least one of workspace, storage, lake, images in `of`")
        if len(set(self.of)) < len(self.of):
            raise ValueError("each of workspace, storage, lake, images once in `of`")
        classic = "workspace" in self.of and self.mode == "classic"
        if classic and self.cosmos_principal_id is None:
            raise ValueError(
                "cosmosPrincipalId with workspace in mode classic: az ad sp show --id "
                f"{applications()['cosmosDb'].application_id} --query id shows it"
            )
        if not classic and self.cosmos_principal_id is not None:
            raise ValueError("no cosmosPrincipalId unless workspace is in `of` and mode is classic")
        return self
