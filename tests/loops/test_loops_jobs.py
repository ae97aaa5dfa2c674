"""Jobs are listed, shown, fetched and compared as a data scientist expects."""

import re

import pytest

from tests.loops.conftest import ended
from twinloop.loops import compare, jobs, rerun, steps
from twinloop.loops.client import connect
from twinloop.loops.document import Override, load
from twinloop.loops.download import Wanted, download
from twinloop.loops.identity import Identity, identity_of, who_is
from twinloop.loops.rerun import Changes
from twinloop.loops.runs import WorkspaceHistory
from twinloop.loops.sample import Amount
from twinloop.loops.sampling import sampled
from twinloop.loops.submit import Wishes, submit
from twinloop.loops.workspaces import Workspace
from twinloop.problems import BadUsage, NotFound


def test_a_list_is_narrowed_by_state_and_experiment(scientist, failed):
    def names(**wanted):
        return [one.name for one in jobs.recent(scientist, limit=50, wanted=jobs.Filter(**wanted))]

    assert failed in names(states=("Failed",))
    assert failed in names(experiment="loops")
    assert failed not in names(states=("Completed",))
    assert names(experiment="no such") == []


def test_the_steps_of_a_job_are_listed_first_to_last(scientist, failed):
    found = jobs.children(scientist, failed)
    assert [(one.display_name, one.status) for one in found] == [("cut", "Completed"), ("sum", "Failed")]


def test_a_state_that_no_job_has_is_told_with_the_nearest():
    assert jobs.checked_states(["failed", "Running"]) == ("Failed", "Running")
    with pytest.raises(BadUsage) as refused:
        jobs.checked_states(["faild"])
    assert "did you mean 'Failed'?" in str(refused.value)


def test_a_job_is_shown_with_its_page_inputs_steps_and_error(scientist, failed):
    found = jobs.show(scientist, failed)
    assert found.studio.startswith("https://")
    assert found.inputs["factor"] == "9"
    assert [step.module for step in found.steps] == ["cut", "sum"]
    assert found.status == "Failed"


def test_what_is_fetched_arrives_whole_and_leaves_no_rests(scientist, failed, tmp_path):
    cut = steps.find(scientist, failed, "cut")
    told = []
    files = download(
        scientist,
        cut.job,
        folder=tmp_path,
        wanted=Wanted(everything=True),
        on_part=lambda *part: told.append(part[0]),
    )
    assert told == ["logs", "rows"]
    assert {str(file.relative_to(tmp_path)) for file in files} == {
        str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()
    }
    assert tmp_path / "named-outputs" / "rows" / "rows.txt" in files


def test_a_download_that_breaks_off_leaves_what_was_there(scientist, failed, tmp_path, monkeypatch):
    cut = steps.find(scientist, failed, "cut").job
    kept = tmp_path / "named-outputs" / "rows" / "rows.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("old")

    def broken(client, address, folder, **_):
        folder.mkdir(parents=True)
        (folder / "rows.txt").write_text("hal")
        raise ConnectionError("the line went dead")

    monkeypatch.setattr("twinloop.loops.stores.fetch", broken)
    with pytest.raises(ConnectionError):
        download(scientist, cut, folder=tmp_path, wanted=Wanted(output="rows"))
    assert kept.read_text() == "old"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [kept]


def test_an_output_that_is_not_there_is_told_with_those_that_are(scientist, failed, tmp_path):
    cut = steps.find(scientist, failed, "cut").job
    with pytest.raises(NotFound) as refused:
        download(scientist, cut, folder=tmp_path, wanted=Wanted(output="row"))
    assert "did you mean 'rows'?" in str(refused.value)
    assert refused.value.allowed == "rows"


