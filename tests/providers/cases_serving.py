"""The cases of serving, alerts, events and schedules; the form is in `cases.py`."""

# ruff: noqa: ARG005 - one signature for every case
from __future__ import annotations

from tests.providers.cases import Case, in_group

SERVING = [
    Case(
        "monitor:ActionGroup",
        lambda scene, tag: in_group(
            scene,
            {
                "actionGroupName": f"ag-{tag}",
                "location": "global",
                "enabled": True,
                "groupShortName": "mlp dev",
                "emailReceivers": [
                    {
                        "name": "ml-platform@example.org",
                        "emailAddress": "ml-platform@example.org",
                        "useCommonAlertSchema": True,
                    }
                ],
            },
        ),
        {"groupShortName": "mlp"},
        {"actionGroupName": "ag-other"},
        "actionGroupName",
    ),
]
