"""What settings of serving and watching must hold beside those of the rest of the environment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from infra.sections.endpoints import Run
from infra.settings import EnvironmentSettings
from infra.stackfile.refusals import Problem, remove_command, set_command


def endpoint_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """Endpoints are no more open than the workspace that they belong to."""
    if settings.endpoints is None:
        return
    if settings.endpoints.public_access == "Enabled" and settings.network.public_access == "Disabled":
        key = "twinloop:endpoints.publicAccess"
        yield Problem(
            key=key,
            given="'Enabled', and network.publicAccess is Disabled",
            allowed="Disabled: whoever is let in by an endpoint is inside of what the network keeps closed",
            next_step=set_command(key, "Disabled", stack),
        )


def schedule_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """Schedules and monitors belong to an endpoint that there is, and run where there are nodes."""
    online = {one.name for one in settings.endpoints.online} if settings.endpoints else set()
    every = online | ({one.name for one in settings.endpoints.batch} if settings.endpoints else set())
    for section, timed, known in (
        ("schedules", settings.schedules, every),
        ("monitors", settings.monitors, online),
    ):
        for index, one in enumerate(timed):
            if one.endpoint not in known:
                key = f"twinloop:{section}[{index}].endpoint"
                what = "an online endpoint" if section == "monitors" else "an endpoint"
                yield Problem(
                    key=key,
                    given=f"'{one.endpoint}' is no endpoint of this environment",
                    allowed=f"{what} of twinloop:endpoints: {', '.join(sorted(known)) or 'there is none'}",
                    next_step=set_command(key, min(known), stack)
                    if known
                    else remove_command(f"twinloop:{section}", stack),
                )
    for index, schedule in enumerate(settings.schedules):
        yield from _run(settings, schedule.run, f"twinloop:schedules[{index}].run", stack)
    for name, times in Counter(one.name for one in (*settings.schedules, *settings.monitors)).items():
        if times > 1:
            yield Problem(
                key="twinloop:schedules",
                given=f"the name '{name}' {times} times in schedules and monitors",
                allowed="each name once: both are schedules of the workspace",
                next_step=f"rename one of them in Pulumi.{stack}.yaml",
            )


def event_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """What an event starts runs where there are nodes."""
    if settings.events and settings.events.retrain:
        yield from _run(settings, settings.events.retrain.run, "twinloop:events.retrain.run", stack)


def dashboard_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """Prometheus has somebody to ask."""
    if settings.dashboards and settings.dashboards.prometheus and settings.kubernetes is None:
        key = "twinloop:dashboards.prometheus"
        yield Problem(
            key=key,
            given="true, and there is no kubernetes",
            allowed="true with twinloop:kubernetes only: it takes the metrics of that cluster",
            next_step=set_command(key, "false", stack),
        )


def _run(settings: EnvironmentSettings, run: Run, key: str, stack: str) -> Iterator[Problem]:
    training = [cluster.name for cluster in settings.clusters if cluster.purpose == "training"]
    if run.cluster not in training:
        yield Problem(
            key=f"{key}.cluster",
            given=f"'{run.cluster}' is no cluster with purpose training",
            allowed=", ".join(training) or "a cluster with purpose training under twinloop:clusters",
            next_step=set_command(f"{key}.cluster", training[0], stack)
            if training
            else f"add one under twinloop:clusters in Pulumi.{stack}.yaml",
        )
