"""A recording engine: programs run against it, and tests read what was declared once all has landed."""

import asyncio
import base64
import functools
import json
from collections import Counter
from pathlib import Path

import pulumi
import pytest
import yaml

from infra.program import build
from infra.rights.purposes import ci_purposes
from infra.stackfile.files import load
from infra.version_aliases import drop_version_aliases

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("shared", "dev", "staging", "prod")
CI_PRINCIPALS = {
    purpose: f"principal-of-identity-{purpose}" for purpose in ci_purposes(("dev", "staging", "prod"))
}


KUBECONFIG = base64.b64encode(
    yaml.safe_dump(
        {
            "current-context": "aks",
            "clusters": [{"name": "aks", "cluster": {"server": "https://aks.example.com"}}],
            "contexts": [{"name": "aks", "context": {"cluster": "aks", "user": "me"}}],
            "users": [
                {
                    "name": "me",
                    "user": {
                        "exec": {"command": "kubelogin", "args": ["get-token", "--login", "devicecode"]}
                    },
                }
            ],
        }
    ).encode()
).decode()


class Recorder(pulumi.runtime.Mocks):
    """Stands in for the engine: echoes inputs back with ids as a cloud makes them, and remembers."""

    def __init__(self, published):
        self.declared = []
        self.published = published
        self.outputs = {}
        self.requests = {}
        self.asked = []  # other stacks

    def new_resource(self, args):
        if args.typ == "pulumi:pulumi:StackReference":
            self.asked.append(args.name)
            return args.name, {"name": args.name, "outputs": self.published, "secretOutputNames": []}
        self.declared.append(args)
        made = {
            "name": next((value for key, value in args.inputs.items() if key.endswith("Name")), args.name)
        }
        if args.typ.endswith(":UserAssignedIdentity"):
            made |= {"principalId": f"principal-of-{args.name}", "clientId": f"client-of-{args.name}"}
        if args.typ == "azure-native:keyvault:Key":
            uri = f"https://{args.inputs['vaultName']}.vault.azure.net/keys/{args.inputs['keyName']}"
            made |= {"keyUri": uri, "keyUriWithVersion": f"{uri}/0123456789abcdef0123456789abcdef"}
        if args.typ == "azure-native:containerregistry:Registry":
            made |= {"loginServer": f"{args.inputs.get('registryName', 'taken')}.azurecr.io"}
        if "userAssignedIdentities" in args.inputs.get(
            "identity", {}
        ):  # a list goes in, a mapping comes back
            given = args.inputs["identity"]
            made["identity"] = given | {
                "userAssignedIdentities": {i: {} for i in given["userAssignedIdentities"]}
            }
        if args.inputs.get("identity", {}).get("type") == "SystemAssigned":
            made["identity"] = args.inputs["identity"] | {"principalId": f"principal-of-{args.name}"}
        return f"{args.name}-id", {**args.inputs, **made}

    def call(self, args):
        if args.token == "azure-native:containerservice:listManagedClusterUserCredentials":
            return {"kubeconfigs": [{"name": "clusterUser", "value": KUBECONFIG}]}
        raise LookupError(f"no answer recorded for {args.token}")

    def of(self, token):
        return [resource for resource in self.declared if resource.typ.endswith(token)]

    def request(self, name):
        (found,) = [request for request in self.requests.values() if request.name == name]
        return found

    def waits_for(self, name):
        """Logical names of what a resource depends on."""
        return {urn.split("::")[-1] for urn in self.request(name).dependencies}

    def one(self, token, name=None):
        (found,) = [resource for resource in self.of(token) if name is None or resource.name == name]
        return found.inputs


class Watching(pulumi.runtime.mocks.MockMonitor):
    """Hands on to the recorder what mocks are not told: who waits for whom, who is protected, whose child."""

    def RegisterResource(self, request):
        self.mocks.requests[f"{request.type}::{request.name}"] = request
        return super().RegisterResource(request)


def declare(program, *, published=None):
    """Run a program against a fresh recorder and return it once every registration has landed."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    engine = Recorder({"ciPrincipalIds": CI_PRINCIPALS} if published is None else published)
    pulumi.runtime.set_mocks(
        engine,
        project="twinloop",
        stack="any",
        preview=False,
        monitor=Watching(engine),
        organization="organization",
    )

    def run():
        drop_version_aliases()  # as the program does first: expanding them takes more time than all the rest
        engine.outputs = program()

    pulumi.runtime.test(run)()
    names = Counter((resource.typ, resource.name) for resource in engine.declared)
    assert not [name for name, times in names.items() if times > 1], "the real engine refuses a repeated URN"
    return engine


@functools.cache
def declared(stack):
    """What one of the four stacks declares."""
    return declare(lambda: build(settings_of(stack)))


@functools.cache
def settings_of(stack):
    return load(ROOT / f"Pulumi.{stack}.yaml")


@pytest.fixture
def config():
    """The configuration of dev, as a fresh copy to change."""

    def of(stack="dev"):
        document = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
        return json.loads(json.dumps(document["config"], default=str))

    return of
