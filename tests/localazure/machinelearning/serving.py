"""An endpoint with deployments on a twin of its own: one of an MLflow model, one of an entry script."""

from __future__ import annotations

import os
import time

import pytest

from infra.naming import Names
from tests.localazure.conftest import LOCATION, SUBSCRIPTION, TwinServer
from tests.localazure.machinelearning.conftest import make_workspace
from twinloop import engine
from twinloop.providers.azure_native.provider import AzureNativeProvider

DEPLOYER = "data-scientist"
NAMES = Names(workload="irises", environment="dev", location=LOCATION, subscription_id=SUBSCRIPTION)
ENDPOINT = NAMES.physical("online_endpoint", "irises")
COLUMNS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
SETOSA, VIRGINICA = [5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]
ASKED = {"input_data": {"columns": COLUMNS, "index": [0, 1], "data": [SETOSA, VIRGINICA]}}
AUDIENCE = "https://ml.azure.com"
SCORE = """
import base64, json, os, pathlib, time, urllib.request

def init():
    global greeting
    while "GATE" in os.environ and not pathlib.Path(os.environ["GATE"]).exists():
        time.sleep(0.01)
    greeting = (pathlib.Path(os.environ["AZUREML_MODEL_DIR"]) / "greeting.txt").read_text()
    print("the model is read")

def identity():
    url = os.environ["IDENTITY_ENDPOINT"] + "?api-version=2019-08-01&resource=https://storage.azure.com"
    request = urllib.request.Request(url, headers={"X-IDENTITY-HEADER": os.environ["IDENTITY_HEADER"]})
    token = json.load(urllib.request.urlopen(request))["access_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))["oid"]

def run(data, request_headers):
    asked = json.loads(data)
    print("asked", asked.get("mark"))
    if "fail" in asked:
        raise ValueError("no such flower")
    while "gate" in asked and not pathlib.Path(asked["gate"]).exists():
        time.sleep(0.01)
    return {"greeting": greeting, "word": os.environ["WORD"], "pid": os.getpid(), "as": identity(),
            "trace": request_headers.get("x-trace")}
"""
MAKE = """
d = ManagedOnlineDeployment(
    name=name, endpoint_name=endpoint, model=Model(name='greeting', path=model, type='custom_model'),
    environment=Environment(name='here', image=image, conda_file=conda),
    code_configuration=CodeConfiguration(code=folder, scoring_script='score.py'),
    environment_variables={'WORD': 'hello'}, instance_type='Standard_DS3_v2', instance_count=1,
    request_settings=OnlineRequestSettings(
        request_timeout_ms=timeout, max_concurrent_requests_per_instance=1))
d = client.online_deployments.begin_create_or_update(d).result()
result = d.provisioning_state
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace on a twin of its own."""
    server = TwinServer(tmp_path_factory.mktemp("serving"))
    made = make_workspace(server, arm_id=NAMES.workspace_id)
    yield made
    made.close()
    server.stop()


@pytest.fixture(scope="module")
def client(workspace):
    return workspace.client(DEPLOYER)


