"""An authority of our own, the certificates that it gives, and TLS in front of a server on this machine."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class Authority:
    """Gives certificates for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Authority of the tests")
        basic = x509.BasicConstraints(ca=True, path_length=0)
        built = self._begun(self._name, self._key, datetime.now(UTC) + 365 * DAY).add_extension(basic, critical=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(built.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _begun(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime) -> x509.CertificateBuilder:
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(until - 400 * DAY)
            .not_valid_after(until)
            .add_extension(identifier, critical=False)
            .add_extension(issuer, critical=False)
        )

    def give(self, context: ssl.SSLContext, *, valid_for: timedelta) -> None:
        """Let a server show a certificate that is valid for so long from now on; less than nothing: it has expired."""
        key, until = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC) + valid_for
        place = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        built = self._begun(_named("127.0.0.1"), key, until).add_extension(place, critical=False)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = self._folder / f"{key.public_key().public_numbers().x:x}.pem"
        file.write_bytes(secret + built.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(file)

    def trusted(self) -> ssl.SSLContext:
        """What a client that trusts us goes by."""
        return ssl.create_default_context(cafile=str(self.file))


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@asynccontextmanager
async def in_front_of(port: int, context: ssl.SSLContext) -> AsyncIterator[str]:
    """The https address of what listens at `port` on this machine without TLS."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, beyond = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pipe(reader, beyond), _pipe(behind, writer))

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    writer.close()
