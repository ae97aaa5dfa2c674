"""A pipeline's page: its steps, what was reused, what came of what."""

from __future__ import annotations

import re

import pytest


@pytest.fixture(scope="module")
def component(platform, environment):
    """A deterministic step that hands on what it is given."""
    spec = {
        "name": "hand_on",
        "type": "command",
        "command": "$[[cat ${{inputs.from}}/x;]] echo more > ${{outputs.out}}/x",
        "environment": f"azureml:{environment}",
        "is_deterministic": True,
        "inputs": {"from": {"type": "uri_folder", "optional": True}},
        "outputs": {"out": {"type": "uri_folder"}},
    }
    arm_id = f"{platform.workspace}/components/hand_on/versions/1"
    body = {"properties": {"componentSpec": spec}}
    assert platform.call("PUT", f"{arm_id}?api-version=2024-01-01-preview", body).status_code == 201
    return arm_id


@pytest.fixture(scope="module")
def chains(platform, component):
    """Two pipelines of two steps; the second is answered by the first."""
    wire = {"from": {"job_input_type": "literal", "value": "${{parent.jobs.one.outputs.out}}"}}
    jobs = {
        "one": {"type": "command", "componentId": component},
        "two": {"type": "command", "componentId": component, "inputs": wire},
    }
    names = [f"chain-{number}-{platform.mark}" for number in range(2)]
    for name in names:
        platform.submit(name, jobType="Pipeline", jobs=jobs, settings={"default_compute": platform.cpu})
        assert platform.wait(name)["status"] == "Completed"
    return names


def boxes(page: str, part: str) -> dict[str, str]:
    """Label and kind of each box in a part of the page."""
    html = re.split(r'id="(?:part-|logs)', page.partition(f'id="part-{part}"')[2])[0]
    found = re.findall(r'class="node kind-([\w-]+)".*?class="label"[^>]*>([^<]*)<', html)
    return {label: kind for kind, label in found}


def test_steps_are_boxes_coloured_by_state_and_lead_to_their_pages(visit, chains, address):
    client = visit("data-scientist")
    page = client.get(address(chains[0])).text
    assert boxes(page, "steps") == {"one": "completed", "two": "completed"}
    step = re.search(r'<a href="(/studio/runs/[^"]+)">', page.partition('id="part-steps"')[2])[1]
    shown = client.get(step.replace("&amp;", "&")).text
    assert chains[0] in shown
    assert "Completed" in shown


def test_reused_steps_say_so_and_name_the_run_that_answered(visit, chains, address, platform):
    client = visit("data-scientist")
    page = client.get(address(chains[1])).text
    assert boxes(page, "steps") == {"one": "reused", "two": "reused"}
    assert "2 of 2 ended, 2 reused" in page
    step = re.search(r'<a href="(/studio/runs/[^"]+)">', page.partition('id="part-steps"')[2])[1]
    former = {run["runId"] for run in platform.history(f"{chains[0]}/children")["value"]}
    shown = client.get(step.replace("&amp;", "&")).text
    assert "Answered by" in shown
    assert any(run in shown for run in former)


def test_lineage_goes_from_the_maker_of_an_input_to_the_model_that_was_registered(
    visit, platform, environment, chains, address
):
    first = platform.history(f"{chains[0]}/children")["value"][0]["runId"]
    made = f"azureml://datastores/workspaceblobstore/paths/azureml/{first}/out/"
    name = f"trains-{platform.mark}"
    reply = platform.submit(
        name,
        command="cp ${{inputs.rows}}/x ${{outputs.model}}/x",
        environmentId=environment,
        computeId=platform.cpu,
        inputs={"rows": {"jobInputType": "uri_folder", "uri": made}},
        outputs={"model": {"jobOutputType": "custom_model"}},
    )
    assert reply.status_code == 201, reply.text
    assert platform.wait(name)["status"] == "Completed"
    model = f"{platform.workspace}/models/found-{platform.mark}/versions/1"
    where = f"azureml://datastores/workspaceblobstore/paths/azureml/{name}/model/"
    body = {"properties": {"modelUri": where, "modelType": "custom_model", "tags": {"job": name}}}
    assert platform.call("PUT", f"{model}?api-version=2024-01-01-preview", body).status_code == 201
    client = visit("data-scientist")
    drawn = boxes(client.get(address(name)).text, "lineage")
    assert drawn["one"] == "completed", "the step that made the input"
    assert drawn[f"found-{platform.mark}:1"] == "model"
    page = client.get(f"/studio/models/found-{platform.mark}?wsid={platform.workspace}").text
    assert f"/studio/runs/{name}?" in page
    assert name in client.get("/studio/models").text


def test_a_group_s_page_shows_locks_and_tombstones(twin_server, visit, put, group):
    name = group.rpartition("/")[2]
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv-gone-{name[-8:]}"
    body = {
        "location": twin_server.location,
        "properties": {"tenantId": twin_server.tenant, "sku": {"family": "A", "name": "standard"}},
    }
    assert put(vault, body, "vault").status_code < 300
    twin_server.settle(twin_server.call("DELETE", f"{vault}?api-version=2024-11-01"))
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-kept"
    assert put(identity, {"location": twin_server.location}, "identity").status_code < 300
    lock = f"{identity}/providers/Microsoft.Authorization/locks/keep"
    assert put(lock, {"properties": {"level": "CanNotDelete"}}, "lock").status_code < 300
    page = visit("infra-engineer").get(f"/studio/groups/{twin_server.subscription}/{name}").text
    kinds = dict(re.findall(r'class="node kind-([\w-]+)".*?class="label"[^>]*>([^<]*)<', page))
    assert kinds["locked"] == "id-kept"
    assert kinds["tombstone"].startswith("kv-gone")
    assert "keep (CanNotDelete)" in page
    assert 'id="tombstones"' in page
