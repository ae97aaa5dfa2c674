"""Assets through Azure ML's own client: data, environments, code, components, models and their versions."""

from __future__ import annotations

import pytest

API = "2023-08-01-preview"
CONDA = "name: e\ndependencies:\n- python=3.11\n- pip:\n  - scikit-learn==1.7.2\n"


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "folder"
    (path / "deep").mkdir(parents=True)
    (path / "a.csv").write_text("a,b\n1,2\n")
    (path / "deep" / "b.csv").write_text("3,4\n")
    return path


def refused(client, code, **names):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - what the client raised is in it
        client.run(code, **names)
    return str(caught.value)


# ------------------------------------------------------------------ data


def test_local_data_is_uploaded_registered_and_downloaded(workspace, name, folder, tmp_path):
    client = workspace.client()
    path = client.run(
        "result = client.data.create_or_update(Data(name=n, version='1', type='uri_folder', path=p)).path",
        n=name,
        p=str(folder),
    )
    assert "/datastores/workspaceblobstore/paths/LocalUpload/" in path
    client.run(
        "from azure.ai.ml._artifacts._artifact_utilities import download_artifact_from_aml_uri\n"
        "download_artifact_from_aml_uri(uri, target, client.datastores)",
        uri=path, target=str(tmp_path / "back"),
    )  # fmt: skip
    back = {
        p.relative_to(tmp_path / "back").as_posix(): p.read_text() for p in (tmp_path / "back").rglob("*.csv")
    }
    assert back == {"a.csv": "a,b\n1,2\n", "deep/b.csv": "3,4\n"}


def test_versions_count_up_where_none_is_given_and_latest_is_the_last(workspace, name, folder):
    client = workspace.client()
    code = "result = client.data.create_or_update(Data(name=n, type='uri_file', path=p)).version"
    assert client.run(code, n=name, p=str(folder / "a.csv")) == "1"
    assert client.run(code, n=name, p=str(folder / "deep" / "b.csv")) == "2"
    assert client.run("result = client.data.get(n, label='latest').version", n=name) == "2"
    assert client.run("result = [d.version for d in client.data.list(n)]", n=name) == ["2", "1"]


def test_the_same_content_is_sent_once(workspace, name, folder):
    client = workspace.client()
    code = "result = client.data.create_or_update(Data(name=n, version='1', type='uri_folder', path=p)).path"
    assert client.run(code, n=name, p=str(folder)) == client.run(code, n=f"{name}b", p=str(folder)).replace(
        f"{name}b", name
    )


def test_data_by_a_datastore_that_does_not_exist_is_refused(workspace, name):
    words = refused(
        workspace.client(),
        "client.data.create_or_update(Data(name=n, version='1', type='uri_folder', "
        "path='azureml://datastores/nowhere/paths/x/'))",
        n=name,
    )
    assert "nowhere" in words


def test_what_a_version_is_cannot_change_but_its_words_can(workspace, name):
    client = workspace.client()
    code = (
        "result = client.data.create_or_update(Data(name=n, version='1', type='uri_folder', "
        "path=p, description=d)).description"
    )
    client.run(code, n=name, p="azureml://datastores/workspaceblobstore/paths/one/", d="first")
    assert (
        client.run(code, n=name, p="azureml://datastores/workspaceblobstore/paths/one/", d="second")
        == "second"
    )
    words = refused(client, code, n=name, p="azureml://datastores/workspaceblobstore/paths/two/", d="third")
    assert "Asset paths cannot be updated" in words
    assert "the next one is 2" in words


def test_an_archived_version_leaves_the_list_and_comes_back(workspace, name):
    client = workspace.client()
    client.run(
        "for v in '12': client.data.create_or_update(Data(name=n, version=v, "
        "type='uri_folder', path='azureml://datastores/workspaceblobstore/paths/'+v+'/'))",
        n=name,
    )
    client.run("client.data.archive(n, version='2')", n=name)
    assert client.run("result = [d.version for d in client.data.list(n)]", n=name) == ["1"]
    assert client.run("result = client.data.get(n, label='latest').version", n=name) == "1"
    client.run("client.data.restore(n, version='2')", n=name)
    assert client.run("result = [d.version for d in client.data.list(n)]", n=name) == ["2", "1"]


