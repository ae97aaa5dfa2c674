"""What policies or checks refuse stops `up` before anything is touched, and `preview` says so."""

import json
import shutil
import sqlite3

import pytest
import yaml

from tests.stacks.checkouts import PROGRAM, REPOSITORY

GONE = """
import pulumi
from pulumi_azure_native import resources

resources.ResourceGroup("other-group", resource_group_name="rg-other")
"""
PACK = """
from pulumi_policy import *


def named(args, report):
    if args.resource_type == "azure-native:resources:ResourceGroup":
        if "demo" in args.props["resourceGroupName"]:
            report(f"the group is called {args.props['resourceGroupName']}")


PolicyPack("names", policies=[
    ResourceValidationPolicy("no-demo", "Nothing is a demo.", named, EnforcementLevel.MANDATORY),
])
"""


def everything(checkout):
    """The state's bytes, and every document of the twin: what a refused change leaves as it was."""
    files = {path: path.read_bytes() for path in checkout.home.state.rglob("*.json")}
    (store,) = checkout.home.root.rglob("twin.sqlite3")
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as reading:
        return files, sorted(map(str, reading.execute("SELECT * FROM docs")))


def test_a_refused_change_leaves_state_and_twin_as_they_were_until_it_is_waived(run, checkout):
    assert run("up", "-s", "dev").code == 0
    before = everything(checkout)
    checkout.program(GONE)
    for command in ("preview", "up"):
        refused = run(command, "-s", "dev", "--json")
        assert refused.code == 10, refused.err
        error, findings = refused.json["error"], refused.json["result"]["findings"]
        assert error["code"] == "found"
        assert "stateful-delete: " in error["given"]
        assert [one["rule"] for one in findings if one["severity"] == "refuse"] == ["stateful-delete"]
        assert everything(checkout) == before
    (finding,) = [one for one in findings if one["severity"] == "refuse"]

    file = checkout.root / "Pulumi.dev.yaml"
    document = json.loads(file.read_text())
    waiver = yaml.safe_load(finding["copied"])["twinloop:waivers"][0]
    document["config"]["twinloop:waivers"] = [waiver | {"until": "2999-12-31"}]
    file.write_text(json.dumps(document))
    waived = run("up", "-s", "dev")
    assert waived.code == 0
    assert "waived stateful-delete: " in waived.words
    assert "by you@example.com until 2999-12-31: say why this is right" in waived.words

    # a pack of the checkout's own: refused, then put right
    pack = checkout.root / "policies"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.3.0\n")
    (pack / "__main__.py").write_text(PACK)
    checkout.program(PROGRAM)
    before = everything(checkout)
    refused = run("up", "-s", "dev")
    assert refused.code == 10
    assert "no-demo: Nothing is a demo. the group is called rg-demo" in refused.words
    assert everything(checkout) == before
    other = 'resources.ResourceGroup("other-group", resource_group_name="rg-other")\n'
    checkout.program(PROGRAM.replace("rg-demo", "rg-real") + other)
    done = run("up", "-s", "dev")
    assert done.code == 0, done.err


@pytest.mark.pulumi
@pytest.mark.skipif(shutil.which("pulumi") is None, reason="the official Pulumi CLI is not on PATH")
def test_the_official_cli_is_not_let_at_a_refused_change_and_leaves_state_and_twin_as_they_were(
    run, checkout
):
    (checkout.root / ".venv").symlink_to(REPOSITORY / ".venv")
    assert run("up", "-s", "dev").code == 0
    before = everything(checkout)
    same = run("preview", "-s", "dev", "--engine", "pulumi", "--json")
    assert (same.code, same.json["result"]["findings"]) == (0, []), same.err
    checkout.program(GONE)
    refused = run("up", "-s", "dev", "--engine", "pulumi", "--yes", "--json")
    assert refused.code == 10, refused.err
    told = [one for one in refused.json["result"]["findings"] if one["severity"] == "refuse"]
    assert [one["rule"] for one in told] == ["stateful-delete"]
    assert "sttwintests0001" in told[0]["what"]
    assert everything(checkout) == before


def test_production_is_refused_what_development_is_advised_against(run, platform):
    shutil.copytree(REPOSITORY / "policies", platform.root / "policies")
    prod = platform.root / "Pulumi.prod.yaml"
    prod.write_text(prod.read_text().replace("retentionDays: 180", "retentionDays: 30"))
    refused = run("preview", "-s", "prod", "--json")
    assert refused.code == 10
    (finding,) = [one for one in refused.json["result"]["findings"] if one["severity"] == "refuse"]
    assert finding["rule"] == "logs-are-kept"
    assert "keeps logs for 30 days; allowed: 90 and more" in finding["what"]
    assert "retentionDays: 90 under twinloop:logs" in refused.json["error"]["given"]
    assert refused.json["result"]["steps"], "the plan that is refused is told"
    advised = run("preview", "-s", "dev")
    assert advised.code == 0
    assert "advice logs-are-kept: log-mlp-dev-weu (logs-workspace) keeps logs for 30 days" in advised.words


def test_a_pack_that_is_no_pack_says_what_one_is(run, checkout):
    asked = run("preview", "-s", "dev", "--policy-pack", str(checkout.root / "nowhere"))
    assert asked.code == 1
    assert "A policy pack could not be asked; nothing was touched." in asked.words
    assert "PulumiPolicy.yaml cannot be read" in asked.words
