"""A company that makes what a platform will take from it: by Azure's own management client, on the twin."""

import uuid

import yaml

from infra import naming
from infra.own_roles import OWN_ROLES
from infra.rights.table import Role
from twinloop.clouds.session import acting

CONNECTIVITY = "3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a0aa"  # a subscription of its own for networks and logs
PROD = "3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a003"
PLACE = "westeurope"
GIVEN = f"/subscriptions/{PROD}/resourceGroups/rg-company-ml"  # the group that the platform is given
OURS = f"/subscriptions/{PROD}/resourceGroups/rg-company-shared/providers"
HUB = f"/subscriptions/{CONNECTIVITY}/resourceGroups/rg-hub"
NETWORK = f"{HUB}/providers/Microsoft.Network/virtualNetworks/vnet-hub"
LOGS = f"{HUB}/providers/Microsoft.OperationalInsights/workspaces/log-company"
VAULT = f"{OURS}/Microsoft.KeyVault/vaults/kv-company-ml"
IMAGES = f"{OURS}/Microsoft.ContainerRegistry/registries/crcompanyml"
ZONES = {
    name: f"{HUB}/providers/Microsoft.Network/privateDnsZones/{zone}"
    for name, zone in naming.ALL_ZONES.items()
}
SUBMITTER = (
    f"/subscriptions/{PROD}/providers/Microsoft.Authorization/roleDefinitions/"
    "0c0a9a7e-0000-4000-8000-00000000b0b0"
)
TAGS = {"madeBy": "the company"}


def identity(purpose):
    return f"{OURS}/Microsoft.ManagedIdentity/userAssignedIdentities/id-company-{purpose}"


def subnet(name):
    return f"{NETWORK}/subnets/snet-company-{name}"


def bodies(tenant):
    """Everything that is made, in order: id -> API version and body."""
    here = {"location": PLACE, "tags": TAGS}
    return {
        GIVEN: ("2024-03-01", here),
        OURS.removesuffix("/providers"): ("2024-03-01", here),
        HUB: ("2024-03-01", here),
        NETWORK: (
            "2024-05-01",
            here | {"properties": {"addressSpace": {"addressPrefixes": ["10.80.0.0/16"]}}},
        ),
        subnet("links"): ("2024-05-01", {"properties": {"addressPrefix": "10.80.1.0/24"}}),
        subnet("runners"): ("2024-05-01", {"properties": {"addressPrefix": "10.80.2.0/26"}}),
        **{zone: ("2024-06-01", {"location": "global", "tags": TAGS}) for zone in ZONES.values()},
        LOGS: ("2023-09-01", here | {"properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 90}}),
        VAULT: (
            "2024-11-01",
            here
            | {
                "properties": {
                    "tenantId": tenant,
                    "sku": {"family": "A", "name": "standard"},
                    "enableRbacAuthorization": True,
                }
            },
        ),
        IMAGES: ("2023-07-01", here | {"sku": {"name": "Premium"}}),
        SUBMITTER: (
            "2022-04-01",
            {
                "properties": {
                    "roleName": "Company Retrain Submitter",
                    "type": "CustomRole",
                    "assignableScopes": [f"/subscriptions/{PROD}"],
                    "permissions": [{"actions": list(OWN_ROLES[Role.RETRAIN_SUBMITTER].actions)}],
                }
            },
        ),
        **{
            identity(purpose): ("2023-01-31", here) for purpose in ("workspace", "training", "build", "batch")
        },
    }


def settings(text):
    """The configuration of prod with everything taken."""
    config = yaml.safe_load(text)["config"]
    network = {key: config["twinloop:network"][key] for key in ("publicAccess", "privateLinkScope")}
    config.pop("twinloop:kubernetes", None)  # its nodes would need a subnet of the company's, too
    config["twinloop:group"] = {"existing": GIVEN}
    config["twinloop:network"] = network | {
        "existing": NETWORK,
        "subnets": {"privateLinks": subnet("links"), "runners": subnet("runners")},
    }
    config["twinloop:dns"] = {"existing": HUB}
    config["twinloop:logs"] = {"existing": LOGS, "categories": "all"}
    config["twinloop:vault"] = {"existing": VAULT}
    config["twinloop:images"] = {"existing": IMAGES}
    config["twinloop:identities"] = {
        purpose: {"existing": identity(purpose)} for purpose in ("workspace", "training", "build", "batch")
    }
    config["twinloop:roles"] = {"retrain-submitter": {"existing": SUBMITTER}}
    return yaml.safe_dump({"config": config}, sort_keys=False)


class Company:
    """The owner of its subscriptions, with the official client."""

    def __init__(self, home):
        self.home = home

    def run(self, task):
        """Do something with the client of resources, as the subscriptions' owner."""
        with acting(self.home, stack="prod", persona="infra-engineer") as session:
            from azure.identity import ManagedIdentityCredential
            from azure.mgmt.resource.resources import ResourceManagementClient

            base = session.twin.base
            client = ResourceManagementClient(
                ManagedIdentityCredential(), PROD, base_url=base, credential_scopes=[f"{base}/.default"]
            )
            return task(client)

    def make(self, tenant):
        """Everything that the platform will take."""

        def task(client):
            for arm_id, (version, body) in bodies(tenant).items():
                client.resources.begin_create_or_update_by_id(arm_id, body, api_version=version).result()

        self.run(task)

    def look(self, tenant):
        """Everything as it is now, as its GET answers."""
        return self.run(
            lambda client: {
                arm_id: client.resources.get_by_id(arm_id, api_version=version).as_dict()
                for arm_id, (version, _) in bodies(tenant).items()
            }
        )

    def grant(self, object_id, role, scope):
        """Give somebody a role on one thing."""
        guid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{object_id}{role}{scope}"))
        subscription = "/".join(scope.split("/")[:3])
        definition = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        body = {
            "properties": {"principalId": object_id, "roleDefinitionId": definition, "principalType": "User"}
        }
        arm_id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{guid}"
        self.run(
            lambda client: client.resources.begin_create_or_update_by_id(
                arm_id, body, api_version="2022-04-01"
            ).result()
        )
