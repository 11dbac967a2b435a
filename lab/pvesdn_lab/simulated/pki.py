"""Certificates made like PVE's: its CA has no keyUsage, and a node's certificate names the node and its addresses."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server certificate on disk.

    :param certificate: PEM file.
    :param key: PEM file, readable by its owner only.
    :param fingerprint: SHA-256 of the certificate as PVE shows it, ``AA:BB:…``.
    """

    certificate: Path
    key: Path
    fingerprint: str


class PveCa:
    """A cluster's own certificate authority, kept as `pve-root-ca.pem` in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "pve-root-ca.pem"
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, "Proxmox Virtual Environment"),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "6d7f1b8e-0c5b-4a37-9d4e-5f3a3c0b7a11"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "PVE Cluster Manager CA"),
            ]
        )
        # As `openssl req -x509` with Debian's openssl.cnf makes it: no keyUsage, which Python 3.13's strictness minds.
        builder = _builder(self._name, self._name, self._key, days=3650)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        self.file.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, hosts: Iterable[str] = (), *, days: int = 730) -> Certificate:
        """A certificate for the node `name` and for `hosts` (names and addresses).

        :param days: validity from yesterday on; negative for a certificate that has run out.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "PVE Cluster Node"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Proxmox Virtual Environment"),
                x509.NameAttribute(NameOID.COMMON_NAME, f"{name}.example.com"),
            ]
        )
        builder = _builder(subject, self._name, key, days=days)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        names = x509.SubjectAlternativeName([_general_name(host) for host in (*hosts, name, f"{name}.example.com")])
        builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        stem = self._folder / f"pve-ssl-{name}"
        certificate_file, key_file = stem.with_suffix(".pem"), stem.with_suffix(".key")
        certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.touch(0o600)
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        digest = certificate.fingerprint(hashes.SHA256())
        return Certificate(certificate_file, key_file, ":".join(f"{octet:02X}" for octet in digest))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: int
) -> x509.CertificateBuilder:
    today = dt.datetime.now(dt.UTC)
    begin = today - dt.timedelta(days=1 if days > 0 else 2 - days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(today + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
