"""Entry of the Pulumi program."""

from infra.program import build
from infra.stackfile.files import from_pulumi
from infra.stackfile.hiding import hide
from infra.version_aliases import drop_version_aliases

drop_version_aliases()
settings, secrets = from_pulumi()
hide(secrets)
build(settings).export(secrets)
