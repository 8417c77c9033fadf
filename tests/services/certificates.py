"""Certificates for the servers of a test: an authority nobody else trusts, and what it signs."""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scheduler.clock import SystemClock

_DAY = dt.timedelta(days=1)
_PEM = serialization.Encoding.PEM


class Authority:
    """Signs certificates; `file` is what those who are to trust it are given."""

    def __init__(self, folder: Path) -> None:
        """Make its key and its own certificate, in a folder that is there and open to every user."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Authority of a test")
        self.file = folder / "authority.pem"
        certificate = _unsigned(self._name, self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        _write(self.file, certificate.sign(self._key, hashes.SHA256()).public_bytes(_PEM))

    def issue(self, folder: Path, address: str = "127.0.0.1") -> tuple[Path, Path]:
        """Write certificate and key of a server at an IP address; return their files."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        certificate = _unsigned(_named(address), self._name, key.public_key()).add_extension(
            names, critical=False
        )
        files = folder / "server.pem", folder / "server.key"
        _write(files[0], certificate.sign(self._key, hashes.SHA256()).public_bytes(_PEM))
        plain = serialization.NoEncryption()
        _write(files[1], key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, plain), mode=0o600)
        return files


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _unsigned(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = SystemClock().now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _DAY)
    )


def _write(file: Path, content: bytes, mode: int = 0o644) -> None:
    file.touch(mode)
    file.write_bytes(content)
