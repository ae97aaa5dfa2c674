"""Who is told when something goes wrong, and how loudly: the section `alerts` of the settings."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from pydantic import Field, model_validator

from infra.sections.shapes import Email, Section, example

# 0 critical, 1 error, 2 warning, 3 informational, 4 verbose (DOC azure-monitor/alerts/alerts-overview).
Severity = Annotated[int, Field(ge=0, le=4), example(3)]


class Receivers(Section):
    """Who gets the mails; all that a shared stack says about alerts."""

    emails: Annotated[tuple[Email, ...], Field(min_length=1), example('["ml-platform@example.com"]')]

    @model_validator(mode="after")
    def _each_mailbox_once(self) -> Receivers:
        twice = [mail for mail, times in Counter(mail.lower() for mail in self.emails).items() if times > 1]
        if twice:
            raise ValueError(f"each address of emails once ('{twice[0]}'): it would get every mail twice")
        return self


class Severities(Section):
    """How grave each standard alert on the workspace is in this environment: 0 critical to 4 verbose."""

    failed_runs: Severity
    not_responding_runs: Severity
    unusable_nodes: Severity
    model_deploy_failed: Severity
    quota_utilization: Severity


class Alerts(Receivers):
    """Who gets the mails, and the severities of the standard alerts on the workspace."""

    severity: Severities
