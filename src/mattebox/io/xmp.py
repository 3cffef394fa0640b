"""XMP packets: authorship for the metadata policy "safe", and removal of what is not true of a result.

Authorship is a short allow-list of properties (Dublin Core, XMP rights, Photoshop, Creative Commons, IPTC). A result
holds neither the gain map nor the video that a photograph's packet may announce. ISO 16684-1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal
from xml.dom import minidom
from xml.parsers.expat import ExpatError

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMLNS = "http://www.w3.org/2000/xmlns/"
MAX_PACKET_BYTES = 4_000_000

DUBLIN_CORE, PHOTOSHOP = "http://purl.org/dc/elements/1.1/", "http://ns.adobe.com/photoshop/1.0/"
AUTHORSHIP_PROPERTIES = {
    (DUBLIN_CORE, "creator"),
    (DUBLIN_CORE, "rights"),
    (PHOTOSHOP, "Credit"),
    ("http://ns.adobe.com/xap/1.0/rights/", "Marked"),
    ("http://ns.adobe.com/xap/1.0/rights/", "UsageTerms"),
    ("http://ns.adobe.com/xap/1.0/rights/", "WebStatement"),
    ("http://creativecommons.org/ns#", "license"),
    ("http://creativecommons.org/ns#", "attributionName"),
    ("http://creativecommons.org/ns#", "attributionURL"),
    ("http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "DigitalSourceType"),
}

GAIN_MAP_NAMESPACES = ("http://ns.adobe.com/hdr-gain-map/1.0/", "http://ns.apple.com/HDRGainMap/1.0/")
# Pictures and videos behind the main one, and the second half of a long packet.
STALE_NAMESPACES = {
    *GAIN_MAP_NAMESPACES,
    "http://ns.google.com/photos/1.0/container/",
    "http://ns.google.com/photos/1.0/container/item/",
    "http://ns.google.com/photos/1.0/camera/",
    "http://ns.adobe.com/xmp/note/",
}


PACKET_PATTERN = re.compile(rb"<x:xmpmeta\b.*?</x:xmpmeta>", re.DOTALL)
EMPTY_PACKET = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about=""/></rdf:RDF>'
    "</x:xmpmeta>"
)


class XmpPacket:
    """A packet whose properties can be read and set."""

    def __init__(self, document: minidom.Document) -> None:
        self._document = document
        self._description = document.getElementsByTagNameNS(RDF, "Description")[0]

    @classmethod
    def parse(cls, packet: bytes) -> XmpPacket | None:
        """The packet as a tree; None for a broken one, or one without a description."""
        try:
            document = _parse_packet(packet)
            return None if document is None else cls(document)
        except (ExpatError, ValueError, AttributeError, IndexError, RecursionError):
            return None

    @classmethod
    def empty(cls) -> XmpPacket:
        """A packet that says nothing."""
        return cls(minidom.parseString(EMPTY_PACKET))

    def text(self, namespace: str, name: str) -> str:
        """A simple property's value; "" where there is none."""
        for node in _properties(self._document):
            if (node.namespaceURI, node.localName) == (namespace, name):
                if isinstance(node, minidom.Attr):
                    return str(node.value).strip()
                resource = node.getAttributeNS(RDF, "resource")
                children = (child for child in node.childNodes if isinstance(child, minidom.Text))
                return (resource or "".join(child.data for child in children)).strip()
        return ""

    def has(self, namespace: str, name: str) -> bool:
        """Whether there is a property of that name."""
        return any((node.namespaceURI, node.localName) == (namespace, name) for node in _properties(self._document))

    def add_list(
        self, namespace: str, prefix: str, name: str, kind: Literal["Seq", "Alt"], values: Sequence[str]
    ) -> None:
        """Add a property that is a sequence, or a choice of languages, of which the values are the default."""
        owner = self._add_element(self._description, namespace, prefix, name)
        container = self._add_element(owner, RDF, "rdf", kind)
        for value in values:
            item = self._add_element(container, RDF, "rdf", "li")
            if kind == "Alt":
                item.setAttribute("xml:lang", "x-default")
            item.appendChild(self._document.createTextNode(value))

    def set_text(self, namespace: str, prefix: str, name: str, value: str) -> None:
        """Set a simple property, in place of any of that name."""
        self._remove(namespace, name)
        self.add_field(self._description, namespace, prefix, name, value)

    def set_structure(self, namespace: str, prefix: str, name: str) -> minidom.Element:
        """A new structure as a property's value, in place of any; `add_field` fills it."""
        self._remove(namespace, name)
        return self._add_structure(self._add_element(self._description, namespace, prefix, name))

    def append_structure(self, namespace: str, prefix: str, name: str) -> minidom.Element:
        """A new structure at the end of a property that is a sequence, which is made where there is none."""
        nodes = [n for n in _properties(self._document) if (n.namespaceURI, n.localName) == (namespace, name)]
        elements = [n for n in nodes if isinstance(n, minidom.Element)]
        owner = elements[0] if elements else self._add_element(self._description, namespace, prefix, name)
        sequences = owner.getElementsByTagNameNS(RDF, "Seq")
        sequence = sequences[0] if sequences else self._add_element(owner, RDF, "rdf", "Seq")
        return self._add_structure(self._add_element(sequence, RDF, "rdf", "li"))

    def add_field(self, owner: minidom.Element, namespace: str, prefix: str, name: str, value: str) -> None:
        """Add a field to a structure."""
        element = self._add_element(owner, namespace, prefix, name)
        element.appendChild(self._document.createTextNode(value))

    def serialise(self) -> bytes:
        """The packet as bytes."""
        return _serialise(self._document)

    def _remove(self, namespace: str, name: str) -> None:
        for node in list(_properties(self._document)):
            if (node.namespaceURI, node.localName) == (namespace, name):
                _remove_property(node)

    def _add_structure(self, owner: minidom.Element) -> minidom.Element:
        return self._add_element(owner, RDF, "rdf", "Description")

    def _add_element(self, owner: minidom.Element, namespace: str, prefix: str, name: str) -> minidom.Element:
        element = self._document.createElementNS(namespace, f"{prefix}:{name}")
        element.setAttributeNS(XMLNS, f"xmlns:{prefix}", namespace)
        owner.appendChild(element)
        return element


