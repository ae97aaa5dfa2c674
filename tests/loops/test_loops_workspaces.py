"""Which workspace is meant, decided without asking any cloud."""

import json
from pathlib import Path

import pytest

from twinloop.loops import workspace_files
from twinloop.loops.workspaces import Flags, Workspace, find, of_stack
from twinloop.problems import BadUsage, NotFound, Refused

ROOT = Path(__file__).resolve().parents[2]
DEV = Workspace(
    subscription="sub-dev", group="rg-dev", name="mlw-dev", source="the settings of Pulumi.dev.yaml"
)

NAMES = ("sub-dev", "rg-dev", "mlw-dev")


def found(folder, *, environment=None, **flags):
    return find(
        Flags(**flags),
        lambda: DEV,
        start=folder,
        environment={"AZURE_CONFIG_DIR": "/nowhere"} | (environment or {}),
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
    chosen = found(tmp_path, stack="dev")
    assert chosen.same_as(DEV)
    (said,) = chosen.passed_over
    assert said.endswith("config.json names workspace w of g; -s dev decides")


def test_flags_that_meet_another_stack_say_so(tmp_path):
    said = found(tmp_path, stack="dev", group="x", name="y").passed_over
    assert said == ("the settings of Pulumi.dev.yaml names workspace mlw-dev of rg-dev; the flags decide",)


def test_sources_that_agree_are_not_told(tmp_path):
    a_config(tmp_path, subscription_id="sub-dev", resource_group="RG-dev", workspace_name="mlw-dev")
    assert found(tmp_path, stack="dev").passed_over == ()


def test_one_flag_takes_the_other_half_from_the_workspace_file(tmp_path):
    a_config(tmp_path)
    chosen = found(tmp_path, name="other")
    assert (chosen.subscription, chosen.group, chosen.name) == ("s", "g", "other")
    assert chosen.source.startswith("-w, and for the rest ")


def test_one_flag_takes_the_other_half_from_azs_default_group(tmp_path):
    chosen = found(tmp_path, name="w9", environment={"AZURE_DEFAULTS_GROUP": "g9"})
    assert (chosen.subscription, chosen.group, chosen.name) == ("sub-dev", "g9", "w9")


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
    assert (chosen.group, chosen.name) == ("g3", "w3")
    assert str(tmp_path / "config") in chosen.source


def test_the_subscription_that_az_chose_goes_with_its_defaults(tmp_path):
    (tmp_path / "config").write_text("[defaults]\ngroup = g3\nworkspace = w3\n")
    profile = {"subscriptions": [{"id": "one", "isDefault": False}, {"id": "two", "isDefault": True}]}
    (tmp_path / "azureProfile.json").write_text("\ufeff" + json.dumps(profile))
    assert found(tmp_path, environment={"AZURE_CONFIG_DIR": str(tmp_path)}).subscription == "two"


@pytest.mark.parametrize("place", [".azureml/project.json", "aml_config/config.json", "config.json"])
def test_every_place_where_the_sdk_looks_is_looked_at(tmp_path, place):
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(workspace_files.content("s5", "g5", "w5")))
    assert found(tmp_path).config() == workspace_files.content("s5", "g5", "w5")


def test_a_workspace_file_in_the_sdks_older_form_is_read(tmp_path):
    (tmp_path / ".azureml").mkdir()
    (tmp_path / ".azureml" / "config.json").write_text(json.dumps({"Scope": DEV.id}))
    assert found(tmp_path).same_as(DEV)


def test_somebodys_own_config_json_is_no_workspace_file(tmp_path):
    (tmp_path / "config.json").write_text('{"theme": "dark"}')
    assert found(tmp_path) == DEV


def test_what_is_written_is_found_again_and_read_by_the_sdk(tmp_path):
    path = workspace_files.write(NAMES, tmp_path)
    assert found(tmp_path) == Workspace(
        subscription="sub-dev", group="rg-dev", name="mlw-dev", source=str(path)
    )


@pytest.mark.parametrize(
    "present", ['{"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}', "{"]
)
def test_a_file_that_names_something_else_is_left_as_it_is_unless_forced(tmp_path, present):
    (tmp_path / ".azureml").mkdir()
    path = tmp_path / ".azureml" / "config.json"
    path.write_text(present)
    with pytest.raises(Refused) as refused:
        workspace_files.write(NAMES, tmp_path)
    assert path.read_text() == present
    assert "--force" in refused.value.next_step
    workspace_files.write(NAMES, tmp_path, force=True)
    assert workspace_files.read(path) == NAMES
    assert [one.name for one in path.parent.iterdir()] == ["config.json"]


def test_the_same_workspace_is_written_again_without_a_word(tmp_path):
    workspace_files.write(NAMES, tmp_path)
    assert workspace_files.write(NAMES, tmp_path).is_file()


def test_a_config_cannot_be_written_below_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(NotFound):
        workspace_files.write(NAMES, tmp_path / "nowhere")


def test_the_stacks_workspace_is_computed_from_its_settings():
    assert of_stack(ROOT / "Pulumi.dev.yaml").id.endswith(
        "/resourceGroups/rg-mlp-dev-weu/providers/Microsoft.MachineLearningServices/workspaces/mlw-mlp-dev-weu"
    )


def test_a_shared_stack_has_no_workspace():
    with pytest.raises(BadUsage, match="no workspace"):
        of_stack(ROOT / "Pulumi.shared.yaml")
