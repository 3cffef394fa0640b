"""Verification of Content Credentials: who signed a file, whether it was changed since, and its history.

Only certificates that are passed in are trusted. C2PA 2.2, section "Validation".
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mattebox.io.content_credentials import has_content_credentials
from mattebox.provenance.c2pa_library import load_library, make_context
from mattebox.provenance.manifest import RECIPE_ASSERTION, SOFT_BINDING_ASSERTION, WATERMARK_ALGORITHM
from mattebox.provenance.signing import EMBEDDING_MIME_TYPES, OTHER_MIME_TYPE

State = Literal["trusted", "valid", "altered", "none"]

UNKNOWN_SIGNER_CODE = "signingCredential.untrusted"
MAX_CHAIN_LENGTH = 100  # manifests, a chain that refers to itself among them
REMOTE_ERROR = re.compile(r"^Remote: .*?(https?://\S+)", re.DOTALL)  # the library's words where it may not call it


@dataclass(frozen=True)
class ActionRecord:
    """One action of a manifest: its name, what it says was done, its source type and time, as the file states them."""

    name: str
    description: str = ""
    source_type: str = ""
    when: str = ""


@dataclass(frozen=True)
class ManifestRecord:
    """One manifest of the chain.

    Attributes
    ----------
    state : str
        "valid" or "altered"; of the last one the file's own state.
    title, generator, signer, issuer, signed_at : str
        As it states them; empty where it does not. `signed_at` is a time stamp's, which others have signed.
    actions : tuple of ActionRecord
        What was done.
    ingredients : tuple of str
        Titles of the pictures that went into it.
    problems : tuple of str
        What does not hold, in the library's words.
    recipe : dict
        The recipe and models, of a file that mattebox wrote.
    watermark : str
        The identifier that it binds to, of mattebox's watermark.
    """

    state: str
    title: str = ""
    generator: str = ""
    signer: str = ""
    issuer: str = ""
    signed_at: str = ""
    actions: tuple[ActionRecord, ...] = ()
    ingredients: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    recipe: dict[str, Any] = field(default_factory=dict)
    watermark: str = ""


@dataclass(frozen=True)
class ProvenanceReport:
    """What a file says of its history.

    Attributes
    ----------
    state : {"trusted", "valid", "altered", "none"}
        Signed by somebody trusted; by somebody unknown; changed since it was signed; without Content Credentials.
    manifests : tuple of ManifestRecord
        The chain, the newest first.
    watermark : str
        The identifier found in the pixels, or "".
    source_type : str
        The IPTC source type that its XMP states, or "".
    address : str
        Where its XMP says that its Content Credentials lie, of a file that holds none itself; it is not called.
    damage : str
        Why its picture cannot be decoded, or its clip is not whole, of a file with Content Credentials; or "".
    """

    state: State
    manifests: tuple[ManifestRecord, ...] = ()
    watermark: str = ""
    source_type: str = ""
    address: str = ""
    damage: str = ""


def verify_content(
    content: bytes, mime_type: str, *, anchors: bytes = b"", sidecar: bytes | None = None
) -> ProvenanceReport:
    """Verify a file's Content Credentials. No address that they name is called.

    Parameters
    ----------
    content : bytes
        The file.
    mime_type : str
        Its type.
    anchors : bytes
        Certificates (PEM) of the authorities to trust.
    sidecar : bytes, optional
        The manifest beside it (.c2pa).

    Raises
    ------
    UsageError
        The library is not installed, or the anchors are no certificates.
    """
    c2pa = load_library()
    media_type = mime_type if mime_type in EMBEDDING_MIME_TYPES and sidecar is None else OTHER_MIME_TYPE
    if sidecar is None and media_type == OTHER_MIME_TYPE:
        return ProvenanceReport("none")
    with make_context(anchors) as context:
        try:
            with c2pa.Reader(media_type, io.BytesIO(content), sidecar, context=context) as reader:
                data = json.loads(reader.json())
        except c2pa.C2paError.ManifestNotFound:
            return ProvenanceReport("none")
        except c2pa.C2paError as error:
            return _read_error(str(error), has_manifest=sidecar is not None or has_content_credentials(content))
    return read_report(data)


def _read_error(problem: str, *, has_manifest: bool) -> ProvenanceReport:
    """The report of a file that the library cannot read: altered only where there is a manifest to begin with."""
    remote = REMOTE_ERROR.match(problem)
    if remote:
        return ProvenanceReport("none", address=_text(remote[1]))
    if not has_manifest:
        return ProvenanceReport("none")
    return ProvenanceReport("altered", (ManifestRecord("altered", problems=(problem,)),))


def read_report(data: Mapping[str, Any]) -> ProvenanceReport:
    """The report of the library's JSON."""
    states: dict[str, State] = {"Trusted": "trusted", "Valid": "valid"}
    state = states.get(data.get("validation_state", ""), "altered")
    problems = _problem_words(data.get("validation_results", {}))
    manifests: list[ManifestRecord] = []
    label, stores = data.get("active_manifest"), data.get("manifests", {})
    while label in stores and len(manifests) < MAX_CHAIN_LENGTH:
        manifest = stores[label]
        manifests.append(_read_manifest(manifest, state if not manifests else _chain_state(problems), problems))
        parent: Mapping[str, Any] = next(
            (i for i in manifest.get("ingredients", ()) if i.get("relationship") == "parentOf"), {}
        )
        label, problems = parent.get("active_manifest"), _problem_words(parent.get("validation_results", {}))
    return ProvenanceReport(state, tuple(manifests))


