"""A time-stamp server (RFC 3161) on this machine: OpenSSL answers, with a certificate made for the test."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

CONFIGURATION = """
[ tsa ]
default_tsa = here
[ here ]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ordering = no
tsa_name = no
ess_cert_id_alg = sha256
"""


@contextmanager
def open_timestamp_server(folder: Path) -> Iterator[tuple[str, bytes, list[int]]]:
    """Its address, its root certificate as PEM, and the lengths of the queries that it has answered."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    root = make_certificates(folder)
    (folder / "openssl.cnf").write_text(CONFIGURATION.format(folder=folder))
    (folder / "serial").write_text("01\n")
    queries: list[int] = []

    class Responder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            queries.append(len(query))
            (folder / "query.tsq").write_bytes(query)
            files = ["-config", "openssl.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr"]
            command = ["openssl", "ts", "-reply", *files]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            reply = (folder / "reply.tsr").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Responder)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", root, queries
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def make_certificates(folder: Path) -> bytes:
    """A root and a certificate for time stamps alone, and its key, as files; the root as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.now(UTC) - timedelta(hours=1)
    root_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    root_name, name = (
        x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, text), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Clock")]
        )
        for text in ("Clock Root", "Clock")
    )

    def usage(**uses: bool) -> x509.KeyUsage:
        names = (
            "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
            "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
        )  # fmt: skip
        return x509.KeyUsage(**{n: uses.get(n, False) for n in names})

    def build(subject: x509.Name, public_key: rsa.RSAPublicKey, is_root: bool) -> x509.Certificate:
        own = usage(key_cert_sign=True, crl_sign=True) if is_root else usage(digital_signature=True)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject).issuer_name(root_name).public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now).not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(own, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        )  # fmt: skip
        if not is_root:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return builder.sign(root_key, hashes.SHA256())

    root = build(root_name, root_key.public_key(), True).public_bytes(serialization.Encoding.PEM)
    leaf = build(name, key.public_key(), False).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for file, content in (("root.pem", root), ("tsa.pem", leaf), ("tsa.key", private)):
        (folder / file).write_bytes(content)
    return root
