"""The XML of the Blob service, written and read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote
from xml.etree import ElementTree as ET

from twinloop.localazure.storage.errors import InvalidHeader

_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\r\ufffe\uffff]")
CONTENT_TYPE = "application/xml"
Element = ET.Element


def element(
    tag: str, text: object = None, children: Iterable[ET.Element] = (), **attributes: str
) -> ET.Element:
    """An element with text or children."""
    node = ET.Element(tag, attributes)
    if text is not None:
        node.text = str(text)
    node.extend(children)
    return node


def name_element(name: str) -> ET.Element:
    """`<Name>`; percent-encoded, and said so, where the name has characters that XML cannot carry."""
    if _UNFIT.search(name):
        return element("Name", quote(name, safe=""), Encoded="true")
    return element("Name", name)


def mapping_element(tag: str, values: Mapping[str, str]) -> ET.Element:
    """An element with one child per entry."""
    return element(tag, children=[element(key, value) for key, value in values.items()])


def render(root: ET.Element) -> bytes:
    """The document's bytes."""
    text: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>' + text


def error_body(code: str, message: str) -> bytes:
    """The body of a refusal."""
    return render(element("Error", children=[element("Code", code), element("Message", message)]))


def parse(body: bytes) -> ET.Element:
    """The root of a request's document.

    Raises:
        InvalidHeader: it is not XML, or declares a document type (which could blow up while being read).
    """
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise InvalidHeader("body", "a document type", "plain elements", code="InvalidXmlDocument")
    try:
        return ET.fromstring(body)  # noqa: S314 - entities are refused above
    except ET.ParseError as error:
        raise InvalidHeader(
            "body", body[:80], f"an XML document ({error})", code="InvalidXmlDocument"
        ) from error
