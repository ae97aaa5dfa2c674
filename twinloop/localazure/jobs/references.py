"""What a job refers to by id: looked up in its workspace, and refused by name with what exists instead."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from checks.environments import curated
from checks.environments.recipe import BadRecipe
from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import children_of, resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import identities, registry_environments, serverless
from twinloop.localazure.jobs.asset_lookup import collection, split
from twinloop.localazure.jobs.recipes import recipe
from twinloop.localazure.jobs.steps import SERVERLESS, Step
from twinloop.localazure.services.machinelearning import instances, kubernetes_computes
from twinloop.localazure.services.machinelearning.datastore_paths import resolve_job_output
from twinloop.localazure.storage.datastore_uri import parse_blob_url, parse_datastore

_SHOWN = 8
_ASSET = re.compile(r"azureml:(?!//)(?P<name>[^:/@]+)(?::(?P<version>[^:/@]+))?")


@dataclass(frozen=True)
class Data:
    """A place that holds data, and what is known of it."""

    uri: str
    type: str = ""  # empty: not known
    asset: str = ""  # ARM id of the version that was named


class References:
    """The look-ups of one job; each adds to `problems` what it could not find."""

    def __init__(self, twin: Twin, workspace: str) -> None:
        self.twin = twin
        self.workspace = ArmId(workspace)
        self.problems: list[str] = []

    def compute(self, given: str | None, where: str) -> str:
        """ARM id of a cluster, or `serverless`."""
        text = (given or "").removeprefix("azureml:")
        if not text or text.lower() == SERVERLESS or text.lower().endswith(f"/computes/{SERVERLESS}"):
            return SERVERLESS
        arm_id = ArmId(text) if "/" in text else self.workspace.child("computes", text)
        doc = resource(self.twin, arm_id)
        if doc is None:
            self._missing(f"{where}compute '{arm_id.name}'", self._names("computes"))
            return SERVERLESS
        kind = str(doc["body"].get("properties", {}).get("computeType", ""))
        if kind.lower() == instances.KIND.lower():
            if problem := instances.why_not(doc, self.twin):
                self.problems.append(f"{where}{problem}")
        elif kind == kubernetes_computes.KIND:
            if problem := kubernetes_computes.why_not(doc, self.twin):
                self.problems.append(f"{where}{problem}")
        elif kind.lower() != "amlcompute":
            self.problems.append(
                f"{where}compute '{arm_id.name}' is a {kind or 'compute'}; "
                "jobs are emulated on AmlCompute clusters, compute instances and attached AKS clusters"
            )
        return str(doc["id"])

    def serverless(self, step: Step, where: str) -> Step:
        """A step with the size of its nodes, where it names no cluster; on Kubernetes, of its pods."""
        if step.compute != SERVERLESS and step.instance_type:
            self._pod(step, where)
        if step.compute != SERVERLESS or self.problems:
            return step
        home = self.workspace.text
        try:
            if step.identity == "Managed":
                identities.workspace_identity(self.twin, home)
            size = serverless.size(self.twin, home, step.instance_type, step.tier, step.instances)
        except (serverless.NoRoom, identities.NoIdentity) as error:
            self.problems.append(f"{where}{error}")
            return step
        if problem := serverless.network_problem(self.twin, home):
            self.problems.append(f"{where}{problem}")
        return replace(step, instance_type=size)

    def _pod(self, step: Step, where: str) -> None:
        """A step on Kubernetes names an instance type that its pods can have; other clusters have none."""
        doc = resource(self.twin, ArmId(step.compute))
        if doc is None or doc["body"]["properties"].get("computeType") != kubernetes_computes.KIND:
            return
        problem = kubernetes_computes.why_not(doc, self.twin, step.instance_type)
        if problem and f"{where}{problem}" not in self.problems:
            self.problems.append(f"{where}{problem}")

    def max_nodes(self, compute: str) -> int:
        """How many nodes a cluster can have; 0 if that has no limit."""
        doc = resource(self.twin, ArmId(compute)) if compute != SERVERLESS else None
        if doc is None:
            return 0
        if doc["body"]["properties"].get("computeType") == kubernetes_computes.KIND:
            return kubernetes_computes.pods(doc, self.twin)
        inner = doc["body"].get("properties", {}).get("properties") or {}
        return int((inner.get("scaleSettings") or {}).get("maxNodeCount") or 1)

    def environment(self, given: str | None, where: str) -> str:
        """Id of an environment version that can be had here: in the workspace, or curated in a registry."""
        if not given:
            self.problems.append(f"{where}environment is missing; name one, e.g. azureml:train:1")
            return ""
        asked = curated.asked(given)
        if asked and asked.registry.lower() != curated.REGISTRY:
            try:
                reference: str | None = registry_environments.version_id(self.twin, asked)
            except registry_environments.NotThere as error:
                self.problems.append(f"{where}{error}")
                return ""
        else:
            reference = curated.pinned(given)
        if reference is None:
            found = self._version(given, "environments", f"{where}environment")
            if found is None:
                return ""
            reference = found[0].text
        try:
            recipe(self.twin, reference)
        except BadRecipe as error:
            self.problems.append(f"{where}{error}")
        return reference

    def code(self, given: str | None, where: str) -> str:
        """ARM id of a code version; empty if the job has no code."""
        found = self._version(given, "codes", f"{where}code") if given else None
        return found[0].text if found else ""

    def component(self, given: str | None, where: str) -> tuple[str, dict[str, Any]] | None:
        """ARM id and specification of a component version."""
        if not given:
            self.problems.append(f"{where}component is missing")
            return None
        found = self._version(given, "components", f"{where}component")
        return (found[0].text, dict(found[1].get("componentSpec") or {})) if found else None

    def data(self, uri: str, where: str) -> Data | None:
        """Where data lies that was named by asset, datastore path or URL."""
        if uri.startswith("/subscriptions/") or _ASSET.fullmatch(uri):
            kind = "models" if "/models/" in uri.lower() else "data"
            found = self._version(uri, kind, f"{where}{'model' if kind == 'models' else 'data asset'}")
            if found is None:
                return None
            arm_id, properties = found
            place, of = ("modelUri", "modelType") if kind == "models" else ("dataUri", "dataType")
            data = Data(str(properties[place]), str(properties.get(of) or ""), arm_id.text)
            return data if self._place(data.uri, where) else None
        try:
            place = resolve_job_output(self.twin, self.workspace, uri)
        except InvalidRequest as error:
            self.problems.append(f"{where}{error.message}")
            return None
        return Data(place) if self._place(place, where) else None

    def datastore(self, name: str, where: str) -> bool:
        """Whether the workspace has this datastore."""
        bare = name.removeprefix("azureml:").rpartition("/")[2]
        if resource(self.twin, self.workspace.child("datastores", bare)) is not None:
            return True
        self._missing(f"{where}datastore '{bare}'", self._names("datastores"))
        return False

    def _place(self, uri: str, where: str) -> bool:
        if path := parse_datastore(uri):
            home = ArmId(path.workspace_id) if path.workspace_id else self.workspace
            if home != self.workspace:
                self.problems.append(
                    f"{where}'{uri}' lies in another workspace; give a path in a datastore of this one"
                )
                return False
            return self.datastore(path.datastore, where)
        if parse_blob_url(uri):
            return True
        self.problems.append(
            f"{where}'{uri}' cannot be read: allowed are a data asset (azureml:NAME:VERSION), "
            "azureml://datastores/NAME/paths/PATH, and the URL of a blob in a storage account of this twin"
        )
        return False

    def _version(self, given: str, kind: str, what: str) -> tuple[ArmId, dict[str, Any]] | None:
        """Id and properties of an asset version, by ARM id or `azureml:NAME:VERSION`."""
        asset = _ASSET.fullmatch(given)
        if asset:
            arm_id = self.workspace.child(kind, asset["name"]).child("versions", asset["version"] or "1")
        else:
            arm_id = ArmId(given.removeprefix("azureml:"))
        parts = split(arm_id.text)
        if parts is None:
            self.problems.append(f"{what} '{given}' is not the id of a version; write azureml:NAME:VERSION")
            return None
        owner, of, name, version = parts
        if owner != self.workspace:
            self.problems.append(
                f"{what} '{name}' is in '{owner.name}', not in workspace '{self.workspace.name}'"
            )
            return None
        known = collection(self.twin, owner, of)
        if doc := known.find(name, version):
            return known.id(doc["name"], doc["version"]), dict(doc["properties"])
        if versions := [str(doc["version"]) for doc in known.versions(name)]:
            self._missing(f"{what} '{name}' version '{version}'", versions, "its versions")
        else:
            self._missing(f"{what} '{name}'", [str(doc["name"]) for doc in known.containers()])
        return None

    def _names(self, kind: str) -> list[str]:
        return sorted(child.name for child in children_of(self.twin, self.workspace, kind))

    def _missing(self, what: str, there: list[str], noun: str = "there are") -> None:
        shown = ", ".join(there[:_SHOWN]) + (
            f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
        )
        there_are = f"{noun}: {shown}" if there else "there are none"
        self.problems.append(f"{what} does not exist in workspace '{self.workspace.name}'; {there_are}")
