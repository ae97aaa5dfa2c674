"""A job's file is held against its components before anything is sent."""

from pathlib import Path

import pytest
import yaml

from twinloop.loops.document import Override, load
from twinloop.loops.needs import needs_of
from twinloop.loops.submit import read
from twinloop.loops.wiring import WiringRefused, faults_of
from twinloop.problems import BadUsage, NotFound

TRAINING = Path(__file__).resolve().parents[2] / "pipelines" / "classical" / "training.yml"

COMPONENT = {
    "type": "command",
    "inputs": {
        "data": {"type": "uri_folder"},
        "rounds": {"type": "integer", "default": 5, "min": 1, "max": 9},
        "note": {"type": "string", "optional": True},
    },
    "outputs": {"model": {"type": "mlflow_model"}},
    "environment": "azureml:base:3",
    "command": "true",
}


def a_pipeline(folder, **steps):
    (folder / "fit.yaml").write_text(yaml.safe_dump(COMPONENT))
    fit = {"type": "command", "component": "fit.yaml", "inputs": {"data": "${{parent.inputs.data}}"}}
    body = {
        "type": "pipeline",
        "settings": {"default_compute": "azureml:cpu", "default_datastore": "azureml:workspaceblobstore"},
        "inputs": {"data": {"type": "uri_folder", "path": "azureml://datastores/lake/paths/x"}},
        "jobs": {"fit": fit} | steps,
    }
    path = folder / "pipeline.yml"
    path.write_text(yaml.safe_dump(body, sort_keys=False))
    return path


def faults(path, *changes):
    return [str(fault) for fault in faults_of(load(path, map(Override.parse, changes)))]


def step(**inputs):
    return {"type": "command", "component": "fit.yaml", "inputs": inputs}


def test_a_pipeline_that_fits_has_no_fault(tmp_path):
    assert faults(a_pipeline(tmp_path)) == []


def test_a_misspelt_input_is_told_with_step_port_and_nearest_name(tmp_path):
    path = a_pipeline(tmp_path, more=step(data="${{parent.inputs.data}}", rouns=3))
    (fault,) = faults(path)
    assert fault.startswith("jobs.more.inputs.rouns: the step has no input 'rouns'; did you mean 'rounds'?")
    assert fault.endswith("(there are: data, note, rounds)")


@pytest.mark.parametrize(
    ("wired", "words"),
    [
        (step(), "the required input 'data' is left open"),
        (step(data="${{parent.jobs.fitt.outputs.model}}"), "there is no step 'fitt'; did you mean 'fit'?"),
        (step(data="${{parent.jobs.fit.outputs.modell}}"), "no output 'modell'; did you mean 'model'?"),
        (step(data="${{parent.inputs.dta}}"), "the pipeline has no input 'dta'; did you mean 'data'?"),
        (step(data="${{parent.data}}"), "'parent.data' joins nothing"),
        (step(data="${{parent.inputs.data}}", rounds="many"), "'many' is not a whole number"),
        (step(data="${{parent.inputs.data}}", rounds=10), "10 is outside 1 to 9"),
        ({**step(data="${{parent.inputs.data}}"), "outputs": {"modle": {}}}, "no output 'modle'"),
    ],
)  # fmt: skip
def test_every_kind_of_wrong_wire_is_told(tmp_path, wired, words):
    assert any(words in fault for fault in faults(a_pipeline(tmp_path, more=wired)))


def test_all_faults_are_told_at_once_and_nothing_is_submitted(tmp_path):
    path = a_pipeline(tmp_path, one=step(dta=1), two=step(data="${{parent.inputs.dta}}"))
    with pytest.raises(WiringRefused) as refused:
        read(path)
    assert len(refused.value.faults) == 3
    assert "nothing was submitted" in str(refused.value)
    assert refused.value.where == str(path)


def test_a_pipeline_input_that_no_step_reads_is_told(tmp_path):
    path = a_pipeline(tmp_path)
    body = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**body, "inputs": body["inputs"] | {"seed": 3}}))
    assert faults(path) == ["inputs.seed: no step reads it, so it would have no effect"]


def test_a_value_that_reaches_a_step_through_the_pipeline_is_held_to_the_steps_limits():
    assert faults(TRAINING, "inputs.rounds=0") == ["inputs.rounds: 0 is outside 1 to 5000"]


