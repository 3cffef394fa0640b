"""What a result's XMP says of how it was made: source type, tool, derivation and history.

IPTC Photo Metadata 2025.1 (DigitalSourceType, AISystemUsed); XMP 1.0 part 2, "Media Management". Whatever else the
packet holds stays, above all creator, credit and rights.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.dom import minidom

from mattebox._version import __version__
from mattebox.io.xmp import XmpPacket
from mattebox.provenance.actions import Action
from mattebox.provenance.source_types import SourceType, combine_source_types, parse_source_type

IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
XMP_BASIC = "http://ns.adobe.com/xap/1.0/"
MEDIA_MANAGEMENT = "http://ns.adobe.com/xap/1.0/mm/"
RESOURCE_REFERENCE = "http://ns.adobe.com/xap/1.0/sType/ResourceRef#"
RESOURCE_EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
CREATOR_TOOL = f"mattebox {__version__}"
TRANSCODING_ACTION = "c2pa.transcoded"


@dataclass(frozen=True)
class XmpRecord:
    """What the XMP is to say.

    Attributes
    ----------
    actions : sequence of Action
        What was done.
    models : sequence of str
        Names of the networks that ran.
    created_at : datetime
        When, with a time zone.
    document_id, source_id : str
        Of the result, and of its photograph as `document_id_of` gives it, or "".
    """

    actions: Sequence[Action]
    models: Sequence[str]
    created_at: datetime
    document_id: str
    source_id: str


def document_id_of(content: bytes) -> str:
    """An identifier of a file's bytes, the same whenever it is asked for."""
    return f"xmp.did:{uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(content).hexdigest())}"


def stated_source_type(packet: bytes | None) -> str:
    """The source type that a packet states, as it is written there; "" where it states none or is broken."""
    parsed = XmpPacket.parse(packet) if packet else None
    return parsed.text(IPTC_EXTENSION, "DigitalSourceType") if parsed else ""


def combined_source_type(packet: bytes | None, actions: Sequence[Action]) -> SourceType | None:
    """The source type of a result: of what was done to it and what its photograph stated; None for neither."""
    stated = parse_source_type(stated_source_type(packet))
    done = [action.source_type for action in actions if action.name != TRANSCODING_ACTION]
    return combine_source_types([*done, *([stated] if stated else [])])


def mark_packet(packet: bytes | None, record: XmpRecord) -> bytes:
    """Put a record into a packet.

    Parameters
    ----------
    packet : bytes or None
        The photograph's; a broken one is replaced.
    record : XmpRecord
        What it is to say.

    Returns
    -------
    bytes
        The packet, with the photograph's other properties.
    """
    parsed = (XmpPacket.parse(packet) if packet else None) or XmpPacket.empty()
    source_type = combined_source_type(packet, record.actions)
    when = record.created_at.isoformat(timespec="seconds")
    if source_type is not None:
        parsed.set_text(IPTC_EXTENSION, "Iptc4xmpExt", "DigitalSourceType", source_type.uri)
        if source_type.is_generative and record.models:
            parsed.set_text(IPTC_EXTENSION, "Iptc4xmpExt", "AISystemUsed", f"mattebox ({', '.join(record.models)})")
            parsed.set_text(IPTC_EXTENSION, "Iptc4xmpExt", "AISystemVersionUsed", __version__)
    parsed.set_text(XMP_BASIC, "xmp", "CreatorTool", CREATOR_TOOL)
    parsed.set_text(XMP_BASIC, "xmp", "ModifyDate", when)
    parsed.set_text(MEDIA_MANAGEMENT, "xmpMM", "DocumentID", record.document_id)
    parsed.set_text(MEDIA_MANAGEMENT, "xmpMM", "InstanceID", record.document_id.replace("xmp.did", "xmp.iid"))
    if record.source_id:
        derived = parsed.set_structure(MEDIA_MANAGEMENT, "xmpMM", "DerivedFrom")
        parsed.add_field(derived, RESOURCE_REFERENCE, "stRef", "documentID", record.source_id)
    for action in record.actions:
        _add_event(parsed, parsed.append_structure(MEDIA_MANAGEMENT, "xmpMM", "History"), action, when)
    return parsed.serialise()


def _add_event(packet: XmpPacket, event: minidom.Element, action: Action, when: str) -> None:
    word = "converted" if action.name == TRANSCODING_ACTION else "edited"
    fields = {"action": word, "parameters": action.description, "softwareAgent": CREATOR_TOOL, "when": when}
    for name, value in fields.items():
        packet.add_field(event, RESOURCE_EVENT, "stEvt", name, value)
