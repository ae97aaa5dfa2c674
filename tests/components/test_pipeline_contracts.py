"""What holds for every pipeline: it only wires, every wire joins, and the real SDK loads it where it lies."""

import copy
import re
from pathlib import Path

import pytest
import yaml

from twinloop.loops.document import Document, load
from twinloop.loops.wiring import faults_of

ROOT = Path(__file__).resolve().parents[2]
PIPELINES = sorted(
    path
    for path in (ROOT / "pipelines").glob("*/*.yml")
    if yaml.safe_load(path.read_text()).get("type") == "pipeline"
)
SCHEMA = "https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json"
every_pipeline = pytest.mark.parametrize(
    "path", PIPELINES, ids=lambda path: f"{path.parent.name}/{path.stem}"
)


def body_of(path):
    return yaml.safe_load(path.read_text())


def component_of(path, step):
    return yaml.safe_load((path.parent / step["component"]).read_text())


def test_there_are_pipelines_to_hold_to_the_contract():
    assert ROOT / "pipelines" / "classical" / "training.yml" in PIPELINES


@every_pipeline
def test_a_pipeline_says_what_it_is(path):
    body = body_of(path)
    assert path.read_text().startswith(f"$schema: {SCHEMA}\n")
    assert all(body[key] for key in ("experiment_name", "display_name", "description"))
    assert body["settings"]["default_compute"].startswith("azureml:")


@every_pipeline
def test_a_pipeline_only_wires(path):
    for name, step in body_of(path)["jobs"].items():
        assert set(step) <= {"type", "component", "inputs", "outputs", "compute", "resources", "limits"}, (
            f"{name}: code, command and environment belong to the component"
        )
        assert not str(step["component"]).startswith(("/", "azureml:")), "a local component, by relative path"


@every_pipeline
def test_every_wire_joins_two_ports_that_exist(path):
    jobs = body_of(path)["jobs"]
    specs = {step: component_of(path, job) for step, job in jobs.items()}
    for step, job in jobs.items():
        known = specs[step]["inputs"]
        required = {p for p, spec in known.items() if "default" not in spec and not spec.get("optional")}
        assert job["inputs"].keys() <= known.keys(), f"{step} wires an input that does not exist"
        assert required <= job["inputs"].keys(), f"{step} leaves a required input open"
        for wire in map(str, job["inputs"].values()):
            for upstream, port in re.findall(r"parent\.jobs\.(\w+)\.outputs\.(\w+)", wire):
                assert port in specs[upstream]["outputs"], f"{upstream} has no output '{port}'"


@every_pipeline
def test_joined_ports_have_one_type(path):
    body = body_of(path)
    specs = {step: component_of(path, job) for step, job in body["jobs"].items()}
    for step, job in body["jobs"].items():
        for port, wire in job["inputs"].items():
            wanted = specs[step]["inputs"][port]["type"]
            for upstream, output in re.findall(r"parent\.jobs\.(\w+)\.outputs\.(\w+)", str(wire)):
                assert specs[upstream]["outputs"][output]["type"] == wanted, f"{step}.{port}"
            for given in re.findall(r"parent\.inputs\.(\w+)", str(wire)):
                declared = body["inputs"][given]
                if isinstance(declared, dict):
                    assert declared["type"] == wanted, f"{step}.{port}"


@every_pipeline
def test_the_tool_finds_no_fault_in_it(path):
    assert list(faults_of(load(path))) == []


@every_pipeline
def test_every_single_misspelt_wire_is_found_by_the_tool(path):
    body = body_of(path)
    for step, job in body["jobs"].items():
        for port in job["inputs"]:
            broken = copy.deepcopy(body)
            inputs = broken["jobs"][step]["inputs"]
            inputs[f"{port}x"] = inputs.pop(port)
            faults = [str(fault) for fault in faults_of(Document(path, broken))]
            assert any(f"jobs.{step}.inputs.{port}x" in fault and f"'{port}'?" in fault for fault in faults)


@every_pipeline
@pytest.mark.filterwarnings("ignore")  # the SDK's own, of its marshmallow
def test_the_real_sdk_loads_it_offline(path):
    from azure.ai.ml import load_component, load_job

    job = load_job(str(path))
    assert not job._validate().error_messages
    for step in body_of(path)["jobs"].values():
        component = load_component(str(path.parent / step["component"]))
        assert component.name == component_of(path, step)["name"]


@every_pipeline
def test_the_data_that_it_names_lies_beside_it(path):
    for name, spec in body_of(path)["inputs"].items():
        if isinstance(spec, dict) and "path" in spec:
            assert (path.parent / spec["path"]).exists(), f"input {name}"
