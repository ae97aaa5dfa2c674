"""Stack files as Pulumi reads them: which there are, and their configuration as flat text values."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from twinloop.clouds import pulumi_yaml
from twinloop.problems import BadUsage, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_SECURE = "secure"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NAMESPACED = 2


@dataclass(frozen=True)
class StackFile:
    """One `Pulumi.<stack>.yaml`.

    Args:
        name: the stack's short name.
        path: the file.
        raw: configuration as YAML gives it, every key with its namespace.
        salt: `encryptionsalt` of the team's own backend, empty where there is none.
        secrets_provider: `secretsprovider`, empty where there is none.
        environments: ESC environments the file imports; only the official CLI resolves them.
    """

    name: str
    path: Path
    raw: Mapping[str, Any]
    salt: str = ""
    secrets_provider: str = ""
    environments: tuple[str, ...] = ()

    @property
    def secure(self) -> tuple[str, ...]:
        """Keys that are encrypted, or hold an encrypted value somewhere inside."""
        return tuple(key for key, value in self.raw.items() if any(_ciphertexts(value)))

    def secure_places(self) -> list[tuple[str, str]]:
        """Every encrypted value's place, as `pulumi config` names it, with its ciphertext."""
        from infra.stackfile.secret_settings import secure_places

        return [pair for key, value in self.raw.items() for pair in secure_places(value, key)]

    def ciphertexts(self, key: str = "") -> list[str]:
        """Every encrypted value of the file, or those of one key, in the file's order."""
        chosen = [self.raw[key]] if key else self.raw.values()
        return [text for value in chosen for text in _ciphertexts(value)]

    def resealed(self, replaced: Mapping[str, str]) -> dict[str, Any]:
        """The configuration with other ciphertexts in place of its own; plain values as they are."""
        return {
            key: _replaced(value, lambda old: {_SECURE: replaced[old]}) for key, value in self.raw.items()
        }

    def flat(self, plain: Mapping[str, str]) -> dict[str, str]:
        """Configuration as a program is given it: text, structured values as JSON.

        Args:
            plain: ciphertext -> the text that takes its place.
        """
        return {
            key: pulumi_yaml.as_text(_replaced(value, plain.__getitem__)) for key, value in self.raw.items()
        }

    def value(self, key: str) -> str:
        """One plain value by its full key, empty where it is missing or not text."""
        found = self.raw.get(key)
        return found if isinstance(found, str) else ""

    @property
    def subscription(self) -> str:
        """Azure subscription the stack stands in."""
        return self.value("azure-native:subscriptionId")

    @property
    def tenant(self) -> str:
        """Entra tenant of that subscription."""
        return self.value("azure-native:tenantId")


def project_name(checkout: Path) -> str:
    """`name` in `Pulumi.yaml`."""
    return str(_load(checkout / "Pulumi.yaml").get("name", ""))


def program_folder(checkout: Path) -> Path:
    """Folder of the program: `main` in `Pulumi.yaml`, the checkout itself where it says nothing."""
    return (checkout / str(_load(checkout / "Pulumi.yaml").get("main") or ".")).resolve()


def program_environment(checkout: Path) -> Path | None:
    """Folder of the virtual environment that `Pulumi.yaml` names for the program; none without a name."""
    runtime = _load(checkout / "Pulumi.yaml").get("runtime")
    options = runtime.get("options") if isinstance(runtime, dict) else None
    named = options.get("virtualenv") if isinstance(options, dict) else None
    return checkout / str(named) if named else None


def known(checkout: Path) -> list[str]:
    """Names of the stacks that have a file, in alphabetical order."""
    return sorted(
        path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in checkout.glob("Pulumi.*.yaml")
    )


def read(checkout: Path, stack: str) -> StackFile:
    """The file of a stack; `acme/dev-eu` and `organization/twinloop/dev-eu` mean `dev-eu`.

    Raises:
        NotFound: there is no such file; the known stacks and the nearest name are told.
        BadUsage: it is not a stack file.
    """
    name = stack.rsplit("/", 1)[-1]
    path = checkout / f"Pulumi.{name}.yaml"
    if not path.is_file():
        raise _unknown(checkout, name)
    content = _load(path)
    config = content.get("config") or {}
    if not isinstance(config, dict):
        raise BadUsage(
            "The configuration is not a mapping.",
            where=f"{path.name}: config",
            given=repr(config),
            allowed="keys with values, e.g. twinloop:kind: environment",
            next_step=f"edit {path.name}, then: twinloop preview -s {name}",
        )
    project = project_name(checkout)
    imports = content.get("environment") or []
    if isinstance(imports, dict):
        imports = imports.get("imports", []) or ["(inline)"]
    return StackFile(
        name=name,
        path=path,
        raw={_full_key(str(key), project): value for key, value in config.items()},
        salt=str(content.get("encryptionsalt", "")),
        secrets_provider=str(content.get("secretsprovider", "")),
        environments=tuple(str(one) for one in imports),
    )


def _unknown(checkout: Path, name: str) -> NotFound:
    names = known(checkout)
    near = difflib.get_close_matches(name, names, n=1)
    return NotFound(
        f"There is no stack '{name}'.",
        where=str(checkout),
        given=name,
        allowed=", ".join(names) or "no stack file at all",
        next_step=_instead(name, near, names),
    )


def _instead(name: str, near: list[str], names: list[str]) -> str:
    if near:
        return f"did you mean -s {near[0]} ?"
    if not _PLAIN_NAME.fullmatch(name):
        return "twinloop stack ls"
    new = f"twinloop new environment {name}"
    return f"-s {names[0]}, or another that there is; or make it: {new}" if names else new


def _load(path: Path) -> dict[str, Any]:
    try:
        content = pulumi_yaml.parse(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise BadUsage(
            "This is not YAML.",
            where=f"{path}{_line_of(error)}",
            given=" ".join(str(getattr(error, "problem", "") or error).split()),
            allowed="YAML, as Pulumi writes it",
            next_step=f"put {path.name} right; git diff {path.name}   shows what was changed",
        ) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise BadUsage(
            "This is not a mapping.",
            where=str(path),
            given=f"a {type(content).__name__}",
            allowed="keys with values, config: among them",
            next_step=f"put {path.name} right; git diff {path.name}   shows what was changed",
        )
    return content


def _line_of(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def project_config(checkout: Path) -> list[str]:
    """Keys of `config` in `Pulumi.yaml`: defaults for every stack."""
    return [str(key) for key in _load(checkout / "Pulumi.yaml").get("config") or {}]


def _full_key(key: str, project: str) -> str:
    parts = key.split(":")
    if len(parts) == 1:
        return f"{project}:{key}"
    return f"{parts[0]}:{parts[-1]}" if len(parts) > _NAMESPACED else key


def _ciphertexts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if _is_secure(value):
            yield str(value[_SECURE])
        else:
            for inner in value.values():
                yield from _ciphertexts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ciphertexts(inner)


def _is_secure(value: dict[Any, Any]) -> bool:
    return len(value) == 1 and isinstance(value.get(_SECURE), str)


def _replaced(value: object, make: Callable[[str], object]) -> object:
    """A copy in which every encrypted value has become what `make` makes of its ciphertext."""
    if isinstance(value, dict):
        if _is_secure(value):
            return make(str(value[_SECURE]))
        return {key: _replaced(inner, make) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, make) for inner in value]
    return value
