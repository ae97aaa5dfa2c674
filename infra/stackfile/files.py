"""Reading settings into the typed models: from a stack file, or from the running program's configuration."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError, create_model
from pydantic_core import ErrorDetails

from infra.rules.together import RULES_BY_KIND
from infra.sections.core import Azure
from infra.sections.shapes import Section
from infra.settings import Common, Settings, kinds
from infra.stackfile.clear_text import in_clear
from infra.stackfile.lines import line_of
from infra.stackfile.problem_texts import problem_of
from infra.stackfile.refusals import Problem, SettingsError, remove_command, set_command
from infra.stackfile.secret_settings import SECURE, Secrets, is_secure, secrets_of, secure_places

NAMESPACE = "twinloop:"
PROVIDER = "azure-native:"
_FREE_TEXTS = frozenset({"tags"})  # mappings whose values are any text
_PLACE = ("subscriptionId", "tenantId", "location")
ENDPOINT_KEYS = frozenset(
    {"metadataHost", "environment"}
)  # where the cloud is comes from the process's environment


def load(path: Path, opened: Mapping[str, str] | None = None) -> Settings:
    """Settings of one stack file, read without Pulumi and without a cloud.

    Args:
        path: a file named `Pulumi.<stack>.yaml`.
        opened: the texts of encrypted values that could be decrypted, by their ciphertext; for the others
            placeholders stand (`closed` names them).

    Raises:
        SettingsError: the file is no stack file, or says what cannot be meant; all reasons at once.
    """
    stack, config = _stack_of(path), _config_of(path)
    plain = dict(opened or {})
    places = _secure(config)
    if places.values() - plain.keys():
        plain = _placeholders(config, path, plain)
    try:
        settings = read(with_plain(config, plain), source=path.name, stack=stack)
    except SettingsError as error:
        hushed = [_hushed(problem, places) for problem in error.problems]
        found = [replace(problem, line=line_of(path, problem.key)) for problem in hushed]
        raise SettingsError(error.source, found) from None
    if bare := list(in_clear(config, stack)):
        raise SettingsError(
            path.name, [replace(problem, line=line_of(path, problem.key)) for problem in bare]
        )
    return settings


def closed(path: Path, opened: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Keys of settings that are encrypted and not among those opened, for example `twinloop:tags.team`.

    Raises:
        SettingsError: the file is no stack file.
    """
    known = opened or {}
    return tuple(place for place, text in _secure(_config_of(path)).items() if text not in known)


def placeholders(path: Path, opened: Mapping[str, str]) -> dict[str, str]:
    """The text of every encrypted value of a stack file: its own, or one that the settings' rules allow.

    Args:
        path: the stack file.
        opened: texts that are known, by ciphertext.

    Raises:
        SettingsError: the file is no stack file.
    """
    return _placeholders(_config_of(path), path, opened)


def _placeholders(config: Mapping[str, Any], path: Path, opened: Mapping[str, str]) -> dict[str, str]:
    from infra.stackfile.closed_settings import Closed

    stack = _stack_of(path)

    def others() -> dict[str, dict[str, Any]]:
        files = sorted(path.parent.glob("Pulumi.*.yaml"))
        return {_stack_of(one): _config_of(one) for one in files if one != path}

    def problems(plain: Mapping[str, str]) -> list[str]:
        try:
            read(with_plain(config, plain), source=path.name, stack=stack)
        except SettingsError as error:
            return [one.key for one in error.problems]
        return []

    return Closed(config, opened, stack, others).filled(problems)


def from_pulumi() -> tuple[Settings, Secrets]:
    """Settings of the stack whose program is running, and which of them are secret.

    Raises:
        SettingsError: as `load`.
    """
    import pulumi
    from pulumi.runtime import is_config_secret
    from pulumi.runtime.config import CONFIG, get_config_env  # the SDK lists no keys in public

    stack, config = pulumi.get_stack(), {**get_config_env(), **CONFIG.get()}
    source = f"Pulumi.{stack}.yaml"
    keys = [key for key in config if is_config_secret(key) and _is_ours(key)]
    places = _narrowed(keys, Path(pulumi.runtime.get_root_directory() or ".") / source) if keys else []
    try:
        settings = read(config, source=source, stack=stack)
    except SettingsError as error:
        raise SettingsError(source, [_hushed(one, places) for one in error.problems]) from None
    exposed = {key: _structured(value, key) for key, value in config.items() if key not in keys}
    if bare := list(in_clear(exposed, stack)):
        raise SettingsError(source, bare)
    return settings, secrets_of(settings, places)


def read(config: Mapping[str, Any], *, source: str, stack: str) -> Settings:
    """Typed settings from a flat configuration with keys `namespace:name`.

    Args:
        config: values as in a stack file, in clear, or as strings (structures as JSON).
        source: what to call the place that the values are from.
        stack: name of the stack, for the commands in a refusal.

    Raises:
        SettingsError: with every problem there is.
    """
    own = {key.removeprefix(NAMESPACE): value for key, value in config.items() if key.startswith(NAMESPACE)}
    model = kinds().get(str(own.get("kind")))
    if model is None:
        raise SettingsError(source, [_kind_problem(own, stack)])
    raw = {
        key: _structured(value, key) if _takes_structure(model, key) else value for key, value in own.items()
    }
    raw["azure"] = {name: config[PROVIDER + name] for name in _PLACE if PROVIDER + name in config}
    problems = list(_endpoint_problems(config, stack))
    try:
        settings: Settings = model.model_validate(raw)
    except ValidationError as error:
        problems += [problem_of(details, model, raw, source, stack) for details in _told_once(error)]
        refused = {str(details["loc"][0]) for details in error.errors() if details["loc"]}
        problems += _rules(str(own["kind"]), _valid_fields(model, raw, refused), stack)
    else:
        problems += _rules(str(own["kind"]), settings, stack)
        if not problems:
            return settings
    raise SettingsError(source, problems)


