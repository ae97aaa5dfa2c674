"""Grants of what serves and of what reacts: endpoints, the topic of events, the retrain handler.

Rows after Microsoft's "Access Azure resources from an online endpoint with a managed identity". Each endpoint
has an identity of its own, so that what one model may read, another may not.
"""

from __future__ import annotations

from infra.rights.table import Grant, Role, row
from infra.sections.endpoints import BatchEndpoint, Endpoints, OnlineEndpoint
from infra.sections.events import Events
from infra.sections.watching import Dashboards
from infra.settings import EnvironmentSettings

TOPIC, RETRAIN = "topic", "retrain"  # principals: the resources' own identities


def endpoint_purpose(endpoint: str) -> str:
    """The purpose of an endpoint's identity."""
    return f"endpoint-{endpoint}"


def online_rows(endpoint: OnlineEndpoint) -> tuple[Grant, ...]:
    """What the identity of an online endpoint may do."""
    who = endpoint_purpose(endpoint.name)
    rows = [
        row(who, Role.ACR_PULL, "images", "an instance pulls the deployment's image"),
        row(who, Role.BLOB_READER, "storage", "an instance loads the model"),
        row(who, Role.METRICS_WRITER, "workspace", "deployments send their metrics"),
    ]
    if endpoint.collects_data:
        reason = "inputs and predictions are kept where monitors read them"
        rows.append(row(who, Role.BLOB_CONTRIBUTOR, "lake-monitoring", reason))
    if endpoint.reads_connections:
        reason = "secrets of connections are given to the scoring code"
        rows.append(row(who, Role.CONNECTION_SECRETS_READER, "workspace", reason))
    if endpoint.reads_secrets:
        reason = "the scoring code reads secrets by itself"
        rows.append(row(who, Role.KEY_VAULT_SECRETS_USER, "vault", reason))
    return tuple(rows)


def batch_rows(endpoint: BatchEndpoint) -> tuple[Grant, ...]:
    """What the identity of a batch endpoint may do; its nodes have the identity of their cluster."""
    who = endpoint_purpose(endpoint.name)
    return (
        row(who, Role.ACR_PULL, "images", "the deployment's image is looked up"),
        row(who, Role.BLOB_READER, "storage", "the deployment's model is looked up"),
    )


def endpoint_rows(endpoints: Endpoints) -> tuple[Grant, ...]:
    """What all endpoints may do."""
    online = [grant for one in endpoints.online for grant in online_rows(one)]
    return (*online, *(grant for one in endpoints.batch for grant in batch_rows(one)))


def event_rows(events: Events) -> tuple[Grant, ...]:
    """What the topic and the retrain handler may do."""
    sends = "events are delivered by the topic's own identity, no keys"
    rows = [row(TOPIC, Role.QUEUE_SENDER, "events-queue", sends)]
    if events.retrain is not None:
        reads = "the handler takes its events from its queue, no keys"
        submits = "the handler starts the training, and can do nothing else"
        uses = "what it starts is made of promoted components"
        rows += [
            row(TOPIC, Role.QUEUE_SENDER, "retrain-queue", sends),
            row(RETRAIN, Role.QUEUE_PROCESSOR, "retrain-queue", reads),
            row(RETRAIN, Role.RETRAIN_SUBMITTER, "workspace", submits),
            row(RETRAIN, Role.REGISTRY_READER, "registry", uses),
        ]
    return tuple(rows)


def grafana_rows(dashboards: Dashboards) -> tuple[Grant, ...]:
    """What Grafana may read, and who may look at it."""
    if dashboards.grafana is None:
        return ()
    looks = "people look at dashboards, and change none"
    groups = ("data-scientists", "ml-engineers", "platform-admins", "auditors")
    viewers = (*groups, *(f"viewers-{number}" for number, _ in enumerate(dashboards.grafana.viewers)))
    rows = [row("grafana", Role.MONITORING_READER, "group", "shows metrics and logs")]
    if dashboards.prometheus:
        reason = "shows the cluster's metrics"
        rows.append(row("grafana", Role.MONITORING_DATA_READER, "prometheus", reason))
    rows += [row(who, Role.GRAFANA_VIEWER, "grafana", looks) for who in viewers]
    return tuple(rows)


def serving_roles(settings: EnvironmentSettings) -> set[Role]:
    """The roles of all these rows: CI, which assigns them, is limited to what tables of grants name."""
    rows = (
        *(endpoint_rows(settings.endpoints) if settings.endpoints else ()),
        *(event_rows(settings.events) if settings.events else ()),
        *(grafana_rows(settings.dashboards) if settings.dashboards else ()),
    )
    return {grant.role for grant in rows}
