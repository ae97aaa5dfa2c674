"""Entry of the Pulumi program."""

from infra.hiding import hide
from infra.program import build
from infra.stack_files import from_pulumi
from infra.version_aliases import drop_version_aliases

drop_version_aliases()
settings, secrets = from_pulumi()
hide(secrets)
build(settings).export(secrets)