def test_a_missing_component_file_is_told(tmp_path):
    path = a_pipeline(tmp_path, more={"type": "command", "component": "gone.yaml", "inputs": {}})
    with pytest.raises(NotFound, match="no such file"):
        faults(path)


def test_a_component_of_the_workspace_is_left_to_the_workspace(tmp_path):
    remote = {"type": "command", "component": "azureml:fit:1", "inputs": {"anything": 1}}
    assert faults(a_pipeline(tmp_path, more=remote)) == []


def test_a_commands_own_placeholders_are_checked(tmp_path):
    path = tmp_path / "job.yml"
    job = {"type": "command", "command": "echo ${{inputs.nane}}", "inputs": {"name": "x"}}
    path.write_text(yaml.safe_dump(job))
    (fault,) = faults(path)
    assert fault.startswith("command: the command uses 'inputs.nane', which is not declared")
    assert "did you mean 'inputs.name'?" in fault


def test_a_change_is_made_with_the_type_that_yaml_gives_it():
    document = load(TRAINING, [Override.parse("inputs.seed=11"), Override.parse("display_name=mine")])
    assert (document.body["inputs"]["seed"], document.body["display_name"]) == (11, "mine")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("jobs.trian.inputs.rounds=1", "did you mean 'train'?"),
        ("type.kind=1", "nothing named 'kind'"),
        ("seed", "path=value"),
        ("inputs..seed=1", "path=value"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(change, words):
    with pytest.raises(BadUsage) as refused:
        load(TRAINING, [Override.parse(change)])
    assert words in str(refused.value)


def test_keys_on_the_way_of_a_change_are_added_as_az_adds_them():
    changes = ["resources.instance_count=2", "tags.team=risk", "jobs.train.limits.timeout=60"]
    body = load(TRAINING, map(Override.parse, changes)).body
    assert body["resources"] == {"instance_count": 2}
    assert body["tags"] == {"workload": "classical", "team": "risk"}
    assert body["jobs"]["train"]["limits"] == {"timeout": 60}


def test_a_place_in_a_list_can_be_changed(tmp_path):
    (tmp_path / "job.yml").write_text("type: command\nargs: [1, 2]\n")
    assert load(tmp_path / "job.yml", [Override.parse("args[1]=5")]).body["args"] == [1, 5]


def test_an_input_that_a_change_adds_and_no_step_reads_is_told_with_the_nearest_name():
    assert faults(TRAINING, "inputs.sed=1") == [
        "inputs.sed: no step reads it, so it would have no effect; did you mean 'seed'?"
    ]


def test_an_input_that_a_change_adds_to_a_command_must_be_used_by_it(tmp_path):
    path = tmp_path / "job.yml"
    job = {"type": "command", "command": "echo ${{inputs.name}}", "inputs": {"name": "x", "unused": "y"}}
    path.write_text(yaml.safe_dump(job))
    (fault,) = faults(path, "inputs.nam=z")
    assert fault.startswith("inputs.nam: the command does not use it")
    assert "did you mean 'name'?" in fault


def test_what_is_no_yaml_or_no_job_is_refused(tmp_path):
    (tmp_path / "list.yml").write_text("- 1\n")
    (tmp_path / "broken.yml").write_text("a: [\n")
    for name in ("list.yml", "broken.yml"):
        with pytest.raises(BadUsage):
            load(tmp_path / name)
    with pytest.raises(NotFound) as missing:
        load(tmp_path / "gone.yml")
    assert "list.yml" in missing.value.next_step


def test_everything_that_must_exist_is_collected_from_file_and_components(tmp_path):
    found = {(need.kind, need.name, need.version) for need in needs_of(load(a_pipeline(tmp_path)))}
    assert found == {
        ("compute", "cpu", ""), ("datastore", "workspaceblobstore", ""),
        ("datastore", "lake", ""), ("environment", "base", "3"),
    }  # fmt: skip


def test_inline_environments_and_serverless_need_nothing(tmp_path):
    inline = {**COMPONENT, "environment": {"image": "x", "conda_file": "y"}}
    job = {"type": "command", "component": inline, "compute": "serverless", "inputs": {}}
    path = a_pipeline(tmp_path, more=job)
    assert {need.where for need in needs_of(load(path)) if "more" in need.where} == set()