def test_a_sample_is_submitted_as_an_input_of_its_own_and_tagged(scientist, failed, pipeline, tmp_path):
    before = (pipeline.parent / "table.csv").read_bytes()
    taken = sampled(
        scientist, load(pipeline, [Override.parse("inputs.factor=1")]), Amount(number=10), tmp_path
    )
    job = submit(scientist, taken.document, Wishes(tags=taken.tags(Amount(number=10))))
    done = ended(scientist, job.name)
    assert done.status == "Completed"
    assert done.tags["twinloop.sample"] == "10"
    assert done.tags["twinloop.sample.table"] == "10 of 100 rows, seed 0, of table.csv"
    whole = jobs.show(scientist, failed).inputs["table"]
    assert jobs.show(scientist, job.name).inputs["table"] != whole
    files = download(
        scientist, steps.find(scientist, job.name, "cut").job, folder=tmp_path / "down", wanted=Wanted("rows")
    )
    assert len(files[0].read_text().split()) == 10
    sum_ran = WorkspaceHistory(scientist).run(steps.find(scientist, job.name, "sum").job)
    told = [WorkspaceHistory(scientist).text(address) for address in sum_ran.logs.values()]
    assert any("sample: 10\n" in text for text in told)
    assert (pipeline.parent / "table.csv").read_bytes() == before


def test_steps_are_told_that_a_model_of_the_sample_may_be_registered_only_if_asked(pipeline, tmp_path):
    def told(folder, **how):
        made = sampled(None, load(pipeline), Amount.parse("5%"), tmp_path / folder, **how)
        return made.document.body["jobs"]["sum"]["environment_variables"]

    assert told("a") == {"TWINLOOP_SAMPLE": "5%"}
    assert told("b", register=True) == {"TWINLOOP_SAMPLE": "5%", "TWINLOOP_REGISTER_SAMPLE": "yes"}


def test_data_of_the_workspace_is_sampled_and_its_asset_stays(scientist, failed, pipeline, tmp_path):
    from azure.ai.ml.entities import Data

    asset = scientist.data.create_or_update(
        Data(name="loops-table", path=str(pipeline.parent / "table.csv"), type="uri_file")
    )
    change = Override.parse(f"inputs.table.path=azureml:loops-table:{asset.version}")
    taken = sampled(scientist, load(pipeline, [change]), Amount.parse("20%"), tmp_path)
    assert [str(one.taken) for one in taken.inputs] == ["20 of 100 rows"]
    assert scientist.data.get("loops-table", version=asset.version).path == asset.path


def test_a_file_without_data_cannot_be_sampled(scientist, tmp_path):
    (tmp_path / "job.yml").write_text("type: command\ncommand: echo hi\ninputs: {n: 1}\n")
    with pytest.raises(BadUsage, match="Nothing in this file is data"):
        sampled(scientist, load(tmp_path / "job.yml"), Amount(number=1), tmp_path)


def test_jobs_are_compared_in_inputs_code_and_state(scientist, failed, platform, twin_server, tmp_path):
    workspace = Workspace(
        subscription=twin_server.subscription, group=platform.group_name, name=platform.name, source="test"
    )
    found = steps.find(scientist, failed, "sum")
    code = tmp_path / "src"
    code.mkdir()
    (code / "main.py").write_text("print('other')\n")
    one = rerun.submit(scientist, found, Changes(inputs=(Override.parse("inputs.factor=2"),)))
    two = rerun.submit(scientist, found, Changes(code=code, inputs=(Override.parse("inputs.factor=3"),)))
    for job in (one, two):
        ended(scientist, job.name)
    beside = compare.compare(scientist, workspace, [one.name, two.name])
    assert beside.inputs == {"factor": ("2", "3")}
    assert set(beside.code) == {"sum"}
    assert beside.environments == {}


@pytest.mark.parametrize(
    ("metric", "row", "best"),
    [
        ("train/accuracy", (0.8, 0.9, None), (1,)),
        ("valid_log_loss", (0.2, 0.1, 0.3), (1,)),
        ("cv_roc_auc_deviation", (0.2, 0.1), (1,)),
        ("rows", (1.0, 2.0), ()),
        ("accuracy", (0.9, 0.9), ()),
        ("rmse", (1.0, float("nan"), 2.0), (0,)),
    ],
)
def test_the_best_value_is_told_only_where_the_name_says_which_way_is_better(metric, row, best):
    assert compare.best(metric, row) == best


def test_who_is_speaking_is_read_from_the_token(scientist):
    assert who_is(scientist) == Identity("data-scientist", "user")


def a_token(**claims):
    import base64
    import json

    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.x"