def test_a_long_list_comes_in_pages(workspace, name):
    for number in range(1, 106):
        body = {
            "properties": {
                "dataUri": f"azureml://datastores/workspaceblobstore/paths/{number}/",
                "dataType": "uri_folder",
            }
        }
        assert (
            workspace.call(
                "PUT", f"/data/{name}/versions/{number}", body, api="2023-04-01-preview"
            ).status_code
            == 201
        )
    versions = workspace.client().run("result = [int(d.version) for d in client.data.list(n)]", n=name)
    assert versions == list(range(105, 0, -1))


# ------------------------------------------------------------------ environments


def test_an_environment_keeps_its_image_and_packages(workspace, name, tmp_path):
    (tmp_path / "conda.yml").write_text(CONDA)
    found = workspace.client().run(
        "client.environments.create_or_update(Environment(name=n, version='3', "
        "image='mcr.microsoft.com/base:1', conda_file=c))\n"
        "e = client.environments.get(n, label='latest')\n"
        "result = [e.version, e.image, e.conda_file['dependencies'][0]]",
        n=name, c=str(tmp_path / "conda.yml"),
    )  # fmt: skip
    assert found == ["3", "mcr.microsoft.com/base:1", "python=3.11"]


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"condaFile": CONDA}, "properties.image or properties.build is required"),
        ({"image": "x", "condaFile": "name: [unclosed"}, "not YAML"),
        ({"image": "x", "condaFile": "name: e"}, "dependencies"),
    ],
)
def test_an_environment_that_could_not_be_built_is_refused(workspace, name, properties, words):
    reply = workspace.call(
        "PUT", f"/environments/{name}/versions/1", {"properties": properties}, api="2023-04-01-preview"
    )
    assert reply.status_code == 400
    assert words in reply.json()["error"]["message"]


# ------------------------------------------------------------------ code and components


@pytest.fixture
def component(tmp_path, name):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text(f"print('{name}')\n")
    (tmp_path / "component.yaml").write_text(
        f"name: {name}\nversion: '1'\ntype: command\ncommand: python main.py\ncode: ./src\n"
        "environment:\n  image: mcr.microsoft.com/base:1\ninputs:\n  x: {type: number, default: 1}\n"
    )
    return tmp_path / "component.yaml"


def test_a_component_brings_its_code_and_environment(workspace, name, component):
    found = workspace.client().run(
        "c = client.components.create_or_update(load_component(source=s))\n"
        "c = client.components.get(n, '1')\n"
        "result = [c.code, c.environment, c.command]",
        s=str(component), n=name,
    )  # fmt: skip
    code, environment, command = found
    assert "/codes/" in code
    assert "/environments/CliV2AnonymousEnvironment/versions/" in environment
    assert command == "python main.py"


def test_a_component_is_found_without_its_version(workspace, name, component):
    found = workspace.client().run(
        "client.components.create_or_update(load_component(source=s))\n"
        "result = client.components.get(n).version",
        s=str(component), n=name,
    )  # fmt: skip
    assert found == "1"


def test_the_same_code_is_found_by_its_hash_and_not_sent_again(workspace, component, name):
    client = workspace.client()
    first = client.run(
        "result = client.components.create_or_update(load_component(source=s)).code", s=str(component)
    )
    component.write_text(component.read_text().replace("version: '1'", "version: '2'"))
    assert (
        client.run(
            "result = client.components.create_or_update(load_component(source=s)).code", s=str(component)
        )
        == first
    )


def test_a_component_whose_code_does_not_exist_is_refused(workspace, name):
    spec = {"type": "command", "command": "x", "code": f"azureml:{workspace.id}/codes/none/versions/1"}
    reply = workspace.call(
        "PUT",
        f"/components/{name}/versions/1",
        {"properties": {"componentSpec": spec}},
        api="2024-01-01-preview",
    )
    assert reply.status_code == 400
    assert "codes 'none:1' does not exist" in reply.json()["error"]["message"]


