"""What computes: nobody logs in from outside, and nothing runs that nobody uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.plan import Resource
from policies import kinds
from policies.reading import is_known, value_at
from policies.rules import Breach, Demand, Rule, name_of

_CLUSTER = ("properties.computeType", ("AmlCompute",))
_INSTANCE = ("properties.computeType", ("ComputeInstance",))
_MACHINES = ("properties.computeType", ("AmlCompute", "ComputeInstance"))
_LONGEST_IDLE = 30 * 60  # seconds: a proposal of ours, twelve times what the clusters of dev have
_DURATION = re.compile(r"PT(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?")


def _idle(compute: Resource) -> Iterator[Breach]:
    if value_at(compute.inputs, "properties.computeType") != "AmlCompute":
        return
    idle = value_at(compute.inputs, "properties.properties.scaleSettings.nodeIdleTimeBeforeScaleDown")
    seconds = _seconds(idle)
    if is_known(idle) and (seconds is None or seconds > _LONGEST_IDLE):
        yield Breach(
            what=f"{name_of(compute)}: nodeIdleTimeBeforeScaleDown is {idle or 'left out'}; "
            "allowed: up to PT30M",
            fix="idleSeconds: 300 (at most 1800) for the cluster under twinloop:clusters",
        )


def _seconds(duration: object) -> int | None:
    found = _DURATION.fullmatch(str(duration or ""))
    if found is None:
        return None
    hours, minutes, seconds = (int(found[name] or 0) for name in ("hours", "minutes", "seconds"))
    return (hours * 60 + minutes) * 60 + seconds


def _no_shutdown(compute: Resource) -> Iterator[Breach]:
    if value_at(compute.inputs, "properties.computeType") != "ComputeInstance":
        return
    if not value_at(compute.inputs, "properties.properties.idleTimeBeforeShutdown"):
        yield Breach(
            what=f"{name_of(compute)} is a compute instance that runs until somebody stops it "
            "(idleTimeBeforeShutdown is left out)",
            fix="give it an idle shutdown, e.g. PT30M, where the settings list the instances",
        )


RULES = (
    Rule(
        name="nodes-have-no-public-address",
        title="No node of a cluster has a public address.",
        why="every node would be a host on the internet, with the cluster's identity on it",
        source="Azure security baseline for Azure Machine Learning, NS-2; Azure Machine Learning: Secure a "
        "training environment with virtual networks, no public IP",
        demands=(
            Demand(
                type=kinds.COMPUTE,
                path="properties.properties.enableNodePublicIp",
                allowed=(False,),
                default=True,
                fix="enableNodePublicIp False in infra/workspaces/compute.py",
                only=_MACHINES,
            ),
            Demand(
                type=kinds.AKS,
                path="agentPoolProfiles[].enableNodePublicIP",
                allowed=(False,),
                default=False,
                fix="enableNodePublicIP False where the pool is declared",
            ),
            Demand(
                type=kinds.POOL,
                path="enableNodePublicIP",
                allowed=(False,),
                default=False,
                fix="enableNodePublicIP False where the pool is declared",
            ),
        ),
    ),
    Rule(
        name="nodes-are-not-logged-in-to",
        title="Nobody logs in to nodes and instances over SSH from outside.",
        why="a port that guesses passwords all night, on a machine that can read the data",
        source="Azure security baseline for Azure Machine Learning, PV-3; Azure Machine Learning: "
        "Vulnerability management",
        demands=(
            Demand(
                type=kinds.COMPUTE,
                path="properties.properties.remoteLoginPortPublicAccess",
                allowed=("Disabled",),
                default="NotSpecified",
                fix="remoteLoginPortPublicAccess Disabled in infra/workspaces/compute.py; it cannot change",
                only=_CLUSTER,
            ),
            Demand(
                type=kinds.COMPUTE,
                path="properties.properties.sshSettings.sshPublicAccess",
                allowed=("Disabled",),
                default="Disabled",
                fix="sshPublicAccess Disabled where the instance is declared",
                only=_INSTANCE,
            ),
        ),
        advisory_in=frozenset(),
    ),
    Rule(
        name="computes-by-identity",
        title="Computes have no local accounts.",
        why="a local account is no one of Entra's: it stays when its owner leaves",
        source="Azure security baseline for Azure Machine Learning, IM-1; "
        "Azure Policy e96a9a5f-07ca-471b-9bc5-6a0f33cbd68f",
        demands=(
            Demand(
                type=kinds.COMPUTE,
                path="properties.disableLocalAuth",
                allowed=(True,),
                default=False,
                fix="disableLocalAuth True in infra/workspaces/compute.py",
                only=_MACHINES,
            ),
        ),
    ),
    Rule(
        name="clusters-scale-to-zero",
        title="A cluster without work has no nodes, after half an hour at most.",
        why="an idle GPU node costs as much as a busy one",
        source="Azure Machine Learning: Manage and optimize costs, training clusters for autoscaling",
        demands=(
            Demand(
                type=kinds.COMPUTE,
                path="properties.properties.scaleSettings.minNodeCount",
                allowed=(0,),
                default=0,
                fix="minNodes: 0 for the cluster under twinloop:clusters",
                only=_CLUSTER,
            ),
        ),
        types=(kinds.COMPUTE,),
        check=_idle,
    ),
    Rule(
        name="instances-stop-when-idle",
        title="A compute instance that nobody uses stops.",
        why="it costs day and night until somebody thinks of it",
        source="Azure Policy 679ddf89-ab8f-48a5-9029-e76054077449; Azure Machine Learning: Manage and "
        "optimize costs",
        types=(kinds.COMPUTE,),
        check=_no_shutdown,
    ),
    Rule(
        name="serverless-has-no-public-address",
        title="Serverless computes have no public address.",
        why="a job without a cluster of its own would run on a host of the internet",
        source="Azure Machine Learning: Serverless compute, no public IP",
        demands=(
            Demand(
                type=kinds.ML_WORKSPACE,
                path="serverlessComputeSettings.serverlessComputeNoPublicIP",
                allowed=(True,),
                default=False,
                fix="serverlessComputeNoPublicIP True in infra/workspaces/workspace.py",
            ),
        ),
    ),
)
