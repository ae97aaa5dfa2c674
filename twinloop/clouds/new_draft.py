"""The text of a new environment's stack file: another one's, with the differences that were asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checks.catalogue.vm_sizes import family_key
from infra.networks.addresses import next_free
from infra.rules.kubernetes import pool_cores
from infra.rules.together import worst_case_cores
from infra.rules.workbench import instance_cores
from infra.sections.taken import TakenNetwork, taken_ids
from infra.settings import EnvironmentSettings
from infra.stackfile import text as stack_text
from infra.stackfile.lines import steps_of
from infra.stackfile.secret_settings import secure_places
from twinloop.clouds import pulumi_yaml
from twinloop.clouds.new_clusters import fit, limits_of, used_in
from twinloop.clouds.new_network import of_the_scope, own_entries, spaces_of
from twinloop.clouds.new_sandbox import PROFILE, fresh_limits, left_out, reduced
from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from infra.settings import Settings
    from twinloop.clouds.new_clusters import Fitted

OWN_TO_A_STACK = ("encryptionsalt", "encryptedkey")  # what opens one stack's secrets
BESIDE_EXISTING = {
    *("existing", "grants", "budget", "categories", "link", "records", "endpoint"),  # of several sections
    *(
        "subnets",
        "publicAccess",
        "allowedNetworks",
        "entry",
        "endpoints",
        "privateLinkScope",
    ),  # of the network
}
TEAM_SHARE = 10  # a team's environment gets this part of the budget of the environment that it is made from
TEAM_NODES = 2


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What somebody who wants a new environment says of it; empty and None stand for the proposal.

    Args:
        name: of the stack, with its organisation where it has one.
        source: stack whose file is copied.
        team: whether it is for one team or person: small, without GPUs, not deployed by CI.
        profile: `sandbox`, or empty for an environment like its source.
        existing: section of the settings -> ARM id of what is taken in it.
    """

    name: str
    source: str = "dev"
    team: bool = False
    environment: str = ""
    subscription: str = ""
    location: str = ""
    address_space: str = ""
    budget: float | None = None
    owner: str = ""
    cost_centre: str = ""
    gpus: bool = False
    ci: bool | None = None
    profile: str = ""
    existing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One key whose value is not that of the file it was copied from."""

    key: str
    value: Any
    reason: str


class Draft:
    """The text as it grows, and what was changed in it."""

    def __init__(
        self, answers: Answers, source: EnvironmentSettings, others: Mapping[str, Settings], short: str
    ) -> None:
        self.answers, self.source, self.short = answers, source, short
        self.environments = [one for one in others.values() if isinstance(one, EnvironmentSettings)]
        self.shared = others.get(source.shared.stack)
        self.subscription = (answers.subscription or source.azure.subscription_id).lower()
        self.location = answers.location or source.azure.location
        self.differences: list[Difference] = []
        self.text = ""

    def write(self, text: str, today: date) -> str:
        """All changes, in the order of the file."""
        answers, team = self.answers, self.answers.team or self.sandbox
        self.text = _headed(text, self.short, answers)
        self._set("twinloop:environment", answers.environment or self.short.lower(), "")
        self._place()
        if answers.owner:
            self._set("twinloop:owner", answers.owner, "")
            self._set("twinloop:budget.contacts", [answers.owner], "who is told of the costs")
        if answers.cost_centre:
            self._set("twinloop:costCentre", answers.cost_centre, "")
        self._taken()
        self._network()
        self._sandbox()
        self._clusters()
        self._ci()
        if team or answers.budget is not None:
            amount = self.source.budget.monthly_amount / TEAM_SHARE
            budget = answers.budget if answers.budget is not None else amount
            reason = "as asked for" if answers.budget is not None else f"a tenth of {answers.source}'s"
            self._set("twinloop:budget.monthlyAmount", _number(budget), reason)
        start = today.replace(day=1).isoformat()
        self._set("twinloop:budget.start", start, "Azure's budgets begin in the month in which they are made")
        if not _has_secrets(
            self.text
        ):  # else the copied ones would open no more; Pulumi goes on with the key
            for key in OWN_TO_A_STACK:
                self.text = stack_text.without(self.text, key)
        return self.text

    def _place(self) -> None:
        source, shared = self.source, self.source.shared
        if self.subscription != source.azure.subscription_id:
            self._set("azure-native:subscriptionId", self.subscription, "its own: quotas and bills are apart")
            if shared.subscription_id is None:
                was = source.azure.subscription_id
                self._set("twinloop:shared.subscriptionId", was, "where the shared stack is")
        if self.location != source.azure.location:
            self._set("azure-native:location", self.location, "as asked for")
            if shared.location is None:
                was = source.azure.location
                self._set("twinloop:shared.location", was, "where the shared stack is")

    def _taken(self) -> None:
        for section, arm_id in self.answers.existing.items():
            self._take(section, arm_id)
        own = {"resource_group": "group", "vault": "vault"}
        for kind in taken_ids(self.source):
            if kind.startswith(("zone/", "role/")):
                continue  # for all networks, for all of a subscription: they are there to be shared
            section = own.get(kind) or (kind.replace("identity/", "identities.") if "/" in kind else "")
            if section and section not in self.answers.existing:
                raise BadUsage(
                    f"Stack '{self.answers.source}' takes its {section}, which a second environment must not "
                    "share.",
                    where=f"twinloop:{section}.existing",
                    allowed="a resource of its own",
                    next_step=f"run it again with --existing {section}=<ARM id>",
                )

    def _take(self, section: str, arm_id: str) -> None:
        """Take a resource: its id takes the place of what describes one to make."""
        key, (top, _, purpose) = f"twinloop:{section}", section.partition(".")
        now = self._now(key)
        if isinstance(now, dict):
            self._set(f"{key}.existing", arm_id, "as asked for")
            for name in now.keys() - BESIDE_EXISTING:
                self.text = stack_text.without(self.text, f"{key}.{name}")
        elif purpose and self._now(f"twinloop:{top}") is None:
            self._set(f"twinloop:{top}", {purpose: {"existing": arm_id}}, "as asked for")
        else:
            self._set(key, {"existing": arm_id}, "as asked for")

    def _network(self) -> None:
        self._monitor()
        was = self.source.network
        if isinstance(was, TakenNetwork):
            return
        space = self.answers.address_space or next_free(spaces_of((*self.environments, self.shared)))
        reason = "as asked for" if self.answers.address_space else "the next that is free"
        self._set("twinloop:network.addressSpace", space, reason)
        if isinstance(self._now("twinloop:network.addressSpace"), str):  # not where a network is taken
            for key, parts in own_entries(was, space):
                self._set(key, parts, "in this network's own addresses")

    def _monitor(self) -> None:
        reason = f"{self.answers.source} has the one for these DNS zones"
        for key in of_the_scope(self.source):
            self.text = stack_text.without(self.text, key)
            self.differences.append(Difference(key=key, value=None, reason=reason))

    @property
    def sandbox(self) -> bool:
        """Whether only what costs nothing at rest is wanted."""
        return self.answers.profile == PROFILE

    def _sandbox(self) -> None:
        """Without what runs, or is paid for, while nobody works."""
        for key, reason in left_out(self.source) if self.sandbox else ():
            self.text = stack_text.without(self.text, key)
            self.differences.append(Difference(key=key, value=None, reason=reason))

    def _clusters(self) -> None:
        team = self.answers.team or self.sandbox
        limits = limits_of(self.environments, self.subscription, self.location)
        if self.sandbox and not limits:
            limits = fresh_limits()
        used = used_in(self.environments, self.subscription, self.location)
        free = {family: limit - used[family] for family, limit in limits.items()} if limits else None
        gpus = (self.answers.gpus or not team) and not self.sandbox
        fitted = fit(self.source.clusters, free, at_most=TEAM_NODES if team else None, gpus=gpus)
        fitted = reduced(fitted, self.source) if self.sandbox else fitted
        self._refuse_too_few(fitted)
        for one in reversed(fitted):  # from the last, so that numbers of the others stay
            self._cluster(one)
        self._quotas(fitted, limits)

    def _cluster(self, fitted: Fitted) -> None:
        key = f"twinloop:clusters[{fitted.index}]"
        was = self.source.clusters[fitted.index]
        if not fitted.nodes:
            self.text = stack_text.without(self.text, key)
            self.differences.append(Difference(key=key, value=None, reason=f"{was.name}: {fitted.reason}"))
            return
        if fitted.nodes != was.max_nodes:
            self._set(f"{key}.maxNodes", fitted.nodes, fitted.reason)
        if fitted.priority != was.priority:
            self._set(f"{key}.priority", fitted.priority, fitted.priority_reason)
        if was.min_nodes > fitted.nodes:
            self._set(f"{key}.minNodes", 0, "an idle cluster costs nothing")

    def _quotas(self, fitted: list[Fitted], limits: Mapping[str, int]) -> None:
        """The limits of the place it is in: as the other stacks say, or what it needs where none does."""
        azure = self.source.azure
        if (self.subscription, self.location) == (azure.subscription_id, azure.location):
            return
        clusters = tuple(
            self.source.clusters[one.index].model_copy(
                update={"max_nodes": one.nodes, "priority": one.priority}
            )
            for one in fitted
            if one.nodes
        )
        needs = Counter(worst_case_cores(clusters))
        if not self.sandbox:  # it has neither instances nor a cluster of Kubernetes
            needs += instance_cores(self.source)
            needs += Counter(pool_cores(self.source.kubernetes.pools) if self.source.kubernetes else {})
        found = {family: limits.get(family_key(family), cores) for family, cores in needs.items()}
        reason = "as other stacks say" if limits else "what it needs at its largest: ask Azure for it"
        if limits == fresh_limits():
            reason = "what a subscription has before anybody asked for more"
        lines = [f"    - {{ family: {family}, limit: {cores} }}" for family, cores in found.items()]
        self.text = stack_text.with_block(self.text, "twinloop:quotas", ["", *lines], reason)
        self.differences.append(Difference(key="twinloop:quotas", value=found, reason=reason))

    def _ci(self) -> None:
        wanted = not (self.answers.team or self.sandbox) if self.answers.ci is None else self.answers.ci
        if not wanted:
            self.text = stack_text.without(self.text, "twinloop:shared.ciEnvironment")
            if self.source.shared.ci_environment:
                self.differences.append(
                    Difference(key="twinloop:shared.ciEnvironment", value=None, reason="CI does not act here")
                )
        else:
            environment = self.answers.environment or self.short.lower()
            self._set("twinloop:shared.ciEnvironment", environment, "")

    def _set(self, key: str, value: Any, reason: str) -> None:
        if self._now(key) == value:
            return
        self.text = stack_text.with_value(self.text, key, value, reason)
        self.differences.append(Difference(key=key, value=value, reason=reason))

    def _now(self, key: str) -> Any:
        at: Any = pulumi_yaml.parse(self.text)["config"]
        for step in steps_of(key):
            try:
                at = at[step]
            except (KeyError, IndexError, TypeError):
                return None
        return at

    def _refuse_too_few(self, fitted: list[Fitted]) -> None:
        """Without a cluster to build images and one to train on CPUs, nothing runs in an environment."""
        kept = [self.source.clusters[one.index] for one in fitted if one.nodes]
        if {"build", "training"} <= {one.purpose for one in kept} and any(not one.gpu for one in kept):
            return
        raise BadUsage(
            "There are no cores left for the clusters of one more environment.",
            where=f"subscription {self.subscription}, {self.location}: twinloop:quotas of its stacks",
            given=", ".join(f"{one.name}: {one.reason}" for one in fitted if not one.nodes),
            allowed="at least one node to build images and one to train on",
            next_step="run it again with --subscription of another one, or lower maxNodes in a stack of this "
            "one, or ask Azure for more cores and raise the limit in every stack file that has it",
        )


def _has_secrets(text: str) -> bool:
    return any(True for _ in secure_places(pulumi_yaml.parse(text).get("config") or {}, ""))


def _headed(text: str, short: str, answers: Answers) -> str:
    """The text with a first comment of its own in place of the source's."""
    lines = text.splitlines()
    while lines and lines[0].startswith("#"):
        lines.pop(0)
    what = "A team's environment" if answers.team else "An environment"
    what = "A sandbox" if answers.profile == PROFILE else what
    head = f"# {what}, {short}: made from Pulumi.{answers.source}.yaml; a difference carries its reason."
    return "\n".join([head, *lines]) + "\n"


def _number(value: float) -> int | float:
    return int(value) if float(value).is_integer() else round(value, 2)
