"""Signing and verification, checked with the library's own reader: formats, chain, alteration, size, and no sockets."""

from __future__ import annotations

import io
import json
import platform
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mattebox.errors import OutputError
from mattebox.io.encoding import encode
from mattebox.io.file_formats import FORMATS
from mattebox.io.media_type import identify_media_type
from mattebox.provenance.actions import Action
from mattebox.provenance.certificates import create_authority, decrypt_key
from mattebox.provenance.manifest import Ingredient, ManifestFacts, ModelUse
from mattebox.provenance.signing import SigningIdentity, sign_content
from mattebox.provenance.source_types import SourceType, combine_source_types, parse_source_type
from mattebox.provenance.verification import verify_content
from mattebox.provenance.wording import describe_report
from mattebox.types import Picture
from tests.provenance.timestamp_server import open_timestamp_server

c2pa = pytest.importorskip("c2pa")

NOW = datetime.now(UTC)
PAIR, ANCHORS = create_authority("Studio Test", NOW)
IDENTITY = SigningIdentity(PAIR.chain, "es256", PAIR.key)
CUT = Action("c2pa.edited", "Background removed")
MAX_MANIFEST_BYTES, MAX_SECONDS = 5000, 0.05


def facts(parent: bytes | None, *actions: Action) -> ManifestFacts:
    media_type = "image/png" if parent is None else identify_media_type(parent)
    recipe = {"steps": [{"step": "cut"}]}
    return ManifestFacts(
        "cut.png", actions or (CUT,), [Ingredient("parent", "photo", media_type, parent)],
        [ModelUse("pair-2", "0" * 64)], recipe, NOW,
    )  # fmt: skip


@pytest.fixture(scope="module")
def jpeg(astronaut: Picture) -> bytes:
    return encode(Picture(astronaut.rgb[:200, :240]), "jpeg")


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_is_trusted_and_an_altered_one_is_not(name: str, astronaut: Picture, jpeg: bytes) -> None:
    pytest.importorskip("OpenEXR" if name.startswith("exr") else "numpy")
    content = encode(Picture(astronaut.rgb[:200, :240]), name)
    media_type = FORMATS[name].mime_type
    signed, sidecar = sign_content(content, media_type, facts(jpeg), IDENTITY)
    assert (sidecar is None) == (name in ("png", "jpeg", "webp", "tiff", "avif"))
    assert len(signed) - len(content) + len(sidecar or b"") <= MAX_MANIFEST_BYTES
    report = verify_content(signed, media_type, anchors=ANCHORS, sidecar=sidecar)
    assert report.state == "trusted"
    assert report.manifests[0].recipe["recipe"] == {"steps": [{"step": "cut"}]}
    assert verify_content(signed, media_type, sidecar=sidecar).state == "valid"
    altered = bytearray(signed)
    altered[-len(content) // 2] ^= 1  # of the picture, wherever the manifest lies
    assert verify_content(bytes(altered), media_type, anchors=ANCHORS, sidecar=sidecar).state == "altered"
    assert verify_content(content, media_type, anchors=ANCHORS).state == "none"


def test_the_chain_is_kept_over_two_edits_and_another_tools_manifest_is_its_start(jpeg: bytes) -> None:
    foreign = sign_as_another_tool(jpeg)
    once = sign_content(jpeg, "image/jpeg", facts(foreign), IDENTITY).content
    twice = sign_content(jpeg, "image/jpeg", facts(once, Action("c2pa.resized", "Made smaller")), IDENTITY).content
    report = verify_content(twice, "image/jpeg", anchors=ANCHORS)
    assert report.state == "trusted"
    assert [manifest.generator.split()[0] for manifest in report.manifests] == ["mattebox", "mattebox", "Camera"]
    assert [manifest.state for manifest in report.manifests] == ["trusted", "valid", "valid"]
    words = "\n".join(describe_report(report))
    for expected in ("trusted: signed by Studio Test", "Made smaller", "Background removed", "Camera 9"):
        assert expected in words


def test_a_parent_that_was_altered_is_said_to_have_been(jpeg: bytes) -> None:
    parent = bytearray(sign_content(jpeg, "image/jpeg", facts(jpeg), IDENTITY).content)
    parent[-100] ^= 1
    report = verify_content(
        sign_content(jpeg, "image/jpeg", facts(bytes(parent)), IDENTITY).content, "image/jpeg", anchors=ANCHORS
    )
    assert [m.state for m in report.manifests] == ["trusted", "altered"]
    assert "altered when it was opened" in "\n".join(describe_report(report))


def test_damaged_credentials_are_no_parent(jpeg: bytes) -> None:
    damaged = bytearray(sign_content(jpeg, "image/jpeg", facts(jpeg), IDENTITY).content)
    damaged[damaged.find(b"jumdc2pa") + 40] ^= 0xFF
    with pytest.raises(OutputError, match="photo: its Content Credentials are damaged"):
        sign_content(jpeg, "image/jpeg", facts(bytes(damaged)), IDENTITY)


def test_a_picture_in_memory_and_a_key_in_another_process(jpeg: bytes) -> None:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    key: Any = serialization.load_pem_private_key(PAIR.key, None)

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    signed = sign_content(jpeg, "image/jpeg", facts(None), SigningIdentity(PAIR.chain, sign=sign)).content
    assert verify_content(signed, "image/jpeg", anchors=ANCHORS).state == "trusted"


def test_signing_takes_little_time(jpeg: bytes) -> None:
    sign_content(jpeg, "image/jpeg", facts(jpeg), IDENTITY)

    def processor_seconds() -> float:
        start = time.process_time()
        sign_content(jpeg, "image/jpeg", facts(jpeg), IDENTITY)
        return time.process_time() - start

    assert min(processor_seconds() for _ in range(5)) < MAX_SECONDS


def test_a_passphrase_opens_a_key() -> None:
    from cryptography.hazmat.primitives import serialization

    from mattebox.errors import UsageError

    key = serialization.load_pem_private_key(PAIR.key, None)
    locked = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"open")
    )
    assert decrypt_key(locked, b"open") == (PAIR.key, "es256")
    for passphrase in (None, b"wrong"):
        with pytest.raises(UsageError, match="MATTEBOX_SIGNING_PASSPHRASE"):
            decrypt_key(locked, passphrase)
    assert "PRIVATE KEY" not in repr(IDENTITY)


