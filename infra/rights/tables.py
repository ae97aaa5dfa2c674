"""All roles that an environment's settings ask for: its table of grants, and the chapters beside it.

Whoever deploys must be able to assign these, and no others: CI's administrator of roles and the deployer of
the first day are limited to them.
"""

from __future__ import annotations

from infra.rights.batch import BATCH_IDENTITY
from infra.rights.data import LABELLERS, ZONES
from infra.rights.governance import governance_roles
from infra.rights.kubernetes import cluster_roles
from infra.rights.purposes import BATCH
from infra.rights.serving import serving_roles
from infra.rights.sources import source_roles
from infra.rights.table import CI, ENVIRONMENT, Grant, Role, in_force, on_taken
from infra.sections.taken import taken_grants
from infra.settings import EnvironmentSettings


def environment_grants(settings: EnvironmentSettings) -> tuple[Grant, ...]:
    """The rows of the environment's own table that are in force."""
    managed = settings.managed_network.isolation_mode != "Disabled"
    conditions: list[str] = [settings.access.people_may, *(["managed network"] if managed else [])]
    if managed and "images" in settings.names.taken:
        conditions.append("managed network, images taken")
    if settings.protect:
        conditions.append("protected")
    if any(cluster.purpose == BATCH for cluster in settings.clusters):
        conditions.append("batch")
    if settings.labelling:
        conditions.append("labelling")
    table: tuple[Grant, ...] = (*ENVIRONMENT, *BATCH_IDENTITY, *ZONES, *LABELLERS)
    table = table if settings.shared.ci_environment is None else (*table, *CI)
    return on_taken(in_force(table, *conditions), taken_grants(settings))


def environment_roles(settings: EnvironmentSettings) -> set[Role]:
    """Every role that the environment assigns, in whatever chapter."""
    return (
        {grant.role for grant in environment_grants(settings)}
        | cluster_roles(settings)
        | governance_roles(settings)
        | serving_roles(settings)
        | source_roles(settings)
    )