def _chain_state(problems: tuple[str, ...]) -> str:
    return "altered" if problems else "valid"


def _problem_words(results: Mapping[str, Any]) -> tuple[str, ...]:
    """What fails of one manifest, besides its signer being unknown."""
    failures = results.get("activeManifest", {}).get("failure", ())
    return tuple(f"{f['code']}: {f.get('explanation', '')}" for f in failures if f["code"] != UNKNOWN_SIGNER_CODE)


def _read_manifest(manifest: Mapping[str, Any], state: str, problems: tuple[str, ...]) -> ManifestRecord:
    generator = (manifest.get("claim_generator_info") or [{}])[0]
    signature = manifest.get("signature_info") or {}
    assertions = {a["label"]: a.get("data", {}) for a in manifest.get("assertions", ())}
    actions = [a for name, data in assertions.items() if name.startswith("c2pa.actions") for a in data["actions"]]
    return ManifestRecord(
        state,
        _text(manifest.get("title")),
        " ".join(filter(None, (_text(generator.get("name")), _text(generator.get("version"))))),
        _text(signature.get("common_name")),
        _text(signature.get("issuer")),
        _text(signature.get("time")),
        tuple(_read_action(action) for action in actions),
        tuple(_text(i.get("title")) for i in manifest.get("ingredients", ())),
        problems,
        _read_recipe(assertions.get(RECIPE_ASSERTION)),
        _read_binding(assertions.get(SOFT_BINDING_ASSERTION)),
    )


def _read_action(action: Mapping[str, Any]) -> ActionRecord:
    description = (action.get("parameters") or {}).get("description") or action.get("description")
    return ActionRecord(
        _text(action.get("action")),
        _text(description),
        _text(action.get("digitalSourceType")),
        _text(action.get("when")),
    )


def _read_recipe(data: object) -> dict[str, Any]:
    """Recipe and models of mattebox's own assertion; empty where there is none, or somebody else wrote it."""
    if not isinstance(data, dict):
        return {}
    try:
        return {**data, "recipe": json.loads(data.get("recipe", "{}"))}
    except (TypeError, ValueError):
        return {}


def _read_binding(data: object) -> str:
    if not isinstance(data, dict) or data.get("alg") != WATERMARK_ALGORITHM:
        return ""
    return _text((data.get("blocks") or [{}])[0].get("value"))


def _text(value: object) -> str:
    """A text that a file states, without control characters."""
    return "".join(c for c in value if c.isprintable()) if isinstance(value, str) else ""