def test_uploads_of_code_need_the_workspaces_identity_to_have_its_role(new_workspace):
    workspace = new_workspace(grant_identity=False)
    reply = workspace.call(
        "POST",
        "/codes/c/versions/1/startPendingUpload",
        {"pendingUploadType": "TemporaryBlobReference"},
        api="2023-04-01",
    )
    assert reply.status_code == 400
    assert "Storage Blob Data Contributor" in reply.json()["error"]["message"]


# ------------------------------------------------------------------ models


def test_a_local_model_is_registered_and_downloaded(workspace, name, folder, tmp_path):
    client = workspace.client()
    made = client.run(
        "m = client.models.create_or_update(Model(name=n, path=p, type='custom_model', "
        "tags={'k': 'v'}, properties={'auc': '0.9'}))\n"
        "client.models.download(n, m.version, download_path=t)\n"
        "result = [m.version, m.tags, m.properties['auc'], m.type]",
        n=name, p=str(folder), t=str(tmp_path / "got"),
    )  # fmt: skip
    assert made == ["1", {"k": "v"}, "0.9", "custom_model"]
    assert [path.read_text() for path in (tmp_path / "got").rglob("a.csv")] == ["a,b\n1,2\n"]


def test_a_model_of_files_that_do_not_exist_is_refused(workspace, name):
    uri = "azureml://datastores/workspaceblobstore/paths/nothing/here"
    words = refused(
        workspace.client(), "client.models.create_or_update(Model(name=n, path=u))", n=name, u=uri
    )
    assert "Nothing is stored at" in words


def test_a_model_of_a_job_that_does_not_exist_is_refused(workspace, name):
    uri = "azureml://jobs/no-such-job/outputs/model/paths/"
    words = refused(
        workspace.client(), "client.models.create_or_update(Model(name=n, path=u))", n=name, u=uri
    )
    assert "no-such-job" in words


def test_a_models_stage_and_tags_change_and_versions_list_newest_first(workspace, name, folder):
    client = workspace.client()
    client.run(
        "for i in range(2): client.models.create_or_update(Model(name=n, path=p))\n"
        "m = client.models.get(n, '1')\n"
        "m.stage = 'Production'\n"
        "m.tags = {'approved': 'yes'}\n"
        "client.models.create_or_update(m)",
        n=name, p=str(folder),
    )  # fmt: skip
    found = client.run("m = client.models.get(n, '1'); result = [m.stage, m.tags]", n=name)
    assert found == ["Production", {"approved": "yes"}]
    assert client.run("result = [m.version for m in client.models.list(n)]", n=name) == ["2", "1"]
    assert client.run("result = [m.version for m in client.models.list(n, stage='Production')]", n=name) == [
        "1"
    ]
    assert client.run("result = client.models.get(n, label='latest').version", n=name) == "2"


def test_a_missing_version_is_not_found(workspace, name):
    words = refused(workspace.client(), "client.models.get(n, '7')", n=name)
    assert "ResourceNotFound" in words


# ------------------------------------------------------------------ rights and restarts


def test_a_reader_lists_models_and_registers_none(workspace, name, folder):
    client = workspace.client("auditor")
    client.run("result = [m.name for m in client.models.list()]")
    words = refused(client, "client.models.create_or_update(Model(name=n, path=p))", n=name, p=str(folder))
    assert "permission" in words.lower() or "Authorization" in words
    body = {"properties": {"modelUri": "azureml://datastores/workspaceblobstore/paths/x"}}
    reply = workspace.call("PUT", f"/models/{name}/versions/1", body, api=API, persona="auditor")
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "AuthorizationFailed")


def test_assets_survive_a_kill(make_twin, new_workspace, folder):
    twin = make_twin()
    workspace = new_workspace(twin)
    workspace.client().run(
        "client.models.create_or_update(Model(name='m', path=p, tags={'k': 'v'}))", p=str(folder)
    )
    twin.kill()
    twin.start()
    found = workspace.call("GET", "/models/m/versions/1", api=API).json()
    assert found["properties"]["tags"] == {"k": "v"}
    assert found["properties"]["flavors"] == {}
