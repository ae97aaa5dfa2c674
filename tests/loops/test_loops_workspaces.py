"""Which workspace is meant, decided without asking any cloud."""

import json
from pathlib import Path

import pytest

from twinloop.loops.workspaces import Flags, Workspace, find, of_stack, write_config
from twinloop.problems import BadUsage, NotFound

ROOT = Path(__file__).resolve().parents[2]
DEV = Workspace(subscription="sub-dev", group="rg-dev", name="mlw-dev", source="Pulumi.dev.yaml")


def found(folder, *, environment=None, **flags):
    return find(
        Flags(**flags), lambda: DEV, start=folder, environment=environment or {"AZURE_CONFIG_DIR": "/nowhere"}
    )


def a_config(folder, **changes):
    values = {"subscription_id": "s", "resource_group": "g", "workspace_name": "w"} | changes
    (folder / ".azureml").mkdir()
    (folder / ".azureml" / "config.json").write_text(json.dumps(values))


def test_without_any_hint_it_is_the_stacks_own(tmp_path):
    assert found(tmp_path) == DEV


def test_flags_win_over_everything(tmp_path):
    a_config(tmp_path)
    assert found(tmp_path, group="x", name="y", subscription="z").config() == {
        "subscription_id": "z", "resource_group": "x", "workspace_name": "y",
    }  # fmt: skip


def test_flags_without_a_subscription_take_the_stacks(tmp_path):
    assert found(tmp_path, group="x", name="y").subscription == "sub-dev"


@pytest.mark.parametrize("half", [{"group": "x"}, {"name": "y"}])
def test_group_and_workspace_are_named_together(tmp_path, half):
    with pytest.raises(BadUsage, match="named together"):
        found(tmp_path, **half)


def test_a_stack_that_is_asked_for_wins_over_the_config_file(tmp_path):
    a_config(tmp_path)
    assert found(tmp_path, stack="dev") == DEV


def test_the_config_file_of_a_folder_above_is_found(tmp_path):
    a_config(tmp_path)
    below = tmp_path / "notebooks" / "deep"
    below.mkdir(parents=True)
    assert (found(below).group, found(below).name) == ("g", "w")


def test_a_broken_config_file_is_refused_with_its_name_and_the_way_out(tmp_path):
    a_config(tmp_path)
    (tmp_path / ".azureml" / "config.json").write_text("{")
    with pytest.raises(BadUsage) as refused:
        found(tmp_path)
    assert "config.json" in refused.value.where
    assert "workspace config" in refused.value.next_step


def test_azs_variables_name_the_workspace(tmp_path):
    variables = {"AZURE_DEFAULTS_GROUP": "g2", "AZURE_DEFAULTS_WORKSPACE": "w2"}
    chosen = found(tmp_path, environment=variables)
    assert (chosen.subscription, chosen.group, chosen.name) == ("sub-dev", "g2", "w2")


def test_azs_own_config_file_names_the_workspace(tmp_path):
    (tmp_path / "config").write_text("[defaults]\ngroup = g3\nworkspace = w3\n")
    chosen = found(tmp_path, environment={"AZURE_CONFIG_DIR": str(tmp_path)})
    assert (chosen.group, chosen.name, chosen.source) == ("g3", "w3", str(tmp_path / "config"))


def test_what_is_written_is_found_again_and_read_by_the_sdk(tmp_path):
    path = write_config(DEV, tmp_path)
    assert found(tmp_path) == Workspace(
        subscription="sub-dev", group="rg-dev", name="mlw-dev", source=str(path)
    )


def test_a_config_cannot_be_written_below_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(NotFound):
        write_config(DEV, tmp_path / "nowhere")


def test_the_stacks_workspace_is_computed_from_its_settings():
    assert of_stack(ROOT / "Pulumi.dev.yaml").id.endswith(
        "/resourceGroups/rg-mlp-dev-weu/providers/Microsoft.MachineLearningServices/workspaces/mlw-mlp-dev-weu"
    )


def test_a_shared_stack_has_no_workspace():
    with pytest.raises(BadUsage, match="no workspace"):
        of_stack(ROOT / "Pulumi.shared.yaml")
