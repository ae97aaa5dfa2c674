"""The cloud's self-description that clients read before anything else."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from twinloop.localazure.core.twin import Twin

CLOUD = "LocalCloud"
# azure-ai-ml derives its token audience from the third label of this name on; nothing resolves it.
PORTAL = "https://portal.twin.localhost"

_MANAGEMENT = ("https://management.azure.com/", "https://management.core.windows.net/")
LEARNING = ("https://ml.azure.com", f"https://ml.azure.{PORTAL.split('.', 2)[2]}")


def takes(twin: Twin, audience: str) -> bool:
    """Whether ARM and Azure ML take a token for this audience, given without a slash at its end."""
    return audience in {twin.base, *(one.rstrip("/") for one in _MANAGEMENT), *LEARNING}


def cloud(twin: Twin) -> dict[str, Any]:
    """The document of api-version 2022-09-01; `twinloop` says that this is a twin."""
    base = twin.base
    host = urlsplit(base).netloc
    return {
        "name": CLOUD,
        "portal": PORTAL,
        "resourceManager": f"{base}/",
        "authentication": {
            "loginEndpoint": base,
            "audiences": [f"{base}/", base, *_MANAGEMENT],
            "tenant": twin.seed.tenant,
            "identityProvider": "AAD",
        },
        "graph": f"{base}/",
        "microsoftGraphResourceId": f"{base}/",
        "graphAudience": f"{base}/",
        "batch": f"{base}/",
        "gallery": f"{base}/",
        "media": f"{base}/",
        "logAnalyticsResourceId": f"{base}/",
        "suffixes": {
            "storage": "core.windows.net",
            "keyVaultDns": "vault.azure.net",
            "acrLoginServer": "azurecr.io",
            "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
            "sqlServerHostname": "database.windows.net",
        },
        "twinloop": {"twin": True, "home": str(twin.home), "host": host},
    }


def cloud_2019(twin: Twin) -> dict[str, Any]:
    """The same for api-version 2019-05-01, as azure-ai-ml and azureml-mlflow read it.

    azureml-mlflow refuses a login endpoint with a port, even where a managed identity makes it needless.
    """
    doc = cloud(twin)
    login = {**doc["authentication"], "loginEndpoint": "https://localhost"}
    return {**doc, "graphEndpoint": doc["graph"], "authentication": login}