@pytest.fixture(scope="module")
def endpoint(workspace, client, tmp_path_factory):
    """An endpoint with a deployment `blue` that has all its traffic: a model that knows three irises."""
    import mlflow
    from mlflow.models import infer_signature
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    rows = load_iris(as_frame=True)
    model = LogisticRegression(max_iter=500).fit(rows.data, rows.target)
    folder = tmp_path_factory.mktemp("model") / "irises"
    mlflow.sklearn.save_model(
        model,
        folder,
        signature=infer_signature(rows.data, model.predict(rows.data)),
        pip_requirements=["mlflow", "scikit-learn"],  # said, not found out by a process that loads the model
    )
    return client.run(
        "e = ManagedOnlineEndpoint(name=name, auth_mode='aad_token')\n"
        "client.online_endpoints.begin_create_or_update(e).result()\n"
        "m = client.models.create_or_update(Model(name='irises', path=path, type='mlflow_model'))\n"
        "d = ManagedOnlineDeployment(name='blue', endpoint_name=name, model=m.id,\n"
        "                            instance_type='Standard_DS3_v2', instance_count=1)\n"
        "d = client.online_deployments.begin_create_or_update(d).result()\n"
        "e = client.online_endpoints.get(name)\n"
        "e.traffic = {'blue': 100}\n"
        "e = client.online_endpoints.begin_create_or_update(e).result()\n"
        "result = {'state': d.provisioning_state, 'traffic': e.traffic, 'uri': e.scoring_uri,\n"
        "          'identity': e.identity.principal_id}",
        name=ENDPOINT,
        path=str(folder),
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A model that is a text, an entry script, and an environment that is here."""
    root = tmp_path_factory.mktemp("green")
    (root / "code").mkdir()
    (root / "code" / "score.py").write_text(SCORE)
    (root / "greeting.txt").write_text("good morning")
    (root / "conda.yml").write_text("dependencies: [python>=3.11, pip, {pip: [pyyaml]}]\n")
    return {
        "model": str(root / "greeting.txt"),
        "folder": str(root / "code"),
        "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
        "conda": str(root / "conda.yml"),
        "timeout": 60_000,
        "endpoint": ENDPOINT,
    }


@pytest.fixture(scope="module")
def green(workspace, client, endpoint, files):
    """A deployment with a script of its own, which nobody is sent to by traffic."""
    assert client.run(MAKE, name="green", **files) == "Succeeded"
    return f"/onlineEndpoints/{ENDPOINT}/deployments/green"


@pytest.fixture
def ask(workspace, endpoint):
    """One raw request to score, as a persona: `ask(body, deployment=...)`."""

    def post(body, *, persona=DEPLOYER, deployment="", audience=AUDIENCE, key="", **headers):
        headers["authorization"] = f"Bearer {key or workspace.twin.token(persona, audience)}"
        if deployment:
            headers["azureml-model-deployment"] = deployment
        return workspace.twin.client.post(endpoint["uri"], json=body, headers=headers)

    return post


def traffic(workspace, **shares):
    path = f"/onlineEndpoints/{ENDPOINT}"
    body = workspace.call("GET", path).json()
    body["properties"]["traffic"] = shares
    reply = workspace.call("PUT", path, body)
    if reply.status_code < 300:
        workspace.twin.settle(reply)
    return reply


def gone(pid):
    """Whether a process ends, sooner or later."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


PROGRAM = """
import pulumi
from pulumi_azure_native import monitor
from infra.naming import Names
from infra.sections.endpoints import OnlineEndpoint
from infra.serving.autoscale import Autoscale, AutoscaleArgs
from infra.watching.metric_alerts import MetricAlerts, MetricAlertsArgs, endpoint_watches

names = Names(workload="irises", environment="dev", location="westeurope", subscription_id={subscription!r})
blue = dict(name={deployment!r}, minInstances=2, maxInstances=10, weekendInstances=1)
endpoint = OnlineEndpoint.model_validate(dict(
    name="irises", description="Kinds of irises", maxLatencyMilliseconds=500, severity=2, deployments=[blue]))
group = names.resource_group
told = monitor.ActionGroup("told", action_group_name="ag-told", resource_group_name=group, location="global",
                           group_short_name="told", enabled=True)
Autoscale("autoscale", AutoscaleArgs(
    resource_group=group, location="westeurope", endpoint=endpoint, after=told, names=names, tags={{}}))
MetricAlerts("alert", MetricAlertsArgs(
    resource_group=group, action_group_id=told.id, names=names, tags={{}},
    watches=endpoint_watches(endpoint, names, names.online_endpoint_id("irises"))))
"""


@pytest.fixture
def watched(workspace, tmp_path, monkeypatch):
    """Runs the program that scales and watches a deployment: `watched("up", "blue")`."""
    for name, value in workspace.twin.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("twinloop.passphrase.ROUNDS", 1000)
    (tmp_path / "program").mkdir()
    stack = engine.Stack(project="watching", name="dev", backend=tmp_path / "state", passphrase="only a test")

    def run(operation, deployment, **options):
        source = PROGRAM.format(subscription=SUBSCRIPTION, deployment=deployment)
        (tmp_path / "program" / "__main__.py").write_text(source)
        program = engine.Program(
            main=tmp_path / "program", config={"azure-native:subscriptionId": SUBSCRIPTION}
        )
        return engine.run(
            engine.Operation(operation),
            stack,
            program,
            lambda *_: AzureNativeProvider(),
            engine.Options(**options),
            lambda _: None,
        )

    return run
