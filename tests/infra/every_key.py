"""Configurations that use every key of the settings between them, and their keys and values one by one."""

from __future__ import annotations

import json

import yaml

from infra.arm_ids import example_id
from infra.sections.taken import SUBNET
from tests.infra.conftest import ROOT, STACKS
from tests.journeys import company

FQDN = {
    "type": "fqdn",
    "name": "packages",
    "destination": "packages.example.com",
    "reason": "jobs install packages",
}
TAG = {
    "type": "serviceTag",
    "name": "logs",
    "tag": "AzureMonitor",
    "protocol": "TCP",
    "ports": "443",
    "reason": "jobs send their logs",
}
WAIVER = {
    "rule": "stateful-replace",
    "resource": "urn:pulumi:any::twinloop::azure-native:storage:StorageAccount::lake-account",
    "who": "ml-platform@example.com",
    "why": "the data was copied and compared",
    "until": "2027-01-31",
}


EXTENSION = {
    "training": True,
    "inference": True,
    "router": "LoadBalancer",
    "internal": True,
    "routerHa": False,
    "insecure": False,
    "tls": {"secret": "router-tls", "host": "models.ml.example.com"},
    "nvidiaDevicePlugin": True,
    "dcgmExporter": True,
    "prometheusOperator": False,
    "volcano": False,
    "releaseTrain": "preview",
}
ATTACH = {
    "name": "factory",
    "namespace": "azureml-jobs",
    "defaultInstanceType": "cpu-small",
    "instanceTypes": [{"name": "cpu-small", "pool": "aml", "cpu": 2, "memoryGib": 4, "gpus": 0}],
}
WINDOW = {"day": "Sunday", "start": "02:00", "hours": 5, "utcOffset": "+01:00"}
RECURRENCE = {"frequency": "Week", "interval": 2, "hour": 3, "minute": 30}
RUN = {
    "component": {"source": "workspace", "name": "retrain_taxi", "version": "1", "kind": "command"},
    "cluster": "cpu",
    "experiment": "retrain-taxi",
    "inputs": {"months": "12"},
}
SOURCES = {
    "stream": {
        "hub": "trips",
        "throughputUnits": 1,
        "maxThroughputUnits": 4,
        "partitions": 4,
        "retentionDays": 1,
        "captureMinutes": 5,
        "captureMb": 300,
        "senders": [{"name": "taxis", "objectId": "6d2b7fda-b82a-4e7c-9f7b-cf92fe8edf07"}],
    },
    "spark": {"nodeSize": "Small", "minNodes": 3, "maxNodes": 5, "pauseMinutes": 15, "version": "3.4"},
    "relational": {
        "version": "16",
        "sku": "Standard_D2ds_v4",
        "tier": "GeneralPurpose",
        "storageGb": 32,
        "backupDays": 7,
        "zoneRedundant": True,
        "administrators": {"name": "db-admins", "objectId": "7e3c8aeb-c93b-4f8d-8a8c-d0a30f9fea08"},
    },
    "documents": {"databases": ["features"], "zoneRedundant": False},
}


def written():
    """Configurations that use every key between them: those shipped, and some for what those do not use."""
    found = {stack: shipped(stack) for stack in STACKS}
    found |= {"more": rehearsal(), "open": in_the_open(), "taken": taken(), "taken-shared": taken_shared()}
    return json.loads(json.dumps(found, default=str))


def shipped(stack):
    """The configuration of a stack file as it is."""
    return yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]


