"""The workspace file: written from a stack's settings, and taken by the official client."""

import json
import os
import subprocess
import sys

from tests.loops.conftest import platform, twin_server
from tests.stacks.checkouts import REPOSITORY
from twinloop.loops import workspace_files
from twinloop.loops.workspaces import of_stack

__all__ = ["platform", "twin_server"]

ASK = """
import json
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
client = MLClient.from_config(DefaultAzureCredential())
print(json.dumps([client.subscription_id, client.workspace_name, client.datastores.get_default().name]))
"""


def test_a_fresh_process_finds_the_workspace_by_from_config(twin_server, platform, tmp_path):
    names = (twin_server.subscription, platform.group_name, platform.name)
    workspace_files.write(names, tmp_path)
    below = tmp_path / "notebooks"
    below.mkdir()
    variables = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK],
        cwd=below, env=variables | twin_server.env("data-scientist"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [names[0], names[2], "workspaceblobstore"]


def test_the_file_is_written_from_a_stacks_settings_without_asking_any_cloud(run, tmp_path, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    done = run("workspace", "config", "-s", "staging", "--path", str(tmp_path), "--json")
    assert done.code == 0, done.err
    written = json.loads((tmp_path / ".azureml" / "config.json").read_text())
    assert written == of_stack(REPOSITORY / "Pulumi.staging.yaml").config()


def test_a_file_of_another_workspace_is_kept_until_it_is_forced(run, tmp_path, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    run("workspace", "config", "-s", "dev", "--path", str(tmp_path))
    before = (tmp_path / ".azureml" / "config.json").read_text()
    refused = run("workspace", "config", "-s", "prod", "--path", str(tmp_path))
    assert (refused.code, (tmp_path / ".azureml" / "config.json").read_text()) == (4, before)
    assert "mlw-mlp-dev-weu" in refused.words
    assert "--force" in refused.words
    assert run("workspace", "config", "-s", "prod", "--path", str(tmp_path), "--force").code == 0
    assert "prod" in (tmp_path / ".azureml" / "config.json").read_text()
