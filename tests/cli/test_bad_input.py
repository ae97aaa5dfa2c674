import json
import os
import signal
import time

import pytest

SLOW = """
import time
import pulumi
from pulumi_azure_native import resources

first = resources.ResourceGroup("first", resource_group_name="rg-first")
{between}
after = pulumi.ResourceOptions(depends_on=first)
second = resources.ResourceGroup("second", resource_group_name="rg-second", opts=after)
"""


def test_an_unknown_stack_lists_the_known_ones_and_the_nearest(run, checkout):
    checkout.stack("staging")
    ran = run("up", "-s", "stagin", "--json")
    assert ran.code == 3
    assert ran.json["error"]["allowed"] == "dev, staging"
    assert ran.json["error"]["next"] == "did you mean -s staging ?"


def test_an_unknown_persona_names_the_nearest(run, checkout):
    ran = run("up", "-s", "dev", "--as", "data-scientis")
    assert ran.code == 3
    assert "--as data-scientist" in ran.words


def test_a_stack_file_that_is_not_yaml_is_named_with_its_line_and_a_way_on(run, checkout):
    (checkout.root / "Pulumi.dev.yaml").write_text("config: [1, 2\n")
    ran = run("preview", "-s", "dev", "--json")
    assert ran.code == 2
    error = ran.json["error"]
    assert error["where"] == f"{checkout.root / 'Pulumi.dev.yaml'}, line 2, column 1"
    assert "\n" not in error["given"]
    assert "git diff Pulumi.dev.yaml" in error["next"]


def test_a_target_that_nothing_meets_is_told_with_how_to_name_one(run, checkout):
    ran = run("up", "-s", "dev", "--target", "*::nobody", "--json")
    assert ran.code == 3
    error = ran.json["error"]
    assert (error["where"], error["given"]) == ("stack dev: --target", "*::nobody")
    assert "--target '*::NAME'" in error["next"]
    assert error["next"].startswith("twinloop preview -s dev --json")


def test_a_target_that_needs_what_is_not_there_is_told_by_short_names(run, checkout):
    checkout.program(SLOW.format(between=""))
    ran = run("up", "-s", "dev", "--target", "*::second", "--json")
    assert ran.code == 2
    error = ran.json["error"]
    assert error["message"] == "'second' needs 1 resource(s) that are not there and no targets."
    assert error["given"] == "second: first"
    assert error["next"].startswith("twinloop up -s dev ")


def test_a_target_that_others_depend_on_is_not_deleted_and_the_next_step_deletes_both(run, checkout):
    checkout.program(SLOW.format(between=""))
    assert run("up", "-s", "dev").code == 0
    ran = run("destroy", "-s", "dev", "--yes", "--target", "*::first", "--json")
    assert ran.code == 2
    error = ran.json["error"]
    assert error["message"] == "'first' would be deleted, and 'second' stays and depends on it."
    words = [word.strip("'") for word in error["next"].split()]
    assert words[:4] == ["twinloop", "destroy", "-s", "dev"]
    assert run(*words[1:], "--yes").code == 0


def test_a_data_scientist_may_not_bring_a_stack_up_and_is_told_which_role_is_missing(run, checkout):
    ran = run("up", "-s", "dev", "--as", "data-scientist", "--json")
    assert ran.code == 4
    error = ran.json["error"]
    assert error["code"] == "refused"
    assert "Microsoft.Resources/subscriptions/resourceGroups/" in error["given"]
    assert "A role that allows it: 'Reader'" in error["given"]
    assert error["next"].startswith("twinloop up -s dev --as infra-engineer")


def test_a_damaged_state_is_refused_and_its_backup_offered_and_restored_and_a_good_one_stays(run, checkout):
    run("up", "-s", "dev")
    assert run("stack", "restore", "-s", "dev").code == 4  # a good one is not rescued by accident
    checkout.stack("dev", owner="somebody")
    run("up", "-s", "dev")
    state = next((checkout.home.state / ".pulumi" / "stacks").rglob("dev.json"))
    state.write_text(state.read_text()[:200])
    damaged = state.read_text()
    refused = run("up", "-s", "dev", "--json")
    assert refused.code == 7
    assert refused.json["error"]["next"] == "twinloop stack restore -s dev"
    assert state.read_text() == damaged
    assert run("stack", "ls", "--json").json["result"][0]["damaged"]
    assert run("stack", "restore", "-s", "dev").code == 0
    assert run("up", "-s", "dev").code == 0
    assert run("preview", "-s", "dev", "--json").json["result"]["changed"] is False


def test_a_stack_that_was_never_up_has_nothing_to_rescue(run, checkout):
    ran = run("stack", "restore", "-s", "dev", "--json")
    assert ran.code == 3
    assert ran.json["error"]["next"] == "twinloop up -s dev"


def test_the_second_up_at_once_is_told_who_holds_the_lock(run, checkout, tmp_path):
    mark, go = tmp_path / "mark", tmp_path / "go"
    wait = (
        f"import pathlib\npathlib.Path({str(mark)!r}).touch()\n"
        f"go = pathlib.Path({str(go)!r})\n"
        "while not pulumi.runtime.is_dry_run() and not go.exists():\n    time.sleep(0.05)\n"
    )
    checkout.program(SLOW.format(between=wait))
    run("twin", "start")
    first = checkout.popen("up", "-s", "dev")
    try:
        _until(lambda: list((checkout.home.state / ".pulumi" / "locks").rglob("*.json")))
        second = run("up", "-s", "dev", "--json")
        assert second.code == 5
        assert f"pid {first.pid}" in second.json["error"]["given"]
    finally:
        go.touch()
        first.communicate(timeout=60)
    assert first.returncode == 0
    assert run("up", "-s", "dev", "--expect-no-changes").code == 0


