"""Signing: a manifest is put into an encoded picture, or beside it where its format has no place for one."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from mattebox.errors import OutputError
from mattebox.io.encoding import EncodedOutput
from mattebox.provenance.c2pa_library import load_library, make_context
from mattebox.provenance.manifest import Ingredient, ManifestFacts, build_manifest

EMBEDDING_MIME_TYPES = frozenset(
    (
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/tiff",
        "image/avif",
        "image/heic",
        "image/gif",
        "video/mp4",
        "video/quicktime",
    )
)
TIMESTAMP_REMEDY = " and the time-stamp server of MATTEBOX_TIMESTAMP_URL"
OTHER_MIME_TYPE = "application/octet-stream"  # is hashed as a whole


@dataclass(frozen=True)
class SigningIdentity:
    """Who signs.

    Attributes
    ----------
    chain : bytes
        Certificates as PEM, the leaf first.
    algorithm : str
        es256, es384, es512, ps256 or ed25519.
    key : bytes
        The leaf's private key, PKCS#8 as PEM without a passphrase; empty with `sign`.
    sign : callable, optional
        Signs bytes with a key that never leaves its module or agent (PKCS#11); gives the raw signature, for es256
        r and s of 32 bytes each.
    timestamp_url : str
        Address of a time-stamp server (RFC 3161), the only address that signing ever calls; empty for none.
    """

    chain: bytes
    algorithm: str = "es256"
    key: bytes = field(default=b"", repr=False)
    sign: Callable[[bytes], bytes] | None = field(default=None, repr=False)
    timestamp_url: str = ""


def sign_content(content: bytes, mime_type: str, facts: ManifestFacts, identity: SigningIdentity) -> EncodedOutput:
    """Sign an encoded picture.

    Parameters
    ----------
    content : bytes
        The encoded picture.
    mime_type : str
        Its type. JPEG, PNG, WebP, TIFF, AVIF, HEIC, MP4 and MOV hold their manifest; any other gets a sidecar.
    facts : ManifestFacts
        What the manifest says.
    identity : SigningIdentity
        Who says it.

    Returns
    -------
    EncodedOutput
        The picture with its manifest, or the picture as it is and the manifest for a sidecar.

    Raises
    ------
    OutputError
        The library refuses, such as for a certificate that C2PA does not allow.
    UsageError
        The library is not installed.
    """
    signed = io.BytesIO()
    sidecar = sign_stream(io.BytesIO(content), signed, mime_type, facts, identity)
    return EncodedOutput(signed.getvalue()) if sidecar is None else EncodedOutput(content, sidecar)


def sign_stream(
    source: BinaryIO, signed: BinaryIO, mime_type: str, facts: ManifestFacts, identity: SigningIdentity
) -> bytes | None:
    """Sign a file of any size: `source` is read, and written to `signed` with its manifest.

    The other parameters and the errors are those of `sign_content`. Returns the manifest for a sidecar where the format
    has no place for one, and then writes nothing.
    """
    c2pa = load_library()
    is_embedded = mime_type in EMBEDDING_MIME_TYPES
    try:
        with (
            make_context() as context,
            _open_signer(c2pa, identity) as signer,
            c2pa.Builder(build_manifest(facts), context) as builder,
        ):
            for ingredient in facts.ingredients:
                if ingredient.content is not None:
                    _add_ingredient(c2pa, builder, ingredient, ingredient.content)
            if not is_embedded:
                builder.set_no_embed()
            media_type = mime_type if is_embedded else OTHER_MIME_TYPE
            manifest = builder.sign(signer, media_type, source, signed if is_embedded else io.BytesIO())
    except c2pa.C2paError as error:
        problem = f"the result cannot be signed ({error})"
        remedy = f"check the certificates{TIMESTAMP_REMEDY if identity.timestamp_url else ''}, or leave out sign"
        raise OutputError(problem, remedy) from error
    return None if is_embedded else bytes(manifest)


def _add_ingredient(c2pa: Any, builder: Any, ingredient: Ingredient, content: bytes | BinaryIO) -> None:
    """Add a picture with its own manifest. OutputError where that manifest cannot be read at all."""
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    try:
        builder.add_ingredient(ingredient.definition(), ingredient.mime_type, stream)
    except c2pa.C2paError as error:
        raise OutputError(
            f"{ingredient.title}: its Content Credentials are damaged and cannot be passed on ({error})",
            "leave out sign, or first write the picture anew without them",
        ) from error


def _open_signer(c2pa: Any, identity: SigningIdentity) -> Any:
    timestamp_url = identity.timestamp_url or None
    if identity.sign is not None:
        algorithm = getattr(c2pa.C2paSigningAlg, identity.algorithm.upper())
        return c2pa.Signer.from_callback(identity.sign, algorithm, identity.chain.decode(), timestamp_url)
    return c2pa.Signer.from_info(
        c2pa.C2paSignerInfo(
            alg=identity.algorithm.encode(),
            sign_cert=identity.chain,
            private_key=identity.key,
            ta_url=timestamp_url.encode() if timestamp_url else None,
        )
    )
