import hashlib

import pytest
import yaml

from twinloop.clouds import twin


@pytest.fixture
def change(platform):
    """Set one value in the copy of a real stack file, by its dotted path."""

    def set_value(stack, path, value, *, instead_of=None):
        file = platform.root / f"Pulumi.{stack}.yaml"
        content = yaml.safe_load(file.read_text())
        head, *steps = path.split(".")
        parent, key = content["config"], f"twinloop:{head}"
        for step in steps:
            parent = parent[int(key) if isinstance(parent, list) else key]
            key = step
        if instead_of:
            del parent[instead_of]
        parent[int(key) if isinstance(parent, list) else key] = value
        file.write_text(yaml.safe_dump(content))

    return set_value


def refusal(run, platform, *command):
    """The error of a command that must be refused before anything is touched."""
    before = _files(platform)
    ran = run(*command, "--json")
    assert ran.code == 2, ran.err
    assert ran.json.keys() == {"ok", "command", "result", "error"}
    assert ran.json["ok"] is False
    assert ran.json["error"]["code"] == "usage"
    assert twin.running(platform.home) is None
    assert _files(platform) == before
    assert "Traceback" not in ran.err
    return ran.json["error"]


def _files(platform):
    """Digests of the stack files and of every stack's state."""
    found = [*platform.root.glob("Pulumi*.yaml"), *platform.home.state.rglob("*.json")]
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.mark.parametrize("command", ["preview", "up"])
def test_a_misspelt_key_is_named_with_its_file_and_the_nearest_key(run, platform, change, command):
    change("dev", "vault.softDeleteDay", 7, instead_of="softDeleteDays")
    error = refusal(run, platform, command, "-s", "dev")
    assert error["where"].endswith("Pulumi.dev.yaml")
    assert "twinloop:vault.softDeleteDay (line " in error["given"]
    assert "allowed: softDeleteDays" in error["given"]
    assert error["next"].startswith("edit Pulumi.dev.yaml")


def test_every_wrong_value_is_told_at_once(run, platform, change):
    change("dev", "vault.softDeleteDays", 700)
    change("dev", "owner", "nobody")
    error = refusal(run, platform, "up", "-s", "dev")
    assert "2 problems" in error["message"]
    assert "twinloop:vault.softDeleteDays" in error["given"]
    assert "twinloop:owner" in error["given"]


def test_an_address_space_too_small_for_its_subnets_is_refused(run, platform, change):
    change("dev", "network.addressSpace", "10.20.0.0/27")
    error = refusal(run, platform, "up", "-s", "dev")
    assert "twinloop:network.addressSpace" in error["given"]
    assert "10.20.0.0/27" in error["given"]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_overlapping_address_spaces_are_refused_with_both_files(run, platform, change, stack):
    change("prod", "network.addressSpace", "10.20.0.0/16")
    change("prod", "network.entry.1.addressSpace", ["10.20.5.0/26"])  # where its people sit moves with it
    error = refusal(run, platform, "up", "-s", stack)
    assert "twinloop:network.addressSpace" in error["given"]
    assert "10.20.0.0/20 in Pulumi.dev.yaml overlaps 10.20.0.0/16 in Pulumi.prod.yaml" in error["given"]
    assert "pulumi config set --path 'twinloop:network.addressSpace'" in error["next"]


def test_stacks_that_do_not_share_the_conflict_are_let_through(run, platform, change):
    change("prod", "network.addressSpace", "10.20.0.0/16")
    assert run("preview", "-s", "shared").code == 0


def test_clusters_that_fit_alone_and_not_together_are_refused_with_both_files(run, platform, change):
    change("staging", "clusters.0.maxNodes", 9)
    error = refusal(run, platform, "up", "-s", "dev")
    assert "twinloop:clusters" in error["given"]
    assert "Pulumi.dev.yaml and Pulumi.staging.yaml may use 60 cores" in error["given"]
    assert "40 cores" in error["allowed"]


def test_a_cluster_above_its_quota_is_refused_with_the_number_that_fits(run, platform, change):
    change("dev", "clusters.0.maxNodes", 40)
    error = refusal(run, platform, "up", "-s", "dev")
    assert "twinloop:clusters[0].maxNodes" in error["given"]
    assert "40 cores in westeurope" in error["given"]
    assert "next: pulumi config set --path 'twinloop:clusters[0].maxNodes' 9 --stack dev" in error["given"]


def test_a_name_that_azure_would_refuse_is_refused_with_the_rule(run, platform, change):
    change("dev", "environment", "dev-of-the-whole-company")
    error = refusal(run, platform, "up", "-s", "dev")
    assert "twinloop:environment" in error["given"]
    assert "dev-of-the-whole-company" in error["given"]
    assert "allowed: " in error["given"]


def test_a_broken_file_of_another_stack_does_not_stop_this_one(run, platform, change):
    change("prod", "owner", "nobody")
    assert run("preview", "-s", "dev").code == 0
