"""What holds for every component: its form, its ports, its command, its environment."""

import ast
import re
import sys
from collections import Counter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS = sorted((ROOT / "components").glob("*/component.yaml"))
SCHEMA = "https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json"
# A number without one of these says neither its unit nor its range.
UNITS = re.compile(r"number of|share|no unit|0 to 1|seconds|nats|rows|bytes|trees", re.IGNORECASE)

# `azure` is a namespace of many distributions: the module's own name decides. azure-ai-ml brings azure-core.
AZURE = {"azure.ai.ml": {"azure-ai-ml"}, "azure.core": {"azure-ai-ml"}, "azure.identity": {"azure-identity"}}
NOT_IMPORTED = {
    "azureml-mlflow": "the plug-in by which mlflow knows a workspace",
    "lightgbm": "loads the model that is evaluated",
    "pyarrow": "reads and writes parquet for pandas",
    "scikit-learn": "LightGBM's models need it to load",
}


def spec(path):
    return yaml.safe_load(path.read_text())


def ports(component):
    return [
        *(f"inputs.{name}" for name in component.get("inputs", {})),
        *(f"outputs.{name}" for name in component.get("outputs", {})),
    ]


def requirements(path):
    conda = yaml.safe_load((path.parent / spec(path)["environment"]["conda_file"]).read_text())
    pip = next(entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict))
    return [Requirement(line) for line in pip], [e for e in conda["dependencies"] if isinstance(e, str)]


def locked():
    found = re.findall(r"^([A-Za-z0-9_.-]+)==([^ \\;]+)", (ROOT / "requirements.lock").read_text(), re.M)
    return {canonicalize_name(name): version for name, version in found}


def imported(path):
    for file in (path.parent / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.module


every_component = pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.parent.name)


def test_there_are_components_to_hold_to_the_contract():
    assert {path.parent.name for path in COMPONENTS} >= {"prepare_table", "register_model"}


@every_component
def test_a_component_says_what_it_is_in_the_one_fixed_order(path):
    component = spec(path)
    assert path.read_text().startswith(f"$schema: {SCHEMA}\n")
    order = [
        "$schema", "type", "name", "version", "display_name", "description", "is_deterministic",
        "inputs", "outputs", "code", "environment", "command",
    ]  # fmt: skip
    assert list(component) == order
    assert component["name"] == path.parent.name
    assert re.fullmatch(r"\d+\.\d+\.\d+", component["version"])


@every_component
def test_every_port_is_described_and_every_number_has_a_unit(path):
    component = spec(path)
    for kind in ("inputs", "outputs"):
        for name, port in component[kind].items():
            assert port["description"].endswith("."), f"{kind}.{name} lacks a description"
            if port["type"] in {"number", "integer"}:
                assert UNITS.search(port["description"]), f"{name}: say the unit, or 'no unit'"
                assert {"default", "min", "max"} <= port.keys(), f"{name}: give default, min and max"
                assert port["min"] <= port["default"] <= port["max"]


@every_component
def test_the_command_uses_each_port_exactly_once(path):
    component = spec(path)
    used = Counter(re.findall(r"\$\{\{\s*([\w.]+)\s*\}\}", component["command"]))
    assert used == Counter(ports(component))


@every_component
def test_the_command_runs_the_package_of_the_components_name(path):
    component = spec(path)
    assert component["command"].startswith(f"python -m {component['name']} ")
    assert (path.parent / component["code"] / component["name"] / "__main__.py").is_file()


@every_component
def test_the_environment_holds_for_the_projects_lock(path):
    pins, conda = requirements(path)
    versions = locked()
    for pin in pins:
        version = versions.get(canonicalize_name(pin.name))
        assert version, f"{pin.name} is not in requirements.lock"
        assert pin.specifier.contains(version), f"{pin} does not hold for the locked {version}"
    python = next(Requirement(line) for line in conda if line.startswith("python"))
    assert python.specifier.contains(".".join(map(str, sys.version_info[:3])))


@every_component
def test_a_component_imports_its_environment_and_nothing_else(path):
    pins, _ = requirements(path)
    declared = {canonicalize_name(pin.name) for pin in pins}
    own = path.parent.name
    owners = packages_distributions()
    for module in set(imported(path)):
        top = module.split(".")[0]
        if top in sys.stdlib_module_names or top == own:
            continue
        candidates = AZURE.get(".".join(module.split(".")[:3])) or AZURE.get(".".join(module.split(".")[:2]))
        candidates = candidates or {canonicalize_name(name) for name in owners.get(top, [])}
        assert candidates & declared, f"{own} imports {module}, which its environment does not declare"


@every_component
def test_what_the_environment_declares_is_imported_or_has_a_reason(path):
    pins, _ = requirements(path)
    owners = packages_distributions()
    used = {
        canonicalize_name(name) for module in imported(path) for name in owners.get(module.split(".")[0], [])
    }
    for pin in pins:
        assert canonicalize_name(pin.name) in used or pin.name in NOT_IMPORTED, (
            f"{pin.name} is declared in vain"
        )
