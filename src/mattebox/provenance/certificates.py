"""Certificates and keys: a private authority with a leaf that signs, and the reading of a user's own.

C2PA 2.2, section "X.509 Certificates": a chain with the leaf first, a critical key usage of digital signature, and the
extended key usage of e-mail protection. Without a time stamp a signature dies with its certificate, so the leaf is made
to live as long as its authority.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mattebox.core.interface import install_extra
from mattebox.errors import UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

VALIDITY = timedelta(days=365 * 20)
CLOCK_TOLERANCE = timedelta(days=1)
ALGORITHM_BY_CURVE = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True)
class KeyPair:
    """A chain of certificates, the leaf first, and the leaf's private key (PKCS#8), as PEM."""

    chain: bytes
    key: bytes


def create_authority(owner: str, now: datetime) -> tuple[KeyPair, bytes]:
    """Create a private authority and a leaf that it certifies; the authority's own key is thrown away.

    Parameters
    ----------
    owner : str
        Whom the certificates name.
    now : datetime
        From a day before which they are valid, for twenty years.

    Returns
    -------
    KeyPair, bytes
        The leaf with its chain and key, and the authority's certificate (PEM), which others need to trust it.
    """
    _require_cryptography()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    authority_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certify(f"{owner} (authority)", authority_key.public_key(), None, authority_key, now)
    leaf = _certify(owner, leaf_key.public_key(), authority, authority_key, now)
    chain = [certificate.public_bytes(serialization.Encoding.PEM) for certificate in (leaf, authority)]
    key = leaf_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(b"".join(chain), key), chain[1]


def decrypt_key(key: bytes, passphrase: bytes | None) -> tuple[bytes, str]:
    """A private key (PEM) without its passphrase as PKCS#8, and C2PA's name of the algorithm it signs with.

    UsageError where the passphrase is missing or wrong, or the key is of a kind that C2PA does not allow.
    """
    _require_cryptography()
    from cryptography.hazmat.primitives import serialization

    try:
        private_key = serialization.load_pem_private_key(key, passphrase)
    except TypeError as error:  # a passphrase is missing, or was given for a key that has none
        if passphrase is not None:
            return decrypt_key(key, None)
        raise UsageError(
            "the signing key has a passphrase", "set MATTEBOX_SIGNING_PASSPHRASE for this command"
        ) from error
    except ValueError as error:
        raise UsageError(
            "the signing key cannot be read", "check the file (PEM) and MATTEBOX_SIGNING_PASSPHRASE"
        ) from error
    plain = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return plain, _algorithm_of(private_key)


def check_chain(chain: bytes, key: bytes, now: datetime) -> None:
    """Check that a chain (PEM) begins with the certificate of a key (PEM) and is valid now. UsageError."""
    _require_cryptography()
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    try:
        leaf = x509.load_pem_x509_certificates(chain)[0]
    except (ValueError, IndexError) as error:
        raise UsageError("the certificates cannot be read", "give a chain as PEM, the leaf first") from error
    public = leaf.public_key()
    if public != serialization.load_pem_private_key(key, None).public_key():
        raise UsageError("the first certificate is not the key's", "give the chain of this key, the leaf first")
    first, last = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    if not first <= now <= last:
        raise UsageError(
            f"the certificate is valid from {first:%Y-%m-%d} to {last:%Y-%m-%d}",
            "give one that is valid now",
        )


def check_anchors(anchors: bytes) -> None:
    """Check that these are certificates to trust, which the library would silently leave out. UsageError."""
    _require_cryptography()
    from cryptography import x509

    try:
        x509.load_pem_x509_certificates(anchors)
    except ValueError as error:
        raise UsageError(
            "the anchors are no certificates (PEM)", "give a file of certificates, such as the signer's anchors.pem"
        ) from error


def last_certificate(chain: bytes) -> bytes:
    """The last certificate of a chain (PEM): the one that the others are certified by."""
    end = b"-----END CERTIFICATE-----"
    return (chain.strip().split(end)[-2] + end).strip() + b"\n"


def _certify(subject: str, public_key: Any, issuer: Certificate | None, issuer_key: Any, now: datetime) -> Certificate:
    """A certificate of an authority (no issuer) or of a leaf."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    is_authority = issuer is None
    name = _name(subject)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
         "decipher_only"), False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name if issuer is None else issuer.subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_TOLERANCE)
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.BasicConstraints(is_authority, 0 if is_authority else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_authority, key_cert_sign=is_authority, crl_sign=is_authority, **usage
            ),
            critical=True,
        )
    )
    if not is_authority:
        purpose = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purpose, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(common_name: str) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, common_name[:64]),
        ]
    )


def _algorithm_of(private_key: Any) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(private_key, ec.EllipticCurvePrivateKey) and private_key.curve.name in ALGORITHM_BY_CURVE:
        return ALGORITHM_BY_CURVE[private_key.curve.name]
    if isinstance(private_key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(private_key, rsa.RSAPrivateKey):
        return "ps256"
    raise UsageError("C2PA does not sign with this kind of key", "give one on P-256, P-384 or P-521, Ed25519, or RSA")


def _require_cryptography() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise UsageError("signing needs the package cryptography", install_extra("provenance")) from error
