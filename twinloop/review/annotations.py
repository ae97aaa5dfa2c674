"""Findings as lines of a build's log that GitHub or Azure Pipelines puts beside file and line."""

from collections.abc import Iterator
from typing import Literal

from checks.findings import Finding
from twinloop.review.labels import finding_told, resource_label, seen
from twinloop.review.model import Place, Review

Style = Literal["github", "azure-pipelines"]
STYLES: tuple[Style, ...] = ("github", "azure-pipelines")
LONGEST = 2_000  # characters of one message
_GITHUB = {"refuse": "error", "warn": "warning", "note": "notice"}
_AZURE = {"refuse": "error", "warn": "warning"}  # Azure Pipelines has no third kind of issue


def annotations(review: Review, style: Style) -> str:
    """One command per finding, the gravest first; notes are left out where the style has no word for them."""
    if style not in STYLES:
        raise ValueError(f"annotations in the style '{style}' do not exist; there are {', '.join(STYLES)}")
    write = _github if style == "github" else _azure
    lines = [write(finding, place) for finding, place in _found(review)]
    return "".join(f"{line}\n" for line in lines if line)


def _found(review: Review) -> Iterator[tuple[Finding, Place | None]]:
    for severity in ("refuse", "warn", "note"):
        for stack in review.stacks:
            for finding in stack.findings:
                if finding.severity == severity:
                    yield finding, stack.places.get(finding.resource or finding.rule)


def _message(finding: Finding) -> str:
    about = f"{resource_label(finding.resource)}: " if finding.resource else ""
    copied = f":\n{finding.copied}" if finding.copied else ""
    told = seen(f"{finding.stack}: {about}{finding_told(finding)} Do: {finding.fix}")
    return f"{told[:LONGEST]}{copied}"


def _github(finding: Finding, place: Place | None) -> str:
    properties = {"title": f"{finding.rule} ({finding.stack})"}
    if place:
        properties = {"file": place.file, "line": str(place.line)} | properties
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_GITHUB[finding.severity]} {written}::{_data(_message(finding))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(seen(text)).replace(":", "%3A").replace(",", "%2C")


def _azure(finding: Finding, place: Place | None) -> str:
    kind = _AZURE.get(finding.severity)
    if kind is None:
        return ""
    properties = {"type": kind}
    if place:
        properties |= {"sourcepath": place.file, "linenumber": str(place.line)}
    properties["code"] = finding.rule
    written = "".join(f"{name}={_vso(value)};" for name, value in properties.items())
    return f"##vso[task.logissue {written}]{_vso(_message(finding), data=True)}"


def _vso(text: str, *, data: bool = False) -> str:
    """Escaped as the agent reads it back: `%` as %AZP25; semicolons and brackets only in properties."""
    escaped = text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped if data else seen(escaped).replace("]", "%5D").replace(";", "%3B")
