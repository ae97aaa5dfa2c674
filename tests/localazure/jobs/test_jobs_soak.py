"""The twin is killed at any moment of a pipeline's life: the pipeline ends as if nothing had happened."""

from __future__ import annotations

import time

import pytest

STEPS = 4


@pytest.fixture(scope="module")
def chained(tmp_path_factory, platform_of):
    server, platform = platform_of(tmp_path_factory.mktemp("soak"))
    environment = platform.environment("here", "dependencies: [python>=3.11]")
    spec = {
        "name": "link",
        "type": "command",
        "command": "$[[cat ${{inputs.before}}/x > ${{outputs.out}}/x;]] "
        "echo ${{inputs.n}} >> ${{outputs.out}}/x; sleep 0.1",
        "environment": f"azureml:{environment}",
        "is_deterministic": False,
        "inputs": {"n": {"type": "integer"}, "before": {"type": "uri_folder", "optional": True}},
        "outputs": {"out": {"type": "uri_folder"}},
    }
    component = f"{platform.workspace}/components/link/versions/1"
    body = {"properties": {"componentSpec": spec}}
    assert platform.call("PUT", f"{component}?api-version=2024-01-01-preview", body).status_code == 201
    yield platform, component
    server.kill()


def submit(platform, component, name):
    def literal(text):
        return {"job_input_type": "literal", "value": text}

    jobs = {}
    for n in range(STEPS):
        before = {"before": literal(f"${{{{parent.jobs.s{n - 1}.outputs.out}}}}")} if n else {}
        jobs[f"s{n}"] = {
            "type": "command",
            "componentId": component,
            "inputs": {"n": literal(str(n)), **before},
        }
    last = {"out": {"value": "${{parent.outputs.all}}", "type": "literal"}}
    jobs[f"s{STEPS - 1}"]["outputs"] = last
    settings = {"default_compute": platform.cpu}
    outputs = {"all": {"jobOutputType": "uri_folder"}}
    return platform.submit(name, jobType="Pipeline", jobs=jobs, settings=settings, outputs=outputs)


@pytest.mark.soak
@pytest.mark.parametrize("tenth", range(20))
def test_a_pipeline_ends_well_whenever_the_twin_is_killed(chained, tenth):
    platform, component = chained
    name = f"soak-{tenth}"
    assert submit(platform, component, name).status_code == 201
    time.sleep(tenth / 20)
    platform.twin.kill()
    platform.twin.start()
    assert platform.wait(name)["status"] == "Completed"
    job = platform.call("GET", f"{platform.workspace}/jobs/{name}?api-version=2024-01-01-preview").json()
    place = job["properties"]["outputs"]["all"]["uri"].partition("/paths/")[2]
    store = platform.call(
        "GET", f"{platform.workspace}/datastores/workspaceblobstore?api-version=2025-12-01"
    ).json()
    where = store["properties"]
    token = platform.twin.token("data-scientist", "https://storage.azure.com")
    url = (
        f"{platform.twin.base}/{where['accountName']}.blob.core.windows.net/{where['containerName']}/{place}x"
    )
    headers = {"Authorization": f"Bearer {token}", "x-ms-version": "2025-11-05"}
    assert platform.twin.client.get(url, headers=headers).text.split() == [str(n) for n in range(STEPS)]
