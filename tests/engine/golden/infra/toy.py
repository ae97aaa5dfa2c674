"""The toy package, as an SDK would have it."""

import pulumi


class Thing(pulumi.CustomResource):
    def __init__(self, _name, opts=None, **props):
        for computed in ("serial", "echo", "name"):
            props.setdefault(computed, None)
        base = pulumi.ResourceOptions(version="1.0.0")
        super().__init__("toy:index:Thing", _name, props, pulumi.ResourceOptions.merge(base, opts))


class Toy(pulumi.ProviderResource):
    def __init__(self, name, opts=None, **props):
        base = pulumi.ResourceOptions(version="1.0.0")
        super().__init__("toy", name, props, pulumi.ResourceOptions.merge(base, opts))


class Box(pulumi.ComponentResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("test:index:Box", name, props, opts)


O = pulumi.ResourceOptions  # noqa: E741 (short, because every line of the tests says it)