def test_a_twin_that_dies_in_the_middle_is_told_and_the_next_up_goes_on(run, checkout):
    started = run("twin", "start", "--json").json["result"]["pid"]
    kill = (
        "import os\n"
        "def stop_the_twin(_):\n"
        "    if not pulumi.runtime.is_dry_run() and os.environ.get('KILL'):\n"
        f"        os.kill({started}, {int(signal.SIGKILL)})\n"
        "first.id.apply(stop_the_twin)\n"
    )
    checkout.program(SLOW.format(between=kill))
    broken = checkout.twinloop("up", "-s", "dev", "--json", KILL="1")
    assert broken.returncode == 8, broken.stderr
    assert json.loads(broken.stdout)["error"]["code"] == "twin-unreachable"
    assert run("up", "-s", "dev").code == 0
    assert run("refresh", "-s", "dev", "--expect-no-changes").code == 0


def test_a_dead_twin_is_noticed_and_started_again(run, checkout):
    pid = run("twin", "start", "--json").json["result"]["pid"]
    os.kill(pid, signal.SIGKILL)
    _until(lambda: run("twin", "status").code == 8)
    assert run("up", "-s", "dev").code == 0


def test_a_program_that_raises_is_shown_at_its_own_line(run, checkout):
    checkout.program("import pulumi\n\nraise ValueError('the table of grants is empty')\n")
    ran = run("preview", "-s", "dev")
    assert ran.code == 1
    assert "the table of grants is empty" in ran.err
    assert "Traceback" not in ran.err
    assert "line 3" in ran.words


def test_a_name_that_azure_would_refuse_is_refused_with_the_rule_before_anything_is_touched(run, checkout):
    checkout.stack("dev", account="Lake_1")
    for command in ("preview", "up"):
        ran = run(command, "-s", "dev", "--json")
        assert ran.code == 2, ran.err
        error = ran.json["error"]
        assert "accountName: given 'Lake_1'; allowed: 3 to 24 lower-case letters" in error["given"]
        assert "Pulumi.dev.yaml" in error["next"]
    assert run("stack", "ls", "--json").json["result"][0]["exists"] is False


def test_subnets_that_overlap_are_named_with_their_ranges(run, checkout):
    checkout.program(
        "from pulumi_azure_native import network, resources\n"
        "group = resources.ResourceGroup('group', resource_group_name='rg-demo')\n"
        "net = network.VirtualNetwork('net', virtual_network_name='vnet', resource_group_name=group.name,\n"
        "    address_space={'address_prefixes': ['10.0.0.0/16']})\n"
        "for name, prefix in (('a', '10.0.0.0/24'), ('b', '10.0.0.128/25')):\n"
        "    network.Subnet(name, subnet_name=name, virtual_network_name=net.name,\n"
        "        resource_group_name=group.name, address_prefix=prefix)\n"
    )
    ran = run("up", "-s", "dev", "--json")
    assert ran.code == 1
    given = ran.json["error"]["given"]
    assert "10.0.0.0/24" in given
    assert "10.0.0.128/25" in given
    assert "NetcfgSubnetRangesOverlap" in given


def test_a_type_that_is_not_emulated_is_refused_by_name_before_anything_is_touched(run, checkout):
    checkout.program(
        "from pulumi_azure_native import resources, search\n"
        "group = resources.ResourceGroup('group', resource_group_name='rg-demo')\n"
        "search.Service('finder', resource_group_name=group.name, search_service_name='srch-demo')\n"
    )
    ran = run("up", "-s", "dev")
    assert ran.code == 9, ran.err
    assert "azure-native:search:Service" in ran.err
    assert run("stack", "ls", "--json").json["result"][0]["exists"] is False


def test_the_embedded_engine_is_refused_towards_azure(run, checkout):
    ran = run("up", "-s", "dev", "--cloud", "azure", "--engine", "embedded")
    assert ran.code == 4
    assert "--engine pulumi" in ran.words


def test_azure_without_the_official_cli_says_what_is_missing(run, checkout, monkeypatch):
    monkeypatch.setenv("PATH", str(checkout.root))
    ran = run("up", "-s", "dev", "--cloud", "azure", "--yes")
    assert ran.code == 3
    assert "official Pulumi CLI is not on PATH" in ran.words


def test_a_shell_that_points_at_the_twin_sends_nothing_to_azure(run, checkout, monkeypatch):
    monkeypatch.setenv("TWINLOOP_TWIN", "/somewhere/.twinloop")
    ran = run("up", "-s", "dev", "--cloud", "azure", "--yes")
    assert ran.code == 4
    assert "twin env --unset" in ran.words


def test_on_azure_no_stack_is_assumed(run, checkout):
    ran = run("preview", "--cloud", "azure")
    assert ran.code == 2
    assert "-s dev" in ran.words


def test_protection_is_lifted_on_the_twin_only(run, checkout):
    ran = run("destroy", "-s", "dev", "--cloud", "azure", "--unprotect", "--yes")
    assert ran.code == 4


def _until(condition, patience=60.0):
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("it did not happen")
        time.sleep(0.02)


def test_a_folder_that_was_removed_under_the_shell_is_told_as_such(run, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    told = run("twin", "stop")
    assert told.code == 3
    assert "The folder that you are in has been removed." in told.words
    assert "next: cd to your checkout" in told.words
