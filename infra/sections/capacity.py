"""What is to come and needs cores: deployments that the outer loop makes, of the size that is expected."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from infra.sections.shapes import RuleName, Section, VmSize, example


class ExpectedDeployment(Section):
    """A managed online deployment at its largest, which nothing here declares: the quota check counts it.

    It counts once per colour: while one is rolled out, blue stands beside green.
    """

    endpoint: RuleName
    vm_size: VmSize
    max_instances: Annotated[int, Field(ge=1, le=500), example(3)]
    colours: Annotated[int, Field(ge=1, le=4), example(2)] = 2
