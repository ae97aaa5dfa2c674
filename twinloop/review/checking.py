"""Everything that the checks look at: what the stacks declare, what their files say, what jobs need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

from checks import (
    access_findings,
    access_needs,
    coverage,
    job_access,
    parity,
    quota,
    reachability,
)
from checks.access import access_changes
from checks.findings import SEVERITIES, Finding
from checks.plan import Resource
from checks.quota_machines import ExpectedDeployment
from checks.reachability_model import JobNeeds, WayIn
from checks.reachability_model import Path as Followed
from twinloop.clouds import stack_file
from twinloop.clouds.stack_file import StackFile
from twinloop.problems import NotFound
from twinloop.review.declaring import declared
from twinloop.review.job_needs import job_needs
from twinloop.review.stack_reasons import reasons
from twinloop.review.subscription_limits import limits_of
from twinloop.stacks import paper_policies, stated, stated_needs

BASE = "dev"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The stacks that were asked for, and those that they need or share something with."""

    wanted: tuple[str, ...]
    stacks: Mapping[str, tuple[Resource, ...]]
    files: Mapping[str, StackFile]
    jobs: tuple[JobNeeds, ...]

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Of all stacks."""
        return tuple(chain.from_iterable(self.stacks.values()))

    @cached_property
    def people(self) -> Mapping[str, str]:
        """Names of groups by object id."""
        return stated.people(self.files.values())

    @property
    def ways_in(self) -> tuple[WayIn, ...]:
        """How CI and people get into the stacks."""
        return tuple(chain.from_iterable(map(stated_needs.ways_in, self.files.values())))

    @property
    def expected(self) -> tuple[ExpectedDeployment, ...]:
        """Deployments of the outer loop, by the settings."""
        return tuple(chain.from_iterable(map(stated_needs.expected_deployments, self.files.values())))

    def quota_uses(self, limits: Path | None = None) -> tuple[quota.QuotaUse, ...]:
        """Cores at the worst case that the wanted stacks share in.

        Args:
            limits: a file that az has written of the first wanted stack's subscription and region.

        Raises:
            Problem: the file cannot be read.
        """
        known = stated.quotas(self.files.values())
        if limits is not None:
            file = self.files[self.wanted[0]]
            known = known | limits_of(limits, file.subscription, file.value("azure-native:location"))
        uses = quota.quota_use((), self.resources, known, self.expected)
        return tuple(one for one in uses if set(one.stacks) & set(self.wanted))

    def paths(self) -> tuple[Followed, ...]:
        """Every need of the wanted stacks, followed."""
        found = reachability.paths(self.resources, jobs=self.jobs, ways_in=self.ways_in)
        return tuple(one for one in found if one.stack in self.wanted)

    def permissions_findings(self) -> tuple[Finding, ...]:
        """Missing rights, rights beyond what is needed, and what nobody can evaluate."""
        given = access_changes((), self.resources, people=self.people)
        unclear = access_findings.findings(given, (), self.resources)
        return self._mine(
            chain(
                access_needs.findings(self.resources, people=self.people),
                job_access.findings(self.resources, self.jobs, people=self.people),
                # What deserves a second look is told of changes, by review; a role without a source always.
                (one for one in unclear if one.rule.startswith("access-unknown")),
            )
        )

    def reachability_findings(self) -> tuple[Finding, ...]:
        """Blocked paths, public doors, zones that lack, paid firewalls."""
        return self._mine(reachability.findings(self.resources, jobs=self.jobs, ways_in=self.ways_in))

    def quota_findings(self, limits: Path | None = None) -> tuple[Finding, ...]:
        """What does not fit; `limits` as of `quota_uses`."""
        return self._mine(quota.findings(self.quota_uses(limits), self.resources))

    def policies_findings(self) -> tuple[Finding, ...]:
        """What the checkout's own policies say of the wanted stacks.

        Raises:
            NotSupported: the policies are not those that are installed with the tool.
        """
        said = (paper_policies.on_paper(self.files[name], self.stacks[name]) for name in self.wanted)
        return self._mine(tuple(chain.from_iterable(said)))

    def held(self) -> tuple[paper_policies.Held, ...]:
        """What each of the wanted stacks is for, by its settings, and how strictly the policies hold it.

        Raises:
            NotSupported: as `policies_findings`.
        """
        return tuple(paper_policies.held(self.files[name]) for name in self.wanted)

    @property
    def checkout(self) -> Path:
        """The folder of the stack files."""
        return self.files[self.wanted[0]].path.parent

    def differences(self, base: str) -> tuple[parity.Difference, ...]:
        """How the wanted environments differ from one of them.

        Raises:
            NotFound: there is no such environment among the stacks.
        """
        found = {name: one for name in self.stacks if (one := self._environment(name)) is not None}
        if base not in found:
            raise NotFound(
                f"There is no environment '{base}' to compare with.",
                where="--against",
                given=base,
                allowed=", ".join(found) or "no stack of kind environment at all",
                next_step=f"twinloop check parity --against {next(iter(found), BASE)}",
            )
        others = [one for name, one in found.items() if name in self.wanted and name != base]
        return parity.differences(found[base], others)

    def parity_findings(self, base: str) -> tuple[Finding, ...]:
        """Differences without a reason."""
        return parity.findings(self.differences(base), base=base)

    def covered(self) -> tuple[coverage.Covered, ...]:
        """The ten elements in each wanted environment."""
        return tuple(chain.from_iterable(self._covered()))

    def coverage_findings(self) -> tuple[Finding, ...]:
        """Elements that lack something."""
        return coverage.findings(self.covered())

    def _covered(self) -> Iterator[tuple[coverage.Covered, ...]]:
        for name in self.wanted:
            if self._environment(name) is not None:
                needed = stated.needed_stack(self.files[name])
                yield coverage.coverage(
                    name,
                    self.stacks[name],
                    shared=self.stacks.get(needed, ()),
                    evidence={"pipelines": len(self.jobs)},
                )

    def _environment(self, name: str) -> parity.Environment | None:
        file = self.files[name]
        if file.value("twinloop:kind") != "environment":
            return None
        return parity.Environment(
            stack=name, settings=file.raw, reasons=reasons(file.path), resources=self.stacks[name]
        )

    def _mine(self, found: Iterator[Finding] | Sequence[Finding]) -> tuple[Finding, ...]:
        """Findings of the wanted stacks, the gravest first."""
        mine = dict.fromkeys(one for one in found if one.stack in self.wanted)
        return in_order(mine)


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings, the gravest first; in the same order however the plan came about."""

    def rank(one: Finding) -> tuple[int, str, str, str, str]:
        return (SEVERITIES.index(one.severity), one.stack, one.rule, one.resource, one.what)

    return tuple(sorted(found, key=rank))


