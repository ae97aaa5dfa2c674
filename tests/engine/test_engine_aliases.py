"""An alias that names no parent is of the present one, however the SDK writes that."""

from pulumi.runtime.proto import alias_pb2

from twinloop.engine.aliases import Self, expand

PARENT = "urn:pulumi:dev::demo::demo:index:Room::room"
ME = Self("dev", "demo", PARENT, "toy:index:Lamp", "room-lamp")


def test_a_parent_that_is_set_to_nothing_is_the_present_parent():
    alias = alias_pb2.Alias(spec=alias_pb2.Alias.Spec(name="room-light", parentUrn=""))
    assert expand([alias], ME, []) == ["urn:pulumi:dev::demo::demo:index:Room$toy:index:Lamp::room-light"]


def test_no_parent_is_no_parent():
    alias = alias_pb2.Alias(spec=alias_pb2.Alias.Spec(noParent=True))
    assert expand([alias], ME, []) == ["urn:pulumi:dev::demo::toy:index:Lamp::room-lamp"]


def test_under_a_renamed_parent_an_old_name_is_looked_for_too():
    alias = alias_pb2.Alias(spec=alias_pb2.Alias.Spec(name="room-light", parentUrn=""))
    found = expand([alias], ME, ["urn:pulumi:dev::demo::demo:index:Room::hall"])
    assert "urn:pulumi:dev::demo::demo:index:Room$toy:index:Lamp::hall-light" in found