def _told_once(error: ValidationError) -> list[ErrorDetails]:
    """Every fault, but no list that is too short only because its wrong elements do not count."""
    found = error.errors(include_url=False)
    inside = {details["loc"][:-1] for details in found}
    return [one for one in found if one["type"] != "too_short" or one["loc"] not in inside]


def with_plain(config: Mapping[str, Any], plain: Mapping[str, str]) -> dict[str, Any]:
    """The configuration with texts in place of encrypted values, as far as they are given."""

    def opened(value: Any) -> Any:
        if is_secure(value):
            return plain.get(str(value[SECURE]), value)
        if isinstance(value, Mapping):
            return {name: opened(inner) for name, inner in value.items()}
        return [opened(inner) for inner in value] if isinstance(value, list) else value

    return {key: opened(value) for key, value in config.items()}


def _secure(config: Mapping[str, Any]) -> dict[str, str]:
    """Ciphertexts of our settings, by the place that each stands in."""
    ours = {key: value for key, value in config.items() if _is_ours(key)}
    return {place: text for key, value in ours.items() for place, text in secure_places(value, key)}


def _is_ours(key: str) -> bool:
    return key.startswith((NAMESPACE, *(PROVIDER + name for name in _PLACE)))


def _narrowed(keys: Iterable[str], path: Path) -> list[str]:
    """Which part of each key is secret, as the stack file says; a program is told of whole keys only."""
    try:
        config = _config_of(path)
    except SettingsError:
        return list(keys)
    found = {key: [place for place, _ in secure_places(config.get(key), key)] for key in keys}
    return [place for key, places in found.items() for place in places or [key]]


def _hushed(problem: Problem, places: Iterable[str]) -> Problem:
    """A refusal that does not repeat what was given, where that is secret."""
    if any(problem.key.startswith(place) or place.startswith(problem.key) for place in places):
        return replace(problem, given="is a secret whose value cannot be used here")
    return problem


def _stack_of(path: Path) -> str:
    return path.name.removeprefix("Pulumi.").removesuffix(".yaml")


def _safe_loader(yaml: Any) -> Any:
    """The one in C, ten times as fast, where it is there."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _config_of(path: Path) -> dict[str, Any]:
    import yaml

    def unreadable(given: str, allowed: str) -> SettingsError:
        return SettingsError(
            path.name, [Problem(key=str(path), given=given, allowed=allowed, next_step=f"edit {path}")]
        )

    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_safe_loader(yaml))  # noqa: S506
    except OSError as error:
        raise unreadable(
            f"cannot be read ({error.strerror})", "a stack file, e.g. Pulumi.dev.yaml"
        ) from error
    except yaml.YAMLError as error:
        raise unreadable(
            f"is not YAML: {' '.join(str(error).split())}", "YAML with a mapping 'config'"
        ) from error
    config = document.get("config") if isinstance(document, dict) else None
    if not isinstance(config, dict):
        raise unreadable("has no mapping 'config'", "config: with keys twinloop:... and azure-native:...")
    return {str(key): value for key, value in config.items()}


def _takes_structure(model: type[Common], key: str) -> bool:
    field = next((info for info in model.model_fields.values() if info.alias == key), None)
    plain = (str, bool, int, float)
    return (
        field is not None
        and field.annotation not in plain
        and field.alias not in {"kind", "workload", "environment"}
    )


def _structured(value: object, key: str) -> object:
    """Structures that came as JSON text (`pulumi config set`, a running program), decoded at every depth."""
    if isinstance(value, Mapping):
        free = key in _FREE_TEXTS
        return {name: inner if free else _structured(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_structured(inner, "") for inner in value]
    if not isinstance(value, str) or value[:1] not in {"[", "{"} or key in {"reason", "why"}:
        return value
    try:
        return _structured(json.loads(value), key)
    except ValueError:
        return value


def _valid_fields(model: type[Common], raw: dict[str, Any], refused: set[str]) -> Common:
    """The fields that are good although others are not, so that rules over them are not kept for later."""
    valid: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        if info.alias in refused or (info.alias not in raw and info.is_required()):
            continue
        alone = create_model("Alone", __base__=Section, **{name: (info.annotation, info)})  # type: ignore[call-overload]
        given = {info.alias: raw[info.alias]} if info.alias in raw else {}
        valid[name] = getattr(alone.model_validate(given), name)
    return model.model_construct(**valid)


def _rules(kind: str, settings: Common, stack: str) -> list[Problem]:
    return [
        problem
        for rule in RULES_BY_KIND[kind]
        if rule.needs <= settings.__dict__.keys()
        for problem in rule.check(settings, stack)
    ]


def _kind_problem(own: Mapping[str, Any], stack: str) -> Problem:
    given = f"'{own['kind']}'" if "kind" in own else "is missing"
    return Problem(
        key="twinloop:kind",
        given=given,
        allowed=f"{' or '.join(kinds())}: it decides what is built, whatever the stack is called",
        next_step=set_command("twinloop:kind", "environment", stack),
    )


def _endpoint_problems(config: Mapping[str, Any], stack: str) -> Iterator[Problem]:
    for name in sorted(ENDPOINT_KEYS):
        if PROVIDER + name in config:
            yield Problem(
                key=PROVIDER + name,
                given="says which cloud is acted on",
                allowed=f"only {', '.join(str(info.alias) for info in Azure.model_fields.values())}: "
                "a stack file must not decide between Azure and a twin",
                next_step=remove_command(PROVIDER + name, stack),
            )
