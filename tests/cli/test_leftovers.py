"""What a stack deleted and makes again: refused, taken back or ended, as `twinloop:tombstones` says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra.stackfile.files import load

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = """
import pulumi
from pulumi_azure_native import keyvault, operationalinsights, resources

azure = pulumi.Config("azure-native")
group = resources.ResourceGroup("group", resource_group_name="{group}")
keyvault.Vault(
    "vault",
    vault_name="{vault}",
    resource_group_name=group.name,
    properties=keyvault.VaultPropertiesArgs(
        tenant_id=azure.require("tenantId"),
        sku=keyvault.SkuArgs(name="standard", family="A"),
        soft_delete_retention_in_days=7,
    ),
)
operationalinsights.Workspace("logs", workspace_name="{logs}", resource_group_name=group.name)
"""


@pytest.fixture
def stack(checkout):
    """Dev's settings, and a program that makes its vault and log workspace and nothing else."""
    names = load(REPOSITORY / "Pulumi.dev.yaml").names
    logs = names.logs_id.rpartition("/")[2]
    checkout.program(PROGRAM.format(group=names.resource_group, vault=names.vault, logs=logs))
    document = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())

    def write(**rules):
        document["config"]["twinloop:tombstones"] = rules
        (checkout.root / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document))

    write(vault="refuse", logs="recover")
    return write


def test_a_leftover_is_refused_taken_back_or_ended_as_the_settings_say(run, stack):
    vault = load(REPOSITORY / "Pulumi.dev.yaml").names.vault
    assert run("up", "-s", "dev").code == 0
    gone = run("destroy", "-s", "dev", "--json")
    assert gone.code == 0, gone.err
    assert any(vault in line and "up will refuse" in line for line in gone.json["result"]["leftovers"])

    assert "(twinloop:tombstones.vault: refuse)" in run("preview", "-s", "dev").words
    refused = run("up", "-s", "dev", "--json")
    assert refused.code == 4
    assert vault in refused.json["error"]["given"]
    assert refused.json["error"]["next"] == f"twinloop twin purge {vault} -s dev && twinloop up -s dev"
    still = run("preview", "-s", "dev", "--json").json["result"]["steps"]
    assert all(step["op"] == "create" for step in still if "azure-native" in step["type"])

    stack(vault="recover", logs="recover")
    assert "up takes it back" in run("preview", "-s", "dev").words
    back = run("up", "-s", "dev")
    assert back.code == 0, back.err
    assert run("twin", "purge", "--json").json["result"]["tombstones"] == []
    assert run("up", "-s", "dev", "--expect-no-changes").code == 0
    assert run("refresh", "-s", "dev", "--expect-no-changes").code == 0

    run("destroy", "-s", "dev")
    stack(vault="purge", logs="purge")
    assert "up ends it for good" in run("preview", "-s", "dev").words
    assert run("up", "-s", "dev").code == 0
    assert run("preview", "-s", "dev", "--json").json["result"]["leftovers"] == []
