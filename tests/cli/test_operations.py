import json

import pytest

from tests.stacks.checkouts import ACCOUNT, small_checkout


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """One twin for all tests that begin with a stack that is up."""
    with small_checkout(tmp_path_factory.mktemp("lake")) as made:
        yield made


@pytest.fixture
def standing(run, lake, monkeypatch):
    """The small stack, up and as its settings say, whatever the test before did to it."""
    monkeypatch.chdir(lake.root)
    lake.stack("dev")
    assert run("up", "-s", "dev").code == 0
    return lake


def ops(answer):
    return {step["name"]: step["op"] for step in answer["result"]["steps"]}


def test_preview_needs_no_twin_and_leaves_none(run, checkout):
    ran = run("preview", "-s", "dev")
    assert ran.code == 0
    assert "+ create lake-account" in ran.out
    assert "4 to create" in ran.out
    assert not checkout.home.record.exists()


def test_up_says_first_where_it_acts_and_prints_outputs_last_secrets_masked(run, checkout):
    ran = run("up", "-s", "dev")
    assert ran.code == 0
    assert ran.err.splitlines()[0] == f"up of stack dev on twin {checkout.home.root}, as infra-engineer"
    name, value = ran.out.splitlines()[-2].split()
    assert name == "account"
    assert value.endswith(f"/resourceGroups/rg-demo/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}")
    assert "hush-hush" not in ran.out
    assert "[secret]" in ran.out


def test_a_second_up_and_a_refresh_find_nothing(run, standing):
    second = run("up", "-s", "dev", "--json", "--expect-no-changes")
    refreshed = run("refresh", "-s", "dev", "--json", "--expect-no-changes")
    assert (second.code, refreshed.code) == (0, 0)
    assert second.json["result"]["changed"] is False
    assert refreshed.json["result"]["changed"] is False


def test_a_secret_output_is_masked_unless_asked_for(run, standing):
    assert run("stack", "output", "word", "-s", "dev").out == "[secret]\n"
    assert run("stack", "output", "word", "-s", "dev", "--show-secrets").out == "hush-hush\n"
    assert "hush-hush" not in "".join(
        path.read_text(errors="replace") for path in standing.home.state.rglob("*.json")
    )


def test_a_changed_setting_is_shown_path_by_path(run, standing):
    standing.stack("dev", owner="somebody")
    assert 'tags.owner: "me" -> "somebody"' in run("preview", "-s", "dev").out
    expected = run("preview", "-s", "dev", "--expect-no-changes", "--json")
    assert expected.code == 6
    assert expected.json["error"]["code"] == "changes-found"
    assert ops(expected.json)["lake-group"] == "update"


def test_a_replacement_names_its_reason(run, standing):
    standing.stack("dev", account="sttwintests0002")
    shown = run("preview", "-s", "dev").out
    assert "± replace lake-account" in shown
    assert "replaced, because this cannot change: accountName" in shown


def test_changes_made_by_hand_are_found_by_refresh(run, standing):
    from twinloop.clouds.session import acting

    with acting(standing.home, stack="dev", persona="infra-engineer") as session:
        _tag_by_hand(session)
    found = run("refresh", "-s", "dev", "--expect-no-changes")
    assert found.code == 6
    assert "lake-group" in found.words
    assert ops(run("up", "-s", "dev", "--refresh", "--json").json)["lake-group"] == "update"  # put back


def _tag_by_hand(session):
    import ssl

    import httpx
    from azure.identity import DefaultAzureCredential

    token = DefaultAzureCredential().get_token(f"{session.twin.base}/.default").token
    subscription = session.variables.values["ARM_SUBSCRIPTION_ID"]
    address = (
        f"{session.twin.base}/subscriptions/{subscription}/resourcegroups/rg-demo?api-version=2024-11-01"
    )
    context = ssl.create_default_context(cafile=session.variables.values["SSL_CERT_FILE"])
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.patch(address, json={"tags": {"owner": "by hand"}}, headers=headers, verify=context)
    assert answer.status_code == 200, answer.text


def test_destroy_leaves_nothing(run, standing):
    ran = run("destroy", "-s", "dev", "--json")
    assert ran.code == 0
    assert run("stack", "output", "-s", "dev", "--json").json["result"] == {}
    assert run("refresh", "-s", "dev", "--json").json["result"]["steps"] == []


def test_protected_resources_are_listed_and_kept_until_unprotected(run, standing):
    standing.stack("dev", protect=True)
    run("up", "-s", "dev")
    refused = run("destroy", "-s", "dev")
    assert refused.code == 4
    assert "lake-account" in refused.words
    assert "twinloop destroy -s dev --unprotect" in refused.words
    assert run("preview", "-s", "dev", "--json").json["result"]["changed"] is False
    assert run("destroy", "-s", "dev", "--unprotect").code == 0


def test_a_target_limits_what_is_touched(run, standing):
    standing.stack("dev", owner="somebody", account="sttwintests0002")
    urn = "urn:pulumi:dev::twinloop-tests::demo:infra:Lake$azure-native:resources:ResourceGroup::lake-group"
    changed = ops(run("up", "-s", "dev", "--target", urn, "--json").json)
    assert changed["lake-group"] == "update"
    assert changed.get("lake-account", "same") == "same"


def test_a_target_that_is_nothing_is_named(run, standing):
    ran = run("destroy", "-s", "dev", "--target", "urn:pulumi:dev::twinloop-tests::none::none")
    assert ran.code == 3
    assert "none::none" in ran.words


def test_the_stack_comes_from_pulumi_stack_where_no_flag_says_it(run, checkout, monkeypatch):
    checkout.stack("staging")
    monkeypatch.setenv("PULUMI_STACK", "staging")
    assert run("preview", "--json").json["result"]["stack"] == "staging"
    assert run("preview", "-s", "dev", "--json").json["result"]["stack"] == "dev"


def test_structured_settings_reach_the_program_as_pulumi_hands_them_over(run, checkout):
    checkout.program(
        "import pulumi\npulumi.export('seen', pulumi.Config().require('shape'))\n"
        "pulumi.export('parsed', pulumi.Config().require_object('shape')['sizes'])\n"
    )
    checkout.stack("dev", shape={"sizes": [1, 2.0], "name": "<b>"})
    run("up", "-s", "dev")
    outputs = run("stack", "output", "-s", "dev", "--json").json["result"]
    assert outputs["seen"] == '{"name":"\\u003cb\\u003e","sizes":[1,2]}'
    assert outputs["parsed"] == [1, 2]
    assert json.loads(outputs["seen"])["name"] == "<b>"


def test_a_stack_that_reads_another_one_which_is_not_up_says_what_to_type(run, platform):
    ran = run("up", "-s", "dev", "--json")
    assert ran.code == 1
    assert ran.json["error"]["next"] == "twinloop up -s shared && twinloop up -s dev"
