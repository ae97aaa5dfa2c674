"""What one run needs to know before it starts: its command, its inputs and outputs, where and how it runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

SERVERLESS = "serverless"
FOLDERS = frozenset({"uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model"})
FILES = frozenset({"uri_file"})
PATHS = FOLDERS | FILES
MODELS = frozenset({"mlflow_model", "custom_model", "triton_model"})
DEFAULT_TIMEOUT = 0.0  # seconds; 0 is none


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of a run: a literal, a place in a datastore, or another step's output."""

    type: str  # literal, uri_file, uri_folder, mltable, mlflow_model, custom_model, triton_model
    value: str | None = None  # of a literal; None leaves an optional input out
    uri: str = ""  # of data
    mode: str = ""  # ReadOnlyMount, Download, Direct...; empty is the type's default
    step: str = ""  # the step whose output it is, within one pipeline
    output: str = ""  # that output's name
    asset: str = ""  # the data asset or model that was named, for lineage

    @property
    def is_data(self) -> bool:
        """Whether it is a path for the command, rather than a literal."""
        return self.type in PATHS


@dataclass(frozen=True, kw_only=True)
class Output:
    """One output of a run: what it is and where it is to be kept."""

    type: str
    uri: str = ""  # empty: the default datastore, under the run's name
    mode: str = ""
    asset_name: str = ""  # registered under this name when the run completes
    asset_version: str = ""
    parent: str = ""  # the pipeline output that it is


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """How many processes per node, and by which convention they find each other."""

    kind: str  # mpi, pytorch, tensorflow
    processes: int = 1  # per node
    parameter_servers: int = 0
    workers: int = 0


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command to run, with everything resolved to ids and literals."""

    name: str
    command: str
    display_name: str = ""
    code: str = ""  # ARM id of the code version; empty if there is none
    environment: str = ""  # ARM id of the environment version
    compute: str = SERVERLESS  # ARM id, or `serverless`
    component: str = ""  # ARM id, in a pipeline
    inputs: dict[str, Input] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    timeout: float = DEFAULT_TIMEOUT  # seconds
    instances: int = 1
    distribution: Distribution | None = None
    deterministic: bool = False  # may be answered by an earlier run
    identity: str = ""  # Managed, UserIdentity, AMLToken; empty is the compute's default
    instance_type: str = ""  # of serverless nodes
    tier: str = "Standard"  # of serverless nodes: Standard or Spot
    user_properties: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    datastore: str = "workspaceblobstore"

    @property
    def after(self) -> frozenset[str]:
        """Steps that must have completed first."""
        return frozenset(given.step for given in self.inputs.values() if given.step)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def read_step(doc: dict[str, Any]) -> Step:
    """A step from its JSON."""
    distribution = doc.get("distribution")
    return Step(
        **{
            **doc,
            "inputs": {name: Input(**given) for name, given in doc["inputs"].items()},
            "outputs": {name: Output(**wanted) for name, wanted in doc["outputs"].items()},
            "distribution": Distribution(**distribution) if distribution else None,
        }
    )
