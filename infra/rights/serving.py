"""Grants of what serves and of what reacts: endpoints, the topic of events, the retrain handler.

Rows after Microsoft's "Access Azure resources from an online endpoint with a managed identity". Each endpoint
has an identity of its own, so that what one model may read, another may not.
"""

from __future__ import annotations

from infra.rights.table import Grant, Role
from infra.sections.endpoints import BatchEndpoint, Endpoints, OnlineEndpoint
from infra.sections.events import Events
from infra.sections.watching import Dashboards
from infra.settings import EnvironmentSettings

TOPIC, RETRAIN = "topic", "retrain"  # principals: the resources' own identities

# Submit a job of registered components, and look at it: AzureML Data Scientist also deletes endpoints.
# Source: Microsoft, "Manage access to Azure Machine Learning workspaces": the sample role MLOps, and what
# "submitting any type of run (V2)" needs, less what uploads code and builds environments: the component is
# registered, with its environment. Inferred: that Azure asks for no more was not tried.
_ML = "Microsoft.MachineLearningServices/workspaces"
RETRAIN_SUBMITTER_ACTIONS = (
    f"{_ML}/read",
    f"{_ML}/computes/read",
    f"{_ML}/datastores/read",
    f"{_ML}/components/read",
    f"{_ML}/components/versions/read",
    f"{_ML}/environments/read",
    f"{_ML}/environments/versions/read",
    f"{_ML}/experiments/read",
    f"{_ML}/experiments/write",
    f"{_ML}/experiments/runs/read",
    f"{_ML}/experiments/runs/write",
    f"{_ML}/experiments/runs/submit/action",
    f"{_ML}/jobs/read",
    f"{_ML}/jobs/write",
)


def endpoint_purpose(endpoint: str) -> str:
    """The purpose of an endpoint's identity."""
    return f"endpoint-{endpoint}"


def online_rows(endpoint: OnlineEndpoint) -> tuple[Grant, ...]:
    """What the identity of an online endpoint may do."""
    who = endpoint_purpose(endpoint.name)
    rows = [
        Grant(who=who, role=Role.ACR_PULL, on="images", reason="an instance pulls the deployment's image"),
        Grant(who=who, role=Role.BLOB_READER, on="storage", reason="an instance loads the model"),
        Grant(who=who, role=Role.METRICS_WRITER, on="workspace", reason="deployments send their metrics"),
    ]
    if endpoint.collects_data:
        reason = "inputs and predictions are kept where monitors read them"
        rows.append(Grant(who=who, role=Role.BLOB_CONTRIBUTOR, on="lake-monitoring", reason=reason))
    if endpoint.reads_connections:
        reason = "secrets of connections are given to the scoring code"
        rows.append(Grant(who=who, role=Role.CONNECTION_SECRETS_READER, on="workspace", reason=reason))
    if endpoint.reads_secrets:
        reason = "the scoring code reads secrets by itself"
        rows.append(Grant(who=who, role=Role.KEY_VAULT_SECRETS_USER, on="vault", reason=reason))
    return tuple(rows)


def batch_rows(endpoint: BatchEndpoint) -> tuple[Grant, ...]:
    """What the identity of a batch endpoint may do; its nodes have the identity of their cluster."""
    who = endpoint_purpose(endpoint.name)
    return (
        Grant(who=who, role=Role.ACR_PULL, on="images", reason="the deployment's image is looked up"),
        Grant(who=who, role=Role.BLOB_READER, on="storage", reason="the deployment's model is looked up"),
    )


def endpoint_rows(endpoints: Endpoints) -> tuple[Grant, ...]:
    """What all endpoints may do."""
    online = [row for one in endpoints.online for row in online_rows(one)]
    return (*online, *(row for one in endpoints.batch for row in batch_rows(one)))


def event_rows(events: Events) -> tuple[Grant, ...]:
    """What the topic and the retrain handler may do."""
    sends = "events are delivered by the topic's own identity, no keys"
    rows = [Grant(who=TOPIC, role=Role.QUEUE_SENDER, on="events-queue", reason=sends)]
    if events.retrain is not None:
        reads = "the handler takes its events from its queue, no keys"
        submits = "the handler starts the training, and can do nothing else"
        uses = "what it starts is made of promoted components"
        rows += [
            Grant(who=TOPIC, role=Role.QUEUE_SENDER, on="retrain-queue", reason=sends),
            Grant(who=RETRAIN, role=Role.QUEUE_PROCESSOR, on="retrain-queue", reason=reads),
            Grant(who=RETRAIN, role=Role.RETRAIN_SUBMITTER, on="workspace", reason=submits),
            Grant(who=RETRAIN, role=Role.REGISTRY_READER, on="registry", reason=uses),
        ]
    return tuple(rows)


def grafana_rows(dashboards: Dashboards) -> tuple[Grant, ...]:
    """What Grafana may read, and who may look at it."""
    if dashboards.grafana is None:
        return ()
    looks = "people look at dashboards, and change none"
    groups = ("data-scientists", "ml-engineers", "platform-admins", "auditors")
    viewers = (*groups, *(f"viewers-{number}" for number, _ in enumerate(dashboards.grafana.viewers)))
    rows = [Grant(who="grafana", role=Role.MONITORING_READER, on="group", reason="shows metrics and logs")]
    if dashboards.prometheus:
        reason = "shows the cluster's metrics"
        rows.append(Grant(who="grafana", role=Role.MONITORING_DATA_READER, on="prometheus", reason=reason))
    rows += [Grant(who=who, role=Role.GRAFANA_VIEWER, on="grafana", reason=looks) for who in viewers]
    return tuple(rows)


def serving_roles(settings: EnvironmentSettings) -> set[Role]:
    """The roles of all these rows: CI, which assigns them, is limited to what tables of grants name."""
    rows = (
        *(endpoint_rows(settings.endpoints) if settings.endpoints else ()),
        *(event_rows(settings.events) if settings.events else ()),
        *(grafana_rows(settings.dashboards) if settings.dashboards else ()),
    )
    return {row.role for row in rows}
