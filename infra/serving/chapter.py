"""The chapter of what serves and what reacts: endpoints, schedules, events, alerts, dashboards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from infra.own_roles import own_role_guid, own_role_guids
from infra.rights.access import Access, AccessArgs, Principal, ScopeTarget
from infra.rights.identities import Identities, IdentitiesArgs
from infra.rights.people import machines, people
from infra.rights.serving import (
    RETRAIN,
    TOPIC,
    endpoint_purpose,
    endpoint_rows,
    event_rows,
    grafana_rows,
)
from infra.rights.table import Grant, Role, on_taken
from infra.sections.taken import taken_grants
from infra.serving.autoscale import Autoscale, AutoscaleArgs
from infra.serving.endpoints import Endpoints, EndpointsArgs
from infra.serving.schedules import Schedules, SchedulesArgs
from infra.watching.metric_alerts import MetricAlerts, MetricAlertsArgs, endpoint_watches, workspace_watches

if TYPE_CHECKING:
    from infra.environment import Environment
    from infra.sections.endpoints import Endpoints as EndpointSettings
    from infra.sections.events import Events as EventSettings
    from infra.sections.watching import Dashboards as DashboardSettings


class Serving:
    """What an environment serves with; each part only where its settings are given."""

    def __init__(self, built: Environment) -> None:
        self._built, settings = built, built.settings
        self.endpoints: Endpoints | None = None
        self.below: list[pulumi.Resource] = []  # what a lock on workspace or stores must come after
        if settings.endpoints:
            self._serve(settings.endpoints)
        if settings.schedules or settings.monitors:
            self._run_by_the_clock()
        if settings.events:
            self._react(settings.events)
        self._watch()
        if settings.dashboards:
            self._show(settings.dashboards)

    @property
    def online_names(self) -> dict[str, pulumi.Output[str]]:
        """Azure names of online endpoints, by their names in the settings."""
        return {name: one.name for name, one in self.endpoints.online.items()} if self.endpoints else {}

    @property
    def batch_names(self) -> dict[str, pulumi.Output[str]]:
        """Azure names of batch endpoints, by their names in the settings."""
        return {name: one.name for name, one in self.endpoints.batch.items()} if self.endpoints else {}

    def _serve(self, settings: EndpointSettings) -> None:
        built = self._built
        identities = Identities(
            "endpoint-identity",
            IdentitiesArgs(
                resource_group=built.group.name,
                location=built.location,
                purposes=tuple(endpoint_purpose(name) for name in settings.names),
                taken={},
                names=built.names,
                tags=built.tags,
            ),
        )
        principals = machines(built.names, identities.principal_ids)
        rows = on_taken(endpoint_rows(settings), taken_grants(built.settings))
        access = self._access("endpoint-access", rows, principals)
        self.endpoints = Endpoints(
            "endpoint",
            EndpointsArgs(
                resource_group=built.group.name,
                location=built.location,
                workspace_name=built.workspace.workspace_name,
                settings=settings,
                identity_ids=identities.ids,
                names=built.names,
                tags=built.tags,
            ),
        )
        for endpoint in settings.online:
            if endpoint.deployments:
                Autoscale(
                    f"autoscale-{endpoint.name}",
                    AutoscaleArgs(
                        resource_group=built.group.name,
                        location=built.location,
                        endpoint=endpoint,
                        after=self.endpoints.online[endpoint.name],
                        names=built.names,
                        tags=built.tags,
                    ),
                )
        self.below += [access, self.endpoints]

    def _run_by_the_clock(self) -> None:
        built, settings = self._built, self._built.settings
        made = self.endpoints
        after = {**made.online, **made.batch} if made else {}
        self.below.append(
            Schedules(
                "schedule",
                SchedulesArgs(
                    resource_group=built.group.name,
                    workspace_name=built.workspace.workspace_name,
                    registry=settings.shared_names.registry,
                    schedules=settings.schedules,
                    monitors=settings.monitors,
                    after=after,
                    names=built.names,
                    tags=built.tags,
                ),
            )
        )

    def _react(self, settings: EventSettings) -> None:
        from infra.serving.events import RETRAIN as QUEUE
        from infra.serving.events import Events, EventsArgs

        built = self._built
        events = Events(
            "events",
            EventsArgs(
                resource_group=built.group.name,
                location=built.location,
                workspace_id=built.workspace.workspace_id,
                storage=built.storage,
                storage_id=built.storage.account_id,
                settings=settings,
                names=built.names,
                tags=built.tags,
            ),
        )
        principals = {
            TOPIC: Principal(key=built.names.topic_id, object_id=events.principal_id, kind="ServicePrincipal")
        }
        roles: dict[Role, tuple[str, pulumi.Resource | None]] = {}
        if settings.retrain:
            from infra.serving.retrain import Retrain, RetrainArgs

            handler = Retrain(
                "retrain",
                RetrainArgs(
                    resource_group=built.group.name,
                    location=built.location,
                    settings=settings.retrain,
                    queue=QUEUE,
                    registry=built.settings.shared_names.registry,
                    names=built.names,
                    tags=built.tags,
                ),
            )
            principals[RETRAIN] = Principal(
                key=built.names.retrain_id, object_id=handler.principal_id, kind="ServicePrincipal"
            )
            guid = own_role_guid(built.names, Role.RETRAIN_SUBMITTER)
            roles[Role.RETRAIN_SUBMITTER] = (guid, handler.role)
        queues = {
            f"{queue.removeprefix('ml-')}-queue": ScopeTarget(
                id=built.names.queue_id(queue), resource=events.queues[queue]
            )
            for queue in events.queues
        }
        access = self._access("event-access", event_rows(settings), principals, queues, roles)
        events.subscribe(after=access.of(TOPIC))
        self.below += [events, access]

    def _watch(self) -> None:
        """Alerts, where somebody is told of them."""
        built, settings = self._built, self._built.settings
        if settings.alerts is None or built.alerting is None:
            return
        rows = list(workspace_watches(built.workspace.workspace_id, settings.alerts.severity))
        if settings.endpoints and self.endpoints:
            for endpoint in settings.endpoints.online:
                rows += endpoint_watches(endpoint, built.names, self.endpoints.online[endpoint.name].id)
        MetricAlerts(
            "alert",
            MetricAlertsArgs(
                resource_group=built.group.name,
                action_group_id=built.alerting.action_group_id,
                watches=tuple(rows),
                names=built.names,
                tags=built.tags,
            ),
        )

    def _show(self, settings: DashboardSettings) -> None:
        from infra.watching.boards import Boards, BoardsArgs

        built = self._built
        boards = Boards(
            "boards",
            BoardsArgs(
                resource_group=built.group.name,
                location=built.location,
                settings=settings,
                public_access=built.settings.network.public_access,
                cluster_id=built.aks.cluster.cluster_id if built.aks else None,
                names=built.names,
                tags=built.tags,
            ),
        )
        if settings.grafana is None or boards.grafana is None:
            return
        principals = people(built.settings.access.groups)
        principals |= {
            f"viewers-{number}": Principal(key=group, object_id=group, kind="Group")
            for number, group in enumerate(settings.grafana.viewers)
        }
        principals["grafana"] = Principal(
            key=built.names.grafana_id, object_id=boards.principal_id, kind="ServicePrincipal"
        )
        scopes = {"grafana": ScopeTarget(id=built.names.grafana_id, resource=boards.grafana)}
        if boards.account is not None:
            scopes["prometheus"] = ScopeTarget(id=built.names.prometheus_id, resource=boards.account)
        self._access("grafana-access", grafana_rows(settings), principals, scopes)

    def _access(
        self,
        name: str,
        rows: tuple[Grant, ...],
        principals: dict[str, Principal],
        scopes: dict[str, ScopeTarget] | None = None,
        roles: dict[Role, tuple[str, pulumi.Resource | None]] | None = None,
    ) -> Access:
        built = self._built
        of_shared = own_role_guids(built.settings.shared_names)
        own: dict[Role, tuple[str, pulumi.Resource | None]] = {
            role: (guid, None) for role, guid in of_shared.items()
        }
        return Access(
            name,
            AccessArgs(
                grants=rows,
                principals=principals,
                scopes=built.scopes()
                | {"workspace": ScopeTarget(id=built.names.workspace_id, resource=built.workspace)}
                | (scopes or {}),
                own_roles=own | (roles or {}),
            ),
        )