def find_packet(content: bytes) -> bytes | None:
    """The first XMP packet of a file, whatever its format; None where there is none that lies in one piece."""
    if b"<x:xmpmeta" not in content:
        return None
    match = PACKET_PATTERN.search(content)
    return match[0] if match else None


def extract_authorship(packet: bytes) -> bytes | None:
    """A packet with the authorship properties of another; None when it has none or is broken."""
    try:
        source = _parse_packet(packet)
        if source is None:
            return None
        document = minidom.parseString(EMPTY_PACKET)
        target = document.getElementsByTagNameNS(RDF, "Description")[0]
        for node in _properties(source):
            if (node.namespaceURI, node.localName) in AUTHORSHIP_PROPERTIES:
                _copy_property(node, target)
        is_empty = not target.childNodes and target.attributes.length == 1
        return None if is_empty else _serialise(document)
    except (ExpatError, ValueError, AttributeError, RecursionError):
        return None


def remove_stale_properties(packet: bytes) -> bytes | None:
    """The packet without properties that describe a gain map, a video or a second packet; None when it is broken."""
    if not any(namespace.encode() in packet for namespace in STALE_NAMESPACES):
        return packet
    try:
        document = _parse_packet(packet)
        if document is None:
            return None
        for node in list(_properties(document)):
            if node.namespaceURI in STALE_NAMESPACES:
                _remove_property(node)
        for element in document.getElementsByTagName("*"):
            _remove_declarations(element)
        return _serialise(document)
    except (ExpatError, ValueError, AttributeError, RecursionError):
        return None


def _parse_packet(packet: bytes) -> minidom.Document | None:
    """The packet as a tree; None for one with a document type, which XMP has not."""
    if len(packet) > MAX_PACKET_BYTES or b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        return None
    return minidom.parseString(packet.strip(b"\0 \t\r\n"))


def _properties(document: minidom.Document) -> Iterator[minidom.Element | minidom.Attr]:
    """Properties of all descriptions, as child elements and as attributes."""
    for description in document.getElementsByTagNameNS(RDF, "Description"):
        yield from (child for child in description.childNodes if isinstance(child, minidom.Element))
        yield from list(description.attributes.values())


def _copy_property(node: minidom.Element | minidom.Attr, target: minidom.Element) -> None:
    if isinstance(node, minidom.Attr):
        _declare(node, target)
        target.setAttributeNS(node.namespaceURI, node.name, node.value)
        return
    copied = node.cloneNode(True)
    if copied is None:
        return
    for element in (copied, *copied.getElementsByTagName("*")):
        _declare(element, target)
        for attribute in element.attributes.values():
            _declare(attribute, target)
    target.appendChild(copied)


def _declare(node: minidom.Element | minidom.Attr, target: minidom.Element) -> None:
    """Declare a node's namespace where it is copied to; the prefixes of RDF and XML are known there."""
    prefix, namespace = node.prefix, node.namespaceURI
    if prefix and prefix not in ("rdf", "xml", "xmlns") and namespace:
        target.setAttributeNS(XMLNS, f"xmlns:{prefix}", namespace)


def _remove_property(node: minidom.Element | minidom.Attr) -> None:
    if isinstance(node, minidom.Attr):
        if node.ownerElement is not None:
            node.ownerElement.removeAttributeNode(node)
    elif node.parentNode is not None:
        node.parentNode.removeChild(node)


def _remove_declarations(element: minidom.Element) -> None:
    for attribute in list(element.attributes.values()):
        if attribute.prefix == "xmlns" and attribute.value in STALE_NAMESPACES:
            element.removeAttributeNode(attribute)


def _serialise(node: minidom.Node) -> bytes:
    text = node.toxml()
    return str(text).removeprefix('<?xml version="1.0" ?>').encode()
