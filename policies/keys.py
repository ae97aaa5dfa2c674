"""Nothing is opened by a key: identities and roles decide, and their names are in the log."""

from __future__ import annotations

from policies import kinds
from policies.levels import NOWHERE
from policies.rules import Demand, Rule

_OFF = (False,)
_ON = (True,)


def _no_keys(type_: str, where: str, path: str = "disableLocalAuth") -> Demand:
    return Demand(type=type_, path=path, allowed=_ON, default=False, fix=f"{path}: true {where}")


RULES = (
    Rule(
        name="no-shared-keys",
        title="No store, hub, topic or database can be opened by a key.",
        why="a key opens everything, names nobody in the log, and works until somebody changes it",
        source="Microsoft cloud security benchmark v1, IM-1: Use centralized identity; "
        "Azure Policy 8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54",
        demands=(
            Demand(
                type=kinds.STORAGE,
                path="allowSharedKeyAccess",
                allowed=_OFF,
                default=True,
                fix="allowSharedKeyAccess False in infra/estate/storage.py",
            ),
            _no_keys(kinds.EVENT_HUBS, "where the program declares the namespace"),
            _no_keys(kinds.TOPIC, "where the program declares the topic"),
            _no_keys(kinds.DOMAIN, "where the program declares the domain"),
            _no_keys(kinds.COSMOS, "where the program declares the account"),
            _no_keys(kinds.LOGS, "in infra/watching/observability.py", "features.disableLocalAuth"),
            Demand(
                type=kinds.SYNAPSE,
                path="azureADOnlyAuthentication",
                allowed=_ON,
                default=False,
                fix="azureADOnlyAuthentication true where the program declares the workspace",
            ),
            Demand(
                type=kinds.POSTGRES,
                path="authConfig.passwordAuth",
                allowed=("Disabled",),
                default="Enabled",
                fix="authConfig.passwordAuth Disabled where the program declares the server",
            ),
        ),
    ),
    Rule(
        name="traces-by-identity",
        title="Application Insights takes traces from identities only.",
        why="whoever has the connection string can write traces that nobody made",
        source="Azure Monitor: Microsoft Entra authentication for Application Insights",
        # What Azure ML's own endpoints send goes by the connection string; so this only advises, everywhere.
        advisory_in=NOWHERE,
        demands=(
            _no_keys(kinds.INSIGHTS, "in infra/watching/observability.py, once no endpoint needs the string"),
        ),
    ),
    Rule(
        name="datastores-by-identity",
        title="Datastores hold no credentials.",
        why="a key in a datastore is every user's of the workspace, whatever their roles say",
        source="Azure security baseline for Azure Machine Learning, IM-8: Restrict exposure of credentials",
        demands=(
            Demand(
                type=kinds.DATASTORE,
                path="properties.credentials.credentialsType",
                allowed=("None",),
                fix='credentials of type "None" in infra/estate/datastores.py: who reads, reads as oneself',
            ),
            Demand(
                type=kinds.ML_WORKSPACE,
                path="systemDatastoresAuthMode",
                allowed=("Identity", "UserDelegationSAS"),
                default="AccessKey",
                fix="systemDatastoresAuthMode Identity in infra/workspaces/workspace.py",
            ),
        ),
    ),
    Rule(
        name="image-registry-has-no-admin",
        title="The image registry has no administrator's password.",
        why="one password for all, that pushes any image that production may run",
        source="Azure security baseline for Container Registry, IM-1; "
        "Azure Policy dc921057-6b28-4fbe-9b83-f7bec05db6c2",
        demands=(
            Demand(
                type=kinds.IMAGES,
                path="adminUserEnabled",
                allowed=_OFF,
                default=False,
                fix="adminUserEnabled False in infra/images.py",
            ),
        ),
        advisory_in=frozenset(),
    ),
    Rule(
        name="image-registry-knows-who-pulls",
        title="Nobody pulls images without saying who they are.",
        why="images hold code and models; anonymous pull hands them to everybody who finds the name",
        source="Azure security baseline for Container Registry, IM-1; "
        "Azure Policy 9f2dea28-e834-476c-99c5-3507b4728395",
        demands=(
            Demand(
                type=kinds.IMAGES,
                path="anonymousPullEnabled",
                allowed=_OFF,
                default=False,
                fix="anonymousPullEnabled False in infra/images.py",
            ),
        ),
        advisory_in=frozenset(),
    ),
    Rule(
        name="no-anonymous-blobs",
        title="No blob is read by anybody.",
        why="whoever guesses the address has the data, and no log says who it was",
        source="Azure security baseline for Storage, DP-2 and IM-1; "
        "Azure Policy 4fa4b6c0-31ca-4c0d-b10d-24b96f62a751",
        demands=(
            Demand(
                type=kinds.STORAGE,
                path="allowBlobPublicAccess",
                allowed=_OFF,
                default=False,
                fix="allowBlobPublicAccess False in infra/estate/storage.py",
            ),
            Demand(
                type=kinds.CONTAINER,
                path="publicAccess",
                allowed=("None",),
                default="None",
                fix="publicAccess None in infra/estate/storage.py",
            ),
        ),
        advisory_in=frozenset(),
    ),
    Rule(
        name="vault-by-roles",
        title="The vault asks for roles, not for access policies.",
        why="an access policy is a second list of who may what, which no review of roles shows",
        source="Azure security baseline for Key Vault, IM-1 and PA-7; "
        "Azure Policy 12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5",
        demands=(
            Demand(
                type=kinds.VAULT,
                path="properties.enableRbacAuthorization",
                allowed=_ON,
                default=False,
                fix="enableRbacAuthorization True in infra/vault.py",
            ),
        ),
    ),
    Rule(
        name="endpoints-by-identity",
        title="Endpoints ask callers for an Entra token.",
        why="a key of an endpoint opens it for whoever holds it, and a role cannot be taken from a key",
        source="Azure security baseline for Azure Machine Learning, IM-1; Azure Machine Learning: "
        "Authenticate clients for online endpoints",
        demands=tuple(
            Demand(
                type=type_,
                path="properties.authMode",
                allowed=("AADToken",),
                fix="authMode AADToken where the endpoint is declared",
            )
            for type_ in (kinds.ONLINE_ENDPOINT, kinds.BATCH_ENDPOINT)
        ),
    ),
)
