"""The stack that the golden program refers to."""

import pulumi

pulumi.export("name", "hub-1")
pulumi.export("key", pulumi.Output.secret("k"))