def rehearsal():
    """Staging with all that can be turned on in a closed network."""
    more = shipped("staging")
    more["twinloop:managedNetwork"] |= {"firewallSku": "Standard"}
    more["twinloop:managedNetwork"]["outboundRules"] += [FQDN, TAG]
    more["twinloop:quotas"] += [
        {"family": "standardDSv3Family", "limit": 8, "location": "northeurope"},
        {"family": "vm/TotalLowPriorityCores", "limit": 24},
    ]
    more["twinloop:shared"] |= {"location": "westeurope", "resourceGroup": "rg-company"}
    more["twinloop:network"]["nat"] |= {"addresses": 2, "idleMinutes": 10, "zone": "1"}
    more["twinloop:network"]["peerings"][0] |= {"bothWays": True, "forwarded": False, "remoteGateway": False}
    more["twinloop:budget"]["actualPercent"] = [90]
    more["twinloop:lake"]["zones"]["monitoring"] = {"coolAfterDays": 10, "archiveAfterDays": 20}
    more["twinloop:lake"]["zones"]["landing"] = {"archiveAfterDays": 20}
    more["twinloop:waivers"] = [WAIVER]
    more["twinloop:gate"] = {"enforcement": "mandatory"}
    more["twinloop:policies"] |= {"computeInNetwork": "Audit", "workspaceOwnKey": "Deny"}
    more["twinloop:vault"]["purgeProtection"] = True
    more["twinloop:encryption"] = {
        "of": ["workspace", "lake"],
        "mode": "classic",
        "keyBits": 4096,
        "cosmosPrincipalId": "8f4d9bfc-da4c-4a9e-9b9d-e1b41a0afb09",
    }
    more["twinloop:costExport"] = {
        "type": "AmortizedCost",
        "recurrence": "Weekly",
        "since": "2026-12-01",
        "until": "2036-12-01",
        "folder": "bills",
    }
    clusters_beside(more)
    people_and_models(more)
    return more


def clusters_beside(more):
    """All that a cluster of ours can have, and one elsewhere."""
    kubernetes = more["twinloop:kubernetes"]
    kubernetes |= {"adminGroups": ["9a5eacad-eb5d-4baf-8cae-f2c52b1b0c10"], "localAccounts": True}
    kubernetes["api"]["zone"] = (
        f"{company.HUB}/providers/Microsoft.Network/privateDnsZones/privatelink.westeurope.azmk8s.io"
    )
    kubernetes["spaces"] = {"pods": "10.244.0.0/16", "services": "10.0.0.0/16"}
    kubernetes["upgrades"]["window"]["utcOffset"] = "+01:00"
    kubernetes["upgrades"]["nodeWindow"] = WINDOW
    kubernetes["extension"] = EXTENSION
    kubernetes["pools"].append(
        {
            "name": "slices",
            "purpose": "jobs",
            "gpu": True,
            "gpuSlice": "MIG1g",
            "vmSize": "Standard_NC24ads_A100_v4",
            "minNodes": 0,
            "maxNodes": 1,
            "maxPods": 30,
            "diskGb": 256,
            "zones": ["1"],
            "labels": {"team": "vision"},
            "spot": {"resumes": "jobs start from a checkpoint", "maxPrice": 0.9},
        }
    )
    way = {"to": "10.30.0.0/24", "ports": [5432], "reason": "features are read from the warehouse"}
    kubernetes["inside"]["namespaces"][0]["waysOut"] = [way]
    more["twinloop:arc"] = {
        "name": "arc-factory",
        "agentKey": "QUJD" * 40,
        "distribution": "k3s",
        "adminGroups": ["ab6fbdbe-fc6e-4cb0-9dbf-a3d63c2c1d11"],
        "extension": EXTENSION,
        "attach": ATTACH,
    }


def people_and_models(more):
    """All that a workspace can have for people, data and models."""
    more["twinloop:instances"] = shipped("dev")["twinloop:instances"] | {"reason": "a hand-over is tried"}
    more["twinloop:instances"]["people"][0]["vmSize"] = "Standard_DS3_v2"
    more["twinloop:labelling"] = shipped("dev")["twinloop:labelling"]
    page = "https://docs.example.com/labels"
    for project in more["twinloop:labelling"]["projects"]:
        project |= {"assistedBy": "cpu", "instructions": page}
    connection = {"name": "packages", "category": "PythonFeed", "target": "https://packages.example.com"}
    more["twinloop:connections"] = [connection | {"auth": "AAD", "shared": False}]
    more["twinloop:sources"] = SOURCES
    more["twinloop:featureStore"] = {"sparkVersion": "3.4"}
    endpoint = more["twinloop:endpoints"]["online"][0]
    endpoint |= {"readsConnections": True, "readsSecrets": True}
    endpoint["deployments"] = [{"name": "green", "minInstances": 2, "maxInstances": 4, "weekendInstances": 1}]
    weekly = {"name": "retrain-weekly", "endpoint": "taxi", "enabled": False, "recurrence": RECURRENCE}
    more["twinloop:schedules"].append(weekly | {"timeZone": "W. Europe Standard Time", "run": RUN})
    more["twinloop:events"]["retrain"]["run"] = RUN
    watch = more["twinloop:monitors"][0]
    watch |= {"deployment": "green", "runtime": "3.3", "timeZone": "W. Europe Standard Time"}
    watch["recurrence"]["minute"] = 15
    watch["production"]["targetColumn"] = "prediction"
    by_cron = {key: value for key, value in watch.items() if key != "recurrence"}
    more["twinloop:monitors"].append(by_cron | {"name": "watch-weekly", "cron": "0 3 * * 1"})
    more["twinloop:dashboards"] = {
        "prometheus": True,
        "workbook": True,
        "dashboard": True,
        "grafana": {"sku": "Standard", "viewers": ["bc70cecf-0d7f-4dc1-8ec0-b4e74d3d2e12"]},
    }