def checked(
    checkout: Path,
    stacks: Sequence[str] = (),
    say: Callable[[str], None] = lambda _text: None,
    *,
    beside: Sequence[str] = (),
    command: str,
) -> Checked:
    """Bring stacks up on paper, with those that the checks must see beside them.

    Args:
        checkout: the folder of `Pulumi.yaml`.
        stacks: short names; all that have a file where empty.
        say: told of each stack that is begun.
        beside: stacks that are looked at too, without findings of their own; those that are needed, or share
            a subscription, always are.
        command: which check asks, to be run again where a stack cannot be brought up.

    Raises:
        Problem: there is no such stack, its settings cannot be used, or its program fails.
    """
    every = {name: stack_file.read(checkout, name) for name in stack_file.known(checkout)}
    wanted = tuple(stacks) or tuple(every)
    for name in (*wanted, *beside):
        every.setdefault(name, stack_file.read(checkout, name))
    places = {every[name].subscription for name in wanted}
    near = [name for name, file in every.items() if file.subscription in places]
    names = stated.in_order(every, dict.fromkeys((*wanted, *near, *beside)))
    found = declared(checkout, names, say, command=command)
    return Checked(
        wanted=wanted,
        stacks=found,
        files={name: every[name] for name in found},
        jobs=job_needs(checkout),
    )
