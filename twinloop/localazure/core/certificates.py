"""The twin's own certificate authority, and the bundle that clients are told to trust."""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from twinloop.localazure.core.tokens import write_private

NAMES = ("localhost", "*.localhost")
_YEARS = 10
_RENEW_BEFORE = timedelta(days=30)


def ensure(home: Path, environ: Mapping[str, str]) -> tuple[Path, Path]:
    """Make what is missing; the server's certificate chain and its key.

    Writes `ca.pem`, `ca-bundle.pem` (the user's present bundle and the CA) and, private, keys below `azure/`.
    """
    ca_file, ca_key = home / "ca.pem", home / "azure" / "ca.key"
    chain, key = home / "azure" / "server.pem", home / "azure" / "server.key"
    if not (ca_file.exists() and ca_key.exists()):
        _make_ca(ca_file, ca_key)
        chain.unlink(missing_ok=True)
    if not (chain.exists() and key.exists()) or _expires(chain) - datetime.now(UTC) < _RENEW_BEFORE:
        _make_server(ca_file, ca_key, chain, key)
    _write_bundle(home, environ)
    return chain, key


def _make_ca(file: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Twinloop local Azure CA (this machine only)")])
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    # The name constraint makes the CA worthless for any host but this one, even if its key leaks.
    limits = x509.NameConstraints(
        permitted_subtrees=[
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_network("127.0.0.0/8")),
            x509.IPAddress(ipaddress.ip_network("::1/128")),
        ],
        excluded_subtrees=None,
    )
    certificate = (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(limits, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(key_file, _pem(key))
    _write(file, certificate.public_bytes(serialization.Encoding.PEM))


def _make_server(ca_file: Path, ca_key_file: Path, chain: Path, key_file: Path) -> None:
    ca = x509.load_pem_x509_certificate(ca_file.read_bytes())
    ca_key = serialization.load_pem_private_key(ca_key_file.read_bytes(), None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{ca_key_file}: not an EC key; remove it and {ca_file} and start the twin again")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    addresses = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    names = [*map(x509.DNSName, NAMES), *map(x509.IPAddress, addresses)]
    certificate = (
        _builder(name, ca.subject, key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    write_private(key_file, _pem(key))
    _write(chain, certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * _YEARS))
    )


def _write_bundle(home: Path, environ: Mapping[str, str]) -> None:
    """The user's present certificates plus ours, so that package installs in the same shell go on working."""
    bundle = home / "ca-bundle.pem"
    present = b""
    for candidate in (environ.get("REQUESTS_CA_BUNDLE"), environ.get("SSL_CERT_FILE"), _default_bundle()):
        # A twin started from a shell that already points at a twin must not grow bundles without end.
        if candidate and Path(candidate).is_file() and Path(candidate).name != bundle.name:
            present = Path(candidate).read_bytes()
            break
    content = present.rstrip() + b"\n" + (home / "ca.pem").read_bytes()
    if not bundle.exists() or bundle.read_bytes() != content:
        _write(bundle, content)


def _default_bundle() -> str | None:
    found = ssl.get_default_verify_paths().cafile
    if found:
        return found
    try:
        import certifi
    except ImportError:
        return None
    return certifi.where()


def _expires(chain: Path) -> datetime:
    return x509.load_pem_x509_certificate(chain.read_bytes()).not_valid_after_utc


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(file: Path, content: bytes) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}")
    with part.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