def in_the_open():
    """Dev with what only an open network can have."""
    found, closed = shipped("dev"), shipped("staging")
    found["twinloop:managedNetwork"] = {"isolationMode": "Disabled"}
    found["twinloop:serverless"] = {"subnet": example_id(SUBNET)}
    kubernetes = closed["twinloop:kubernetes"] | {"egress": "loadBalancer"}
    kubernetes["api"] = {"access": "public", "authorisedNetworks": ["203.0.113.0/24"]}
    without_tls = {key: value for key, value in EXTENSION.items() if key != "tls"}
    kubernetes["extension"] = without_tls | {"insecure": True, "internal": False}
    found["twinloop:kubernetes"] = kubernetes
    found["twinloop:quotas"] = closed["twinloop:quotas"]
    return found


def taken():
    """Prod with everything taken from the company."""
    taken = yaml.safe_load(company.settings((ROOT / "Pulumi.prod.yaml").read_text()))["config"]
    taken["twinloop:group"] |= {"grants": "all", "budget": True}
    for section in ("logs", "vault", "images"):
        taken[f"twinloop:{section}"]["grants"] = "none"
    taken["twinloop:network"]["subnets"]["kubernetes"] = company.subnet("kubernetes")
    taken["twinloop:dns"] |= {"link": True, "records": True}
    taken["twinloop:network"]["endpoints"] = True
    for section in ("vault", "images"):
        taken[f"twinloop:{section}"]["endpoint"] = True
    taken["twinloop:roles"] = {"retrain-submitter": {"existing": role_of(company.PROD)}}
    return taken


def role_of(subscription):
    """A role that the company made."""
    provider = "Microsoft.Authorization/roleDefinitions"
    return f"/subscriptions/{subscription}/providers/{provider}/1c9d10a7-0b7a-4f0e-9a53-2f6f5a8c5f1d"


def taken_shared():
    """The shared stack in a group of the company, with all that it can have."""
    shared = shipped("shared")
    shared["twinloop:identities"] = {"ci-preview": {"existing": company.identity("ci")}}
    subscription = shared["azure-native:subscriptionId"]
    shared["twinloop:group"] = {"existing": company.GIVEN.replace(company.PROD, subscription)}
    shared["twinloop:group"] |= {"grants": "none", "budget": False}
    shared["twinloop:quotas"] = [{"family": "standardDSv3Family", "limit": 8, "location": "northeurope"}]
    shared["twinloop:waivers"] = [WAIVER]
    shared["twinloop:dns"] = {"existing": company.HUB}
    shared["twinloop:logs"] = {"existing": company.LOGS, "categories": "all", "grants": "machines"}
    shared["twinloop:roles"] = {"registry-reader": {"existing": role_of(subscription)}}
    shared["twinloop:gate"] = {"enforcement": "mandatory"}
    shared["twinloop:tombstones"] = {"workspace": "refuse", "vault": "recover", "logs": "recover"}
    shared["twinloop:images"] = {
        "sku": "Premium",
        "zoneRedundant": True,
        "untaggedRetentionDays": 30,
        "publicAccess": "Enabled",
        "allowedNetworks": ["203.0.113.0/24"],
    }
    shared["twinloop:ci"]["azureDevOps"] = {
        "issuer": "https://vstoken.dev.azure.com/8c5f1d7e-0b7a-4f0e-9a53-2f6f5a1c9d10",
        "organization": "example",
        "project": "platform",
    }
    return shared


CONFIGS = written()


def leaves(value, key):
    """Keys and scalars, as one would give them to the command line one by one."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(inner, f"{key}.{name}")
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{key}[{index}]")
    else:
        yield key, value


def every_leaf(config):
    return [leaf for key, value in config.items() for leaf in leaves(value, key)]


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)
