"""`twinloop check` over the four stacks of this checkout: what is proved of them, and how it is told."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from checks.findings import SEVERITIES
from checks.plan import Resource
from policies.table import RULES
from twinloop.cli import check_tables
from twinloop.review import checking
from twinloop.stacks import paper_policies

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def four():
    return checking.checked(ROOT, ["shared", "dev", "staging", "prod"], command="twinloop check")


@pytest.fixture
def told(run, monkeypatch, four):
    """Run the command on the stacks that were evaluated once."""

    def of(_checkout, stacks=(), _say=None, **_more):
        wanted = tuple(stacks) or four.wanted
        return checking.Checked(wanted=wanted, stacks=four.stacks, files=four.files, jobs=four.jobs)

    monkeypatch.setattr(checking, "checked", of)
    return lambda *argv: run("check", *argv)


def test_nothing_of_the_four_stacks_would_stop_up(four):
    found = [
        *four.permissions_findings(),
        *four.reachability_findings(),
        *four.policies_findings(),
        *four.quota_findings(),
        *four.parity_findings("dev"),
        *four.coverage_findings(),
    ]
    assert [one for one in found if one.severity == "refuse"] == []


def test_every_identity_has_what_it_needs_and_not_more(four):
    assert [one.what for one in four.permissions_findings() if one.severity != "note"] == []


def test_every_difference_from_dev_carries_its_reason(four):
    assert [one.what for one in four.parity_findings("dev")] == []
    assert {one.stack for one in four.differences("dev")} == {"staging", "prod"}


def test_every_environment_covers_the_ten_elements(four):
    assert [(one.stack, one.number, one.missing) for one in four.covered() if not one.whole] == []
    assert len(four.covered()) == 30


def test_jobs_pods_and_people_reach_their_stores_in_every_environment(four):
    followed = four.paths()
    assert {one.stack for one in followed} == {"dev", "staging", "prod"}
    lost = [one for one in followed if one.way.verdict == "blocked" and "image build" not in one.client]
    assert [(one.client, one.to) for one in lost if one.severity != "note"] == []
    assert {"pods", "runnerPool"} <= {one.client.partition(" ")[0] for one in followed if one.stack == "prod"}


def test_all_cores_fit_and_the_sums_add_up(four):
    for use in four.quota_uses():
        assert use.after <= use.limit, use
        assert use.after == sum(int(term.rpartition(" = ")[2].replace(",", "")) for term in use.terms)


def usages(tmp_path, *rows):
    path = tmp_path / "limits.json"
    path.write_text(json.dumps(rows if rows[0] is not None else "not a list"))
    return str(path)


def test_limits_of_the_subscription_count_before_those_of_the_settings(told, tmp_path):
    vm = {"name": {"value": "standardDSv5Family"}, "currentValue": 4, "limit": "8"}
    ml = {
        "id": "/subscriptions/s/providers/Microsoft.MachineLearningServices/locations/w/usages/x",
        "name": {"value": "standardDSv5Family"},
        "limit": 10_000,
    }
    done = told("quota", "-s", "prod", "--limits", usages(tmp_path, vm, ml, {"name": "virtualMachines"}))
    assert done.code == 10
    assert "vm/standardDSv5Family in westeurope" in done.words
    assert "the limit is 8" in done.words
    assert "10,000" in done.out
    enough = usages(tmp_path, vm | {"limit": 400})
    assert told("quota", "-s", "prod", "--limits", enough).code == 0


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["-s", "prod", "--limits", "nowhere.json"], 3, "az vm list-usage --location westeurope"),
        (["--limits", "limits.json"], 2, "one stack"),
    ],
)
def test_limits_that_cannot_be_read_are_refused_with_what_to_type(told, argv, code, said):
    done = told("quota", *argv)
    assert done.code == code
    assert said in done.words


def test_a_file_without_a_family_of_cores_is_no_limit(told, tmp_path):
    done = told("quota", "-s", "prod", "--limits", usages(tmp_path, None))
    assert done.code == 2
    assert "no family of cores" in done.words


@pytest.mark.parametrize(
    "command", ["permissions", "reachability", "policies", "quota", "parity", "coverage", "all"]
)
def test_each_command_tells_a_person_and_a_program(told, command):
    done = told(command, "-s", "prod")
    assert done.code == 0, done.err
    assert done.out.strip()
    shape = told(command, "-s", "prod", "--json").json
    assert (shape["ok"], shape["command"]) == (True, f"check {command}")
    findings = shape["result"]["findings"]
    assert {one["stack"] for one in findings} <= {"prod"}
    assert all({"severity", "rule", "resource", "what", "why", "fix"} <= one.keys() for one in findings)


def test_a_yes_names_the_assignment_and_a_no_ends_with_ten_and_the_row_to_write(told):
    yes = told("permissions", "--can", "training in prod read the dev registry")
    assert yes.code == 0
    assert yes.out.startswith("yes  training (id-mlp-prod-weu-training)")
    assert "training-registry-reader-registry" in yes.out
    no = told("permissions", "-s", "prod", "--who", "training", "--what", "write", "--where", "curated")
    assert no.code == 10
    assert 'Role("Storage Blob Data Contributor"), "lake-curated"' in no.out
    shape = told("permissions", "--can", "training in prod write curated", "--json").json
    assert (shape["ok"], shape["error"]["code"], shape["result"]["allowed"]) == (False, "found", False)


def test_what_a_rule_says_of_several_resources_has_its_reason_once(told):
    done = told("policies", "-s", "dev")
    assert done.out.count("has no delete lock") == 4
    assert done.out.count("Pulumi's protection knows nothing of a hand at the portal") == 1
    assert done.out.rstrip().endswith("none stops `twinloop up`")
    assert len(told("policies", "-s", "dev", "--json").json["result"]["findings"]) > 10


def test_the_order_of_findings_is_that_of_severity_stack_and_rule(told):
    found = told("all", "--json").json["result"]["findings"]
    ranked = [
        (SEVERITIES.index(one["severity"]), one["stack"], one["rule"], one["resource"]) for one in found
    ]
    assert ranked == sorted(ranked)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("trainng in prod read the registry", "training in prod read the registry"),
        ("training in prod raed the registry", "training in prod read the registry"),
        ("training in prd read the registry", "training in prod read the registry"),
        ("training in prod read the regsitry", "training in prod read the registry"),
    ],
)
def test_a_misspelt_word_of_a_question_is_met_with_the_question_that_was_meant(told, asked, meant):
    done = told("permissions", "--can", asked, "--json")
    assert done.code == 2
    assert done.json["error"]["next"] == f'did you mean: twinloop check permissions --can "{meant}"'


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["permissions", "--who", "training"], "has all of its parts"),
        (["permissions", "--can", ""], "an empty question"),
        (
            ["permissions", "--can", "x reads y", "--who", "a", "--what", "b", "--where", "c"],
            "all of its parts",
        ),
        (["permissions", "--can", "training the registry"], "no verb"),
        (["permissions", "--can", "nobody read the registry"], "no principal of the plan"),
        (["parity", "--against", "shared"], "no environment 'shared'"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(told, argv, said):
    done = told(*argv)
    assert done.code in (2, 3)
    assert said in done.words
    assert "twinloop check" in done.words


def test_what_is_refused_ends_with_ten_and_says_what_to_do(told, four, monkeypatch):
    opened = {
        name: tuple(_opened(one) if name == "prod" else one for one in resources)
        for name, resources in four.stacks.items()
    }
    monkeypatch.setattr(
        checking,
        "checked",
        lambda *_given, **_more: checking.Checked(
            wanted=("prod",), stacks=opened, files=four.files, jobs=four.jobs
        ),
    )
    done = told("reachability", "-s", "prod")
    assert done.code == 10
    assert "exposure-in-closed-environment" in done.out
    assert "1 finding would stop `twinloop up`" in done.words


def _opened(one: Resource) -> Resource:
    if one.type != "azure-native:keyvault:Vault":
        return one
    properties = {**one.inputs["properties"], "publicNetworkAccess": "Enabled", "networkAcls": {}}
    return replace(one, inputs={**one.inputs, "properties": properties})


def test_a_policy_that_is_broken_ends_with_ten_where_it_is_mandatory(told, four, monkeypatch):
    short = {name: tuple(map(_forgetful, resources)) for name, resources in four.stacks.items()}
    monkeypatch.setattr(
        checking,
        "checked",
        lambda _checkout, stacks=(), *_given, **_more: checking.Checked(
            wanted=tuple(stacks), stacks=short, files=four.files, jobs=four.jobs
        ),
    )
    refused = told("policies", "-s", "prod", "--json")
    assert refused.code == 10
    (found,) = [one for one in refused.json["result"]["findings"] if one["level"] == "mandatory"]
    assert found["rule"] == "logs-are-kept"
    assert "log-mlp-prod-weu (logs-workspace) keeps logs for 30 days; allowed: 90 and more" in found["what"]
    assert found["resource"].endswith("::logs-workspace")
    assert (found["fix"], found["why"][:8]) == ("retentionDays: 90 under twinloop:logs", "an intru")
    assert "CIS Controls v8, 8.10" in found["source"]
    assert told("all", "-s", "prod").code == 10
    advised = told("policies", "-s", "dev")
    assert advised.code == 0
    assert "warn   dev  logs-are-kept" in advised.out
    assert advised.out.splitlines()[1].split()[:2] == ["dev", "development"]


def _forgetful(one: Resource) -> Resource:
    logs = one.type == "azure-native:operationalinsights:Workspace"
    return replace(one, inputs={**one.inputs, "retentionInDays": 30}) if logs else one


@pytest.fixture
def evaluating_nothing(monkeypatch):
    def refuse(*_given, **_more):
        raise AssertionError("a list of rules evaluates nothing")

    monkeypatch.setattr(checking, "checked", refuse)


@pytest.mark.usefixtures("evaluating_nothing")
def test_the_rules_are_listed_with_their_sources_and_levels(run):
    listed = run("check", "policies", "--list")
    assert listed.code == 0
    assert listed.out.splitlines()[0].split() == ["rule", "production", "shared", "rehearsal", "development"]
    levels = {
        one["rule"]: one["levels"]
        for one in run("check", "policies", "--list", "--json").json["result"]["rules"]
    }
    assert all(rule.name in listed.out and rule.source in listed.out for rule in RULES)
    assert levels["kubernetes-tier"] == {
        "production": "mandatory", "shared": "mandatory", "rehearsal": "advisory", "development": "advisory",
    }  # fmt: skip
    of_stacks = run("check", "policies", "--list", "-s", "prod", "-s", "dev", "--json").json["result"][
        "rules"
    ]
    assert {tuple(one["levels"]) for one in of_stacks} == {("prod", "dev")}
    assert {one["levels"]["dev"] for one in of_stacks if one["rule"] == "logs-are-kept"} == {"advisory"}


def test_the_page_on_policies_has_every_rule_with_where_it_stops_a_plan(run):
    rules = run("check", "policies", "--list", "--json").json["result"]["rules"]
    page = (ROOT / "docs/infra-engineer/policies.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    written = {name.strip("`"): (what, stops) for name, what, stops in (row for row in rows if len(row) == 3)}
    assert written == {one["rule"]: (one["what"], _stops(one["levels"])) for one in rules}


def _stops(levels: dict[str, str]) -> str:
    held = [name for name, level in levels.items() if level == "mandatory"]
    if len(held) == len(levels):
        return "everywhere"
    return (
        "all but development"
        if len(held) == len(levels) - 1 == 3 and "development" not in held
        else (", ".join(held) or "nowhere")
    )


def test_policies_that_are_not_the_tools_are_said_not_to_be_asked(run, checkout):
    assert "has no policies/PulumiPolicy.yaml" in run("check", "policies", "--list").words
    pack = checkout.root / "policies"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.3.0\n")
    (pack / "own.py").write_text("LIMIT = 3\n")
    other = run("check", "policies", "--list", "-s", "dev")
    assert other.code == 9
    assert "not what is installed with the tool" in other.words
    assert "twinloop preview -s dev" in other.words


def test_all_says_which_policies_it_did_not_ask(told, monkeypatch):
    monkeypatch.setattr(paper_policies, "unasked", lambda _checkout: "policies/ is somebody else's")
    done = told("all", "-s", "prod")
    assert done.code == 0
    assert "policies were not asked: policies/ is somebody else's" in done.words
    assert "traces-by-identity" not in done.out


def test_a_finding_shows_the_lines_to_copy(four):
    found = [one for one in four.reachability_findings() if one.copied]
    shown = check_tables.findings(found).plain
    assert all(line in shown for one in found for line in one.copied.splitlines())


def test_paths_are_shown_where_asked_for(told):
    done = told("reachability", "-s", "prod", "--paths")
    assert "private endpoint pep-mlp-prod-weu-storage-blob" in done.out
    assert "private endpoint that the managed network has by itself" in done.out
