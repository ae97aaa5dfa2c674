"""Online deployments that run: made, asked, replaced and ended by Azure ML's own client."""

from __future__ import annotations

import json

import pytest

from tests.localazure.conftest import TwinServer
from tests.localazure.machinelearning.conftest import make_workspace

DEPLOYER = "data-scientist"
ENDPOINT = "oe-irises"
FLOWERS = {"columns": ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]}
SETOSA, VIRGINICA = [5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]
HERE = "dependencies: [python>=3.11, pip, {pip: [pyyaml]}]"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace on a twin of its own, whose endpoints may read models."""
    server = TwinServer(tmp_path_factory.mktemp("serving"))
    made = make_workspace(server)
    yield made
    made.close()
    server.stop()


@pytest.fixture(scope="module")
def irises(workspace, tmp_path_factory):
    """Id of a model that knows three irises, trained on Fisher's."""
    import mlflow
    from mlflow.models import infer_signature
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    frame = load_iris(as_frame=True)
    model = LogisticRegression(max_iter=500).fit(frame.data, frame.target)
    folder = tmp_path_factory.mktemp("model") / "irises"
    mlflow.sklearn.save_model(model, folder, signature=infer_signature(frame.data, model.predict(frame.data)))
    return workspace.client(DEPLOYER).run(
        "m = Model(name='irises', path=path, type='mlflow_model')\n"
        "result = client.models.create_or_update(m).id",
        path=str(folder),
    )


@pytest.fixture(scope="module")
def endpoint(workspace, irises):
    """An endpoint with an identity of the platform's, and a deployment `blue` that has all its traffic."""
    return workspace.client(DEPLOYER).run(
        "e = ManagedOnlineEndpoint(name=name, auth_mode='aad_token')\n"
        "client.online_endpoints.begin_create_or_update(e).result()\n"
        "d = ManagedOnlineDeployment(name='blue', endpoint_name=name, model=model,\n"
        "                            instance_type='Standard_DS3_v2', instance_count=1)\n"
        "d = client.online_deployments.begin_create_or_update(d).result()\n"
        "e = client.online_endpoints.get(name)\n"
        "e.traffic = {'blue': 100}\n"
        "e = client.online_endpoints.begin_create_or_update(e).result()\n"
        "result = {'state': d.provisioning_state, 'traffic': e.traffic, 'uri': e.scoring_uri}",
        name=ENDPOINT,
        model=irises,
    )


@pytest.fixture
def request_file(tmp_path):
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"input_data": FLOWERS | {"index": [0, 1], "data": [SETOSA, VIRGINICA]}}))
    return str(file)


INVOKE = "result = client.online_endpoints.invoke(endpoint, request_file=file, deployment_name=deployment)"


def test_an_mlflow_model_is_deployed_without_code_and_answers(workspace, endpoint, request_file):
    assert endpoint["state"] == "Succeeded"
    assert endpoint["traffic"] == {"blue": 100}
    answer = workspace.client(DEPLOYER).run(INVOKE, endpoint=ENDPOINT, file=request_file, deployment=None)
    assert json.loads(answer) == [0, 2]