@pytest.mark.parametrize(
    ("claims", "who"),
    [
        ({"upn": "ann@example.org", "name": "Ann"}, Identity("ann@example.org", "user")),
        ({"appid": "1234", "idtyp": "app"}, Identity("1234", "service principal")),
        (
            {"oid": "5", "idtyp": "app", "xms_mirid": "/subscriptions/s/x/userAssignedIdentities/id-ci"},
            Identity("id-ci", "managed identity"),
        ),
    ],
)
def test_people_and_programs_are_told_apart(claims, who):
    assert identity_of(a_token(**claims)) == who


def test_the_notes_of_the_twin_are_read_from_the_run(scientist, failed, monkeypatch):
    history = WorkspaceHistory(scientist)
    details = history._jobs._runs_operations.get_run_details(failed)
    details.properties["twinloop.environmentNote"] = '["numpy is 2.0 here and 1.26 in the image"]'
    monkeypatch.setattr(history._jobs._runs_operations, "get_run_details", lambda _: details)
    assert history.run(failed).notes == ("numpy is 2.0 here and 1.26 in the image",)


def test_the_private_doors_to_the_stores_are_still_there(scientist):
    from azure.ai.ml._artifacts import _artifact_utilities
    from azure.ai.ml._utils import _storage_utils

    assert callable(_artifact_utilities.download_artifact_from_aml_uri)
    assert callable(_artifact_utilities.get_datastore_info)
    assert callable(_storage_utils.get_storage_client)
    assert callable(scientist._code.get)
    assert callable(scientist.jobs._get_named_output_uri)


def test_a_name_that_a_job_has_had_is_not_taken_twice(scientist, failed, pipeline):
    with pytest.raises(BadUsage, match="already; nothing was submitted") as refused:
        submit(scientist, load(pipeline), Wishes(name=failed))
    assert refused.value.given == f"{failed}, which is Failed"
    with pytest.raises(BadUsage, match="already"):
        rerun.submit(scientist, steps.find(scientist, failed, "cut"), Changes(), name=failed)


def test_what_the_service_finds_wrong_with_a_job_is_told_as_a_fault_of_its_file(
    scientist, tmp_path, platform
):
    file = tmp_path / "job.yml"
    file.write_text("type: command\ncommand: 'true'\nenvironment: azureml:AzureML-nothing@latest\n")
    with pytest.raises(BadUsage, match="not accepted") as refused:
        submit(scientist, load(file))
    assert refused.value.where == str(file)
    assert "'AzureML-nothing'" in refused.value.given


def test_where_steps_ran_is_shown_with_the_size_of_their_nodes(scientist, failed):
    shown = jobs.show(scientist, failed)
    assert {step: str(on) for step, on in shown.on.items()} == {
        "cut": "cpu, 1 x Standard_F4s_v2",
        "sum": "cpu, 1 x Standard_F4s_v2",
    }
    assert shown.as_json()["steps"][0]["nodes"] == "1 x Standard_F4s_v2"


def test_a_serverless_job_is_shown_with_the_size_that_was_chosen_for_it(scientist, tmp_path, environment):
    file = tmp_path / "job.yml"
    file.write_text("type: command\ncommand: 'true'\nenvironment: azureml:here:1\n")
    job = submit(scientist, load(file))
    ended(scientist, job.name)
    shown = jobs.show(scientist, job.name)
    assert shown.compute == "serverless"
    assert re.fullmatch(r"1 x Standard_\w+, dedicated", shown.nodes)


def test_a_client_asks_its_cloud_where_it_is_once(scientist, platform, monkeypatch):
    from azure.ai.ml import _azure_environments as clouds

    asked, ask = [], clouds.ARMPipelineClient
    monkeypatch.setattr(clouds, "ARMPipelineClient", lambda **how: asked.append(1) or ask(**how))
    workspace = Workspace(
        subscription=scientist.subscription_id, group=platform.group_name, name=platform.name, source="a test"
    )
    for _ in range(2):
        client = connect(workspace, scientist._credential)
        assert client.workspaces.get(platform.name).name == platform.name
        jobs.recent(client, limit=5)
    assert len(asked) <= 1  # none where a test before this one has asked the same twin