def test_a_time_stamp_is_asked_for_checked_and_told(jpeg: bytes, tmp_path: Path) -> None:
    with open_timestamp_server(tmp_path) as (url, root, queries):
        identity = replace(IDENTITY, timestamp_url=url)
        signed = sign_content(jpeg, "image/jpeg", facts(jpeg), identity).content
    assert len(queries) == 1
    assert queries[0] < 200  # a digest, not the picture
    report = verify_content(signed, "image/jpeg", anchors=ANCHORS + root)
    assert (report.state, report.manifests[0].problems) == ("trusted", ())
    stamped = datetime.fromisoformat(report.manifests[0].signed_at)
    assert abs((stamped - datetime.now(UTC)).total_seconds()) < 300
    assert f"    time stamp: {stamped:%Y-%m-%d %H:%M} UTC" in describe_report(report)
    unstamped = verify_content(sign_content(jpeg, "image/jpeg", facts(jpeg), IDENTITY).content, "image/jpeg")
    assert unstamped.manifests[0].signed_at == ""
    with pytest.raises(OutputError, match="MATTEBOX_TIMESTAMP_URL"):  # nobody answers any more
        sign_content(jpeg, "image/jpeg", facts(jpeg), identity)


def test_the_type_that_says_most_wins() -> None:
    assert combine_source_types([SourceType.ENHANCED, SourceType.COMPOSITE_CAPTURE]) is SourceType.COMPOSITE_CAPTURE
    assert combine_source_types([SourceType.GENERATED, SourceType.ENHANCED]) is SourceType.GENERATED
    assert combine_source_types([]) is None
    assert parse_source_type(SourceType.GENERATIVE_EDIT.uri) is SourceType.GENERATIVE_EDIT


FORBID_SOCKETS = """
import ctypes, struct, sys
LOAD, JUMP_EQUAL, RETURN, ALLOW, KILL = 0x20, 0x15, 0x06, 0x7FFF0000, 0x80000000
number = {"x86_64": 41, "aarch64": 198}[sys.argv[1]]
rules = [(LOAD, 0, 0, 0), (JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, KILL), (RETURN, 0, 0, ALLOW)]
program = b"".join(struct.pack("HBBI", *rule) for rule in rules)
buffer = ctypes.create_string_buffer(program, len(program))
class Filter(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("rules", ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Filter(len(rules), ctypes.addressof(buffer))), 0, 0) == 0
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the system call filter is Linux's")
def test_no_socket_is_opened() -> None:
    """The kernel kills the process at its first call of `socket`; a control shows that it does."""
    work = FORBID_SOCKETS + (
        "from tests.provenance.test_signing import *\n"
        "content = encode(Picture(np.zeros((64, 64, 3), np.uint8)), 'png')\n"
        "signed = sign_content(content, 'image/png', facts(content), IDENTITY).content\n"
        "print(verify_content(signed, 'image/png', anchors=ANCHORS).state)\n"
    )
    done = run_python(work)
    assert (done.returncode, done.stdout.strip()) == (0, "trusted"), done.stderr
    assert run_python(FORBID_SOCKETS + "import socket; socket.socket()").returncode < 0


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, platform.machine()]
    return subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)


def sign_as_another_tool(content: bytes) -> bytes:
    """The picture with a manifest that the library's own builder makes."""
    created = {
        "action": "c2pa.created",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
    }
    definition = {
        "claim_generator_info": [{"name": "Camera", "version": "9"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }
    signer = c2pa.Signer.from_info(
        c2pa.C2paSignerInfo(alg=b"es256", sign_cert=PAIR.chain, private_key=PAIR.key, ta_url=None)
    )
    settings = c2pa.Settings.from_json(json.dumps({"builder": {"thumbnail": {"enabled": False}}}))
    signed = io.BytesIO()
    with c2pa.Context(settings) as context, c2pa.Builder(definition, context) as builder:
        builder.sign(signer, "image/jpeg", io.BytesIO(content), signed)
    return signed.getvalue()


def test_a_signed_heic_is_verified(astronaut: Picture) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_bytes("RGB", (64, 64), astronaut.rgb[:64, :64].tobytes()).save(file)
    content = file.getvalue()
    assert identify_media_type(content) == "image/heic"
    signed = sign_content(content, "image/heic", facts(content), IDENTITY).content
    assert verify_content(signed, "image/heic", anchors=ANCHORS).state == "trusted"


def test_the_embedded_manifest_leaves_every_pixel(astronaut: Picture) -> None:
    from mattebox.io.reader import read

    content = encode(Picture(astronaut.rgb[:64, :64]), "png")
    signed = sign_content(content, "image/png", facts(content), IDENTITY).content
    assert np.array_equal(read(signed).rgb, astronaut.rgb[:64, :64])
