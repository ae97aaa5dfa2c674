"""The program of the golden states: one of everything that a state can hold."""

import pulumi
from toy import Box, O, Thing, Toy

a = Thing("a", size=1, tags={"x": "y", "l": [1, 2.5, None, True]})
b = Thing("b", of=a.serial, secret=pulumi.Output.secret("hush"), opts=O(protect=True))
box = Box("box", size=1)
inside = Thing("inside", size=3, opts=O(parent=box))
box.register_outputs({"serial": inside.serial})
west = Toy("west", region="west", token=pulumi.Output.secret("tok"))
d = Thing(
    "d",
    size=2,
    opts=O(
        provider=west,
        depends_on=[a, box],
        ignore_changes=["size"],
        retain_on_delete=True,
        additional_secret_outputs=["serial"],
        custom_timeouts=pulumi.CustomTimeouts(create="5m"),
        deleted_with=a,
        replace_on_changes=["tags"],
        aliases=[pulumi.Alias(name="old-d")],
        delete_before_replace=True,
        hide_diffs=["size"],
    ),
)
e = Thing("e", zone="1", opts=O(parent=d))
theirs = Thing("theirs", opts=O(id="/things/theirs"))
hub = pulumi.StackReference("organization/demo/hub")

pulumi.export("serial", a.serial)
pulumi.export("secret", b.secret)
pulumi.export("marked", d.serial)
pulumi.export("nested", {"ids": [a.id, e.id], "hub": hub.require_output("name")})
