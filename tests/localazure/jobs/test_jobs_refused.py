"""Jobs that would not run are refused before they are accepted, with every reason and with what exists."""

from __future__ import annotations

import pytest


def refusal(platform, name="refused", kind="Command", **properties):
    reply = platform.submit(name, jobType=kind, **properties)
    assert reply.status_code in (400, 501), reply.text
    assert (
        platform.call("GET", f"{platform.workspace}/jobs/{name}?api-version=2024-01-01-preview").status_code
        == 404
    )
    return reply.json()["error"]["message"]


def test_a_missing_cluster_is_named_with_those_that_exist(platform, environment):
    message = refusal(
        platform, command="true", environmentId=environment, computeId=f"{platform.workspace}/computes/gpu"
    )
    assert "compute 'gpu' does not exist" in message
    assert "cpu, denied" in message


def test_a_missing_environment_is_named_with_those_that_exist(platform, environment):
    wanted = f"{platform.workspace}/environments/nowhere/versions/1"
    message = refusal(platform, command="true", environmentId=wanted, computeId=platform.cpu)
    assert "environment 'nowhere' does not exist" in message
    assert "here" in message


def test_a_missing_version_of_an_environment_is_named_with_its_versions(platform, environment):
    wanted = f"{platform.workspace}/environments/here/versions/9"
    message = refusal(platform, command="true", environmentId=wanted, computeId=platform.cpu)
    assert "environment 'here' version '9' does not exist" in message
    assert "its versions: 1" in message


def test_all_reasons_are_told_at_once(platform):
    data = {"jobInputType": "uri_file", "uri": "azureml://datastores/nostore/paths/x.csv"}
    message = refusal(
        platform,
        command="echo ${{inputs.dat}}",
        inputs={"data": data},
        codeId=f"{platform.workspace}/codes/none/versions/1",
        computeId=platform.cpu,
    )
    assert "no such input; there are: data" in message
    assert "datastore 'nostore' does not exist" in message
    assert "workspaceblobstore" in message
    assert "code 'none' does not exist" in message
    assert "environment is missing" in message


def test_a_missing_data_asset_is_named(platform, environment):
    data = {"jobInputType": "uri_file", "uri": f"{platform.workspace}/data/sales/versions/4"}
    message = refusal(
        platform, command="true", inputs={"d": data}, environmentId=environment, computeId=platform.cpu
    )
    assert "input 'd': data asset 'sales' does not exist" in message


def test_more_nodes_than_the_cluster_has_are_refused(platform, environment):
    message = refusal(
        platform,
        command="true",
        environmentId=environment,
        computeId=platform.cpu,
        resources={"instanceCount": 5},
        distribution={"distributionType": "PyTorch", "processCountPerInstance": 1},
    )
    assert "instance_count is 5, but cluster 'cpu' has at most 2" in message


@pytest.mark.parametrize("kind", ["Sweep", "AutoML", "Spark", "Labeling"])
def test_a_kind_of_job_that_is_not_emulated_is_refused_by_name(platform, kind):
    assert f"not emulated: {kind} job" in refusal(platform, kind=kind)


@pytest.fixture(scope="module")
def component(platform, environment):
    spec = {
        "name": "scale",
        "version": "1",
        "type": "command",
        "command": "cp ${{inputs.raw}} ${{outputs.out}}/x; echo ${{inputs.rate}}",
        "environment": f"azureml:{environment}",
        "inputs": {
            "raw": {"type": "uri_file"},
            "rate": {"type": "number", "default": "1", "min": "0", "max": "2"},
        },
        "outputs": {"out": {"type": "uri_folder"}},
    }
    arm_id = f"{platform.workspace}/components/scale/versions/1"
    reply = platform.call(
        "PUT", f"{arm_id}?api-version=2024-01-01-preview", {"properties": {"componentSpec": spec}}
    )
    assert reply.status_code in (200, 201), reply.text
    return arm_id


def pipeline(platform, component, **inputs):
    def literal(text):
        return {"job_input_type": "literal", "value": text}

    first = {
        "type": "command",
        "componentId": component,
        "inputs": {"raw": literal("${{parent.inputs.raw}}")},
    }
    second = {
        "type": "command",
        "componentId": component,
        "inputs": {name: literal(text) for name, text in inputs.items()},
    }
    return refusal(
        platform,
        kind="Pipeline",
        inputs={
            "raw": {"jobInputType": "uri_file", "uri": "azureml://datastores/workspaceblobstore/paths/x"}
        },
        jobs={"first": first, "second": second},
        settings={"default_compute": platform.cpu},
    )


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (
            {"raw": "${{parent.jobs.first.outputs.nothing}}"},
            "input 'raw': step 'first' has no output 'nothing'; there are: out",
        ),
        (
            {"raw": "${{parent.jobs.frist.outputs.out}}"},
            "the pipeline has no step 'frist'; there are: first, second",
        ),
        ({"raw": "${{parent.inputs.row}}"}, "the pipeline has no input 'row'; there are: raw"),
        (
            {"raw": "${{parent.inputs.raw}}", "rat": "1"},
            "its component has no input 'rat'; there are: raw, rate",
        ),
        ({}, "input 'raw': required (uri_file), and not given"),
        ({"raw": "${{parent.inputs.raw}}", "rate": "fast"}, "input 'rate': 'fast' is not a number"),
        ({"raw": "${{parent.inputs.raw}}", "rate": "3"}, "input 'rate': 3 is above the greatest value 2"),
        ({"raw": "text"}, "input 'raw': wants uri_file, and is given the literal 'text'"),
        (
            {"raw": "${{parent.jobs.first.outputs.out}}"},
            "input 'raw': wants uri_file, and is given uri_folder",
        ),
        ({"raw": "${{inputs.raw}}"}, "a step can be wired to ${{parent.inputs.NAME}}"),
    ],
)
def test_a_wire_that_leads_nowhere_is_refused_with_step_and_port(platform, component, inputs, words):
    message = pipeline(platform, component, **inputs)
    assert "step 'second'" in message
    assert words in message


def test_steps_that_wait_for_each_other_are_refused(platform, component):
    def node(other):
        wire = {"job_input_type": "literal", "value": f"${{{{parent.jobs.{other}.outputs.out}}}}"}
        return {"type": "command", "componentId": component, "inputs": {"raw": wire}}

    message = refusal(
        platform,
        kind="Pipeline",
        jobs={"a": node("b"), "b": node("a")},
        settings={"default_compute": platform.cpu},
    )
    assert "in a circle" in message


def test_a_data_scientist_without_the_role_may_not_submit(platform, twin_server, environment):
    body = {"properties": {"jobType": "Command", "command": "true", "environmentId": environment}}
    path = f"{platform.workspace}/jobs/nobody?api-version=2025-01-01-preview"
    reply = twin_server.call("PUT", path, body, persona="nobody")
    assert reply.status_code == 403
    assert "AzureML Data Scientist" in reply.text
