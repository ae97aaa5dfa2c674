"""One resource group, one storage account and N blob containers: the program whose previews are timed.

N is the setting `bench:containers`; `bench:dropAliases` chooses between the platform's way of declaring
(API-version aliases dropped) and the plain idiom.
"""

import pulumi
from pulumi_azure_native import resources, storage

settings = pulumi.Config("bench")
if settings.get_bool("dropAliases"):
    from infra.version_aliases import drop_version_aliases

    drop_version_aliases()

group = resources.ResourceGroup("group", resource_group_name="rg-bench", location="westeurope")
account = storage.StorageAccount(
    "account",
    account_name="stbench",
    resource_group_name=group.name,
    location="westeurope",
    kind=storage.Kind.STORAGE_V2,
    sku=storage.SkuArgs(name=storage.SkuName.STANDARD_LRS),
)
for number in range(settings.require_int("containers")):
    storage.BlobContainer(
        f"container-{number}",
        container_name=f"container-{number}",
        account_name=account.name,
        resource_group_name=group.name,
    )
