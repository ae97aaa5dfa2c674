"""Reading settings into the typed models: from a stack file, or from the running program's configuration."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError, create_model

from infra.problem_texts import problem_of
from infra.refusals import Problem, SettingsError, remove_command, set_command
from infra.secret_settings import secret_problems
from infra.sections import Azure
from infra.settings import Common, Settings, kinds
from infra.settings_rules import RULES_BY_KIND
from infra.shapes import Section
from infra.stack_lines import line_of

NAMESPACE = "twinloop:"
PROVIDER = "azure-native:"
_PLACE = ("subscriptionId", "tenantId", "location")
ENDPOINT_KEYS = frozenset(
    {"metadataHost", "environment"}
)  # where the cloud is comes from the process's environment


def load(path: Path) -> Settings:
    """Settings of one stack file, read without Pulumi and without a cloud.

    Args:
        path: a file named `Pulumi.<stack>.yaml`.

    Raises:
        SettingsError: the file is no stack file, or says what cannot be meant; all reasons at once.
    """
    stack = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    config = _config_of(path)
    try:
        return read(config, source=path.name, stack=stack)
    except SettingsError as error:
        found = [replace(problem, line=line_of(path, problem.key)) for problem in error.problems]
        raise SettingsError(error.source, found) from None


def from_pulumi() -> Settings:
    """Settings of the stack whose program is running.

    Raises:
        SettingsError: as `load`.
    """
    import pulumi
    from pulumi.runtime import is_config_secret
    from pulumi.runtime.config import CONFIG, get_config_env  # the SDK lists no keys in public

    stack, config = pulumi.get_stack(), {**get_config_env(), **CONFIG.get()}
    secret = [key for key in config if is_config_secret(key)]
    return read(config, source=f"Pulumi.{stack}.yaml", stack=stack, secret_keys=secret)


def read(
    config: Mapping[str, Any], *, source: str, stack: str, secret_keys: Collection[str] = ()
) -> Settings:
    """Typed settings from a flat configuration with keys `namespace:name`.

    Args:
        config: values as in a stack file, or as strings (structures as JSON).
        source: what to call the place that the values are from.
        stack: name of the stack, for the commands in a refusal.
        secret_keys: keys that are secrets although their values are given in clear text.

    Raises:
        SettingsError: with every problem there is.
    """
    ours = (NAMESPACE, *(PROVIDER + name for name in _PLACE))
    secrets = secret_problems(config, secret_keys, ours, stack)
    config = {key: value for key, value in config.items() if key not in secrets}
    hidden = {key.removeprefix(NAMESPACE).removeprefix(PROVIDER) for key in secrets}
    own = {key.removeprefix(NAMESPACE): value for key, value in config.items() if key.startswith(NAMESPACE)}
    model = kinds().get(str(own.get("kind")))
    problems = [problem for found in secrets.values() for problem in found]
    if model is None:
        raise SettingsError(source, problems if "kind" in hidden else [*problems, _kind_problem(own, stack)])
    raw = {key: _structured(value) if _takes_structure(model, key) else value for key, value in own.items()}
    raw["azure"] = {name: config[PROVIDER + name] for name in _PLACE if PROVIDER + name in config}
    problems += _endpoint_problems(config, stack)
    try:
        settings: Settings = model.model_validate(raw)
    except ValidationError as error:
        problems += [
            problem_of(details, model, raw, source, stack)
            for details in error.errors(include_url=False)
            if not (details["type"] == "missing" and str(details["loc"][-1]) in hidden)
        ]
        refused = {str(details["loc"][0]) for details in error.errors() if details["loc"]}
        problems += _rules(str(own["kind"]), _valid_fields(model, raw, refused), stack)
    else:
        problems += _rules(str(own["kind"]), settings, stack)
        if not problems:
            return settings
    raise SettingsError(source, problems)


def _config_of(path: Path) -> dict[str, Any]:
    import yaml

    def unreadable(given: str, allowed: str) -> SettingsError:
        return SettingsError(
            path.name, [Problem(key=str(path), given=given, allowed=allowed, next_step=f"edit {path}")]
        )

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
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


def _structured(value: object) -> object:
    """A structure that came as JSON text (`pulumi config set`, a running program), decoded; else as it is."""
    if not isinstance(value, str) or value[:1] not in {"[", "{"}:
        return value
    try:
        return json.loads(value)
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
