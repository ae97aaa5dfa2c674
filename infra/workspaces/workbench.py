"""What people work with in the workspace of an environment, as far as its settings have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.rights.access import Principal
from infra.workspaces.connections import Connections, ConnectionsArgs

if TYPE_CHECKING:
    import pulumi

    from infra.environment import Environment
    from infra.estate.chapter import DataEstate
    from infra.settings import EnvironmentSettings


class Workbench:
    """A chapter of an environment: instances, connections, labelling projects."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.below: list[pulumi.Resource] = []  # what goes before a lock on the workspace comes
        self.instance_names: dict[str, pulumi.Output[str]] = self._instances()
        self.connection_names: dict[str, pulumi.Output[str]] = self._connections()
        self.project_names: dict[str, pulumi.Output[str]] = self._projects()

    def _instances(self) -> dict[str, pulumi.Output[str]]:
        environment, settings = self.environment, self.environment.settings.instances
        if settings is None:
            return {}
        from infra.workspaces.instances import Instances, InstancesArgs

        made = Instances(
            "instance",
            InstancesArgs(
                resource_group=environment.group.name,
                location=environment.location,
                tenant_id=environment.settings.azure.tenant_id,
                workspace_name=environment.workspace.workspace_name,
                settings=settings,
                names=environment.names,
                tags=environment.tags,
            ),
        )
        self.below.append(made)
        return made.names

    def _connections(self) -> dict[str, pulumi.Output[str]]:
        environment, settings = self.environment, self.environment.settings
        if not settings.connections:
            return {}
        made = Connections(
            "connection",
            ConnectionsArgs(
                resource_group=environment.group.name,
                workspace_name=environment.workspace.workspace_name,
                connections=settings.connections,
            ),
        )
        self.below.append(made)
        return made.names

    def _projects(self) -> dict[str, pulumi.Output[str]]:
        environment, settings = self.environment, self.environment.settings.labelling
        if settings is None:
            return {}
        from infra.workspaces.labelling import Projects, ProjectsArgs

        made = Projects(
            "labelling",
            ProjectsArgs(
                resource_group=environment.group.name,
                workspace_name=environment.workspace.workspace_name,
                settings=settings,
                names=environment.names,
                after=[environment.clusters],
                tags=environment.tags,
            ),
        )
        self.below.append(made)
        return made.names


def data_estate(environment: Environment) -> DataEstate | None:
    """Sources and a feature store, where the settings have any: their types take their time to import."""
    if environment.settings.sources is None and environment.settings.feature_store is None:
        return None
    from infra.estate.chapter import DataEstate

    return DataEstate(environment)


def labellers(settings: EnvironmentSettings) -> dict[str, Principal]:
    """The group of those who label, where there are projects."""
    if settings.labelling is None:
        return {}
    group = settings.labelling.labellers
    return {"labellers": Principal(key=group, object_id=group, kind="Group")}
