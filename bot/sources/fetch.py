"""The one door to the web that sources live in. Everything behind it is hostile.

What it holds to: every connection is vetted by the address that the socket really connects to, so neither a name that
resolves to this machine nor a redirect gets through; there is a limit to everything (time, body, headers, redirects);
nothing is remembered between requests but open connections.
"""

import asyncio
import base64
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from weakref import WeakValueDictionary

import aiohttp
from aiohttp import ClientResponse, ClientSession, TCPConnector
from yarl import URL

from bot.doors import Fetched, FetchFailed
from bot.links import absolute, clean_link
from bot.sources.addresses import Network, may_connect
from bot.sources.headers import content_type, fresh_for, links, retry_after, validator

MAX_REDIRECTS = 5
MAX_HEADER = 8_190
"""Bytes of one header line."""
MAX_HEADERS = 128
MAX_CONNECTIONS = 100
"""At a time, over all sites: more than the looks that may go on (`bot.watching`): none waits for one that hangs."""
KEEP_FOR = 3.0
"""Seconds for which a connection that is not in use is kept: a site's next page follows at once, or not for long. With
a hundred sites a second, more would use up a process's files."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEP_THE_FORM = frozenset({307, 308})
_PERMANENT = frozenset({301, 308})
_NOT_PUBLIC = "is not a public address"

_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})

_REFUSALS = {
    401: ("asks for a name and a password (401)", "Put them into the address, or ask the publisher for access."),
    403: ("refuses us (403)", "Ask the publisher to let this user agent read it."),
    404: ("does not exist (404)", "Check the address in a browser."),
    406: ("has nothing that we accept (406)", ""),
    410: ("is gone for good (410)", "Remove this source, or give its new address."),
    429: ("asks us to come back later (429)", ""),
    451: ("is blocked for legal reasons (451)", ""),
}


class NotPublic(OSError):
    """A connection that is not allowed. Its text goes through the client library's own error into `FetchFailed`."""


class AiohttpWeb:
    """The door in production: `bot.doors.Web` over aiohttp. One for all sources; `close` it at the end."""

    def __init__(
        self,
        user_agent: str,
        *,
        now: Callable[[], datetime],
        allow_networks: Sequence[Network] = (),
        total_for: float = 30.0,
        proxy: str | None = None,
        ca_file: Path | None = None,
    ) -> None:
        """`allow_networks` may be connected to although they are not public; `total_for` seconds end any fetch.

        Through a `proxy`, it is the proxy that resolves names and decides what may be connected to. The certificates in
        `ca_file` are trusted beside the system's own.
        """
        self._user_agent = user_agent
        self._now = now
        self._allowed = tuple(allow_networks)
        self._proxy = proxy
        self._ca_file = ca_file
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Host → whose turn it is: a site has one connection of ours at a time."""
        self._total_for = total_for
        self._session: ClientSession | None = None

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "*/*",
        max_bytes: int = 10 * 2**20,
    ) -> Fetched:
        """Fetch `url`, conditionally where validators are given. Raises FetchFailed."""
        headers = {"Accept": accept}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        turn = self._turns.setdefault(_host(url), asyncio.Lock())
        try:
            async with turn, asyncio.timeout(self._total_for):  # its time begins with its turn
                return await self._follow(url, headers, max_bytes)
        except TimeoutError:
            raise FetchFailed(f"{_shown(url)} gave no whole answer within {self._total_for:g} seconds.") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failed(url, error) from None

    async def post_form(self, url: str, form: Mapping[str, str]) -> None:
        """Send a form that is accepted (2xx), where the redirects that keep it a form lead. Raises FetchFailed."""
        try:
            async with asyncio.timeout(self._total_for):
                await self._submit(url, form)
        except TimeoutError:
            raise FetchFailed(f"{_shown(url)} gave no answer within {self._total_for:g} seconds.") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failed(url, error) from None

    async def _submit(self, url: str, form: Mapping[str, str]) -> None:
        address = clean_link(url)
        for _ in range(MAX_REDIRECTS + 1):
            if address is None:
                raise FetchFailed(f"{_shown(url)} is not a web address.")
            target = URL(address.partition("#")[0], encoded=True)
            self._check_literal(target)
            session = self._opened()
            async with session.post(target, data=form, allow_redirects=False, proxy=self._proxy) as response:
                if response.status not in _KEEP_THE_FORM:
                    if response.status // 100 != 2:  # noqa: PLR2004 - success
                        said = " ".join((await _start(response)).split())[:200]
                        raise FetchFailed(
                            f"{_shown(url)} answers with status {response.status}: {said or 'nothing else'}.",
                            status=response.status,
                            retry_after=retry_after(response.headers, self._now()),
                        )
                    return
                address = _redirected(response, address)
        raise FetchFailed(f"{_shown(url)} redirects more than {MAX_REDIRECTS} times.")

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _follow(self, url: str, headers: dict[str, str], max_bytes: int) -> Fetched:
        address = clean_link(url)
        if address is None:
            raise FetchFailed(f"{_shown(url)} is not a web address.", mend="It has to begin with https:// or http://.")
        origin, credentials = URL(address, encoded=True).origin(), _credentials(url)
        permanent = True
        for hops in range(MAX_REDIRECTS + 1):
            target = URL(address.partition("#")[0], encoded=True)
            own = {**headers, **credentials} if target.origin() == origin else headers
            self._check_literal(target)
            session = self._opened()
            async with session.get(target, headers=own, allow_redirects=False, proxy=self._proxy) as response:
                if response.status not in _REDIRECTS:
                    moved = address if hops and permanent else None
                    return await self._read(response, address, moved, max_bytes)
                permanent = permanent and response.status in _PERMANENT
                address = _redirected(response, address)
        raise FetchFailed(f"{_shown(url)} redirects more than {MAX_REDIRECTS} times.", mend="Check it in a browser.")

    async def _read(self, response: ClientResponse, url: str, moved_to: str | None, max_bytes: int) -> Fetched:
        conditional = {"If-None-Match", "If-Modified-Since"} & response.request_info.headers.keys()
        if response.status == 304 and conditional:  # noqa: PLR2004 - Not Modified
            changed, body = False, b""
        else:
            self._check_status(response, url)
            changed, body = True, await _body(response, url, max_bytes)
        media_type, charset = content_type(response.headers)
        return Fetched(
            url=url,
            changed=changed,
            body=body,
            content_type=media_type,
            charset=charset,
            etag=validator(response.headers, "ETag"),
            last_modified=validator(response.headers, "Last-Modified"),
            fresh_for=fresh_for(response.headers),
            links=links(response.headers.getall("Link", []), url),
            moved_to=moved_to,
        )

    def _check_status(self, response: ClientResponse, url: str) -> None:
        status = response.status
        if status in (200, 203):
            return
        wait = retry_after(response.headers, self._now()) if status in (429, 503) else None
        what, mend = _REFUSALS.get(status, (f"answers with status {status}", ""))
        if status >= 500:  # noqa: PLR2004 - a server's own fault
            what, mend = f"has trouble of its own ({status})", ""
        if response.headers.get("cf-mitigated") == "challenge":
            what = f"asks for a proof of being human ({status})"
            mend = "Ask the publisher to exempt the feed from its bot protection."
        raise FetchFailed(f"{_shown(url)} {what}.", status=status, retry_after=wait, mend=mend)

    def _opened(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(
                    socket_factory=self._vetted_socket,
                    resolver=aiohttp.ThreadedResolver(),
                    limit=MAX_CONNECTIONS,
                    keepalive_timeout=KEEP_FOR,
                    limit_per_host=0 if self._proxy else 1,  # all that goes through a proxy goes to one host
                    ssl=self._trusted(),
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"User-Agent": self._user_agent, "Accept-Encoding": "gzip, deflate"},
                max_line_size=MAX_HEADER,
                max_field_size=MAX_HEADER,
                max_headers=MAX_HEADERS,
                trust_env=False,
            )
        return self._session

    def _trusted(self) -> ssl.SSLContext | bool:
        """Whose certificates are believed."""
        if self._ca_file is None:
            return True
        context = ssl.create_default_context()
        context.load_verify_locations(self._ca_file)
        return context

    def _check_literal(self, target: URL) -> None:
        """Behind a proxy our sockets see the proxy only: an address that is written as a number is checked here."""
        if (
            self._proxy is not None
            and _is_number(target.host or "")
            and not may_connect(target.host or "", self._allowed)
        ):
            raise NotPublic(f"{target.host} {_NOT_PUBLIC}")

    def _vetted_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """The choke point: called with the final address of every connection, whatever led to it."""
        family, kind, protocol, _, address = info
        if self._proxy is None and not may_connect(address[0], self._allowed):
            raise NotPublic(f"{address[0]} {_NOT_PUBLIC}")
        return socket.socket(family, kind, protocol)


def _host(url: str) -> str:
    """Whom a fetch of `url` keeps busy."""
    address = clean_link(url)
    return "" if address is None else URL(address, encoded=True).raw_authority


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _body(response: ClientResponse, url: str, max_bytes: int) -> bytes:
    """The decompressed body; reading stops where it grows too large."""
    if response.headers.get("Content-Encoding", "").strip().lower() not in _ENCODINGS:
        raise FetchFailed(f"{_shown(url)} is compressed in a way that was not asked for.")
    body = bytearray()
    if response.content_length is None or response.content_length <= max_bytes:
        async for chunk in response.content.iter_chunked(2**16):
            body += chunk
            if len(body) > max_bytes:
                break
        else:
            return bytes(body)
    response.close()
    raise FetchFailed(f"{_shown(url)} is larger than {max_bytes / 2**20:g} MiB.")


async def _start(response: ClientResponse) -> str:
    """What an answer begins with, as text."""
    return (await response.content.read(2_000)).decode("utf-8", "replace")


def _redirected(response: ClientResponse, address: str) -> str:
    location = response.headers.get("Location", "")
    target = absolute(address, location) if location else None
    if target is None:
        raise FetchFailed(f"{_shown(address)} redirects to nowhere that we could go.", status=response.status)
    return target


def _credentials(url: str) -> dict[str, str]:
    """The name and password that an address may carry, as a header."""
    parts = URL(url.strip(), encoded=True)
    if not parts.raw_user and not parts.raw_password:
        return {}
    pair = f"{unquote(parts.raw_user or '')}:{unquote(parts.raw_password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _failed(url: str, error: Exception) -> FetchFailed:
    """A sentence for what went wrong below HTTP."""
    shown = _shown(url)
    refused = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if _NOT_PUBLIC in str(refused):
        return FetchFailed(
            f"{shown} leads to an address that is not public, so nothing was sent there.",
            mend="If that is meant, add its network to HANDBILL_FETCH__ALLOW_NETWORKS.",
        )
    if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError):
        return FetchFailed(
            f"The proxy would not fetch {shown}, or cannot be reached.", mend="Check HANDBILL_FETCH__PROXY."
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return FetchFailed(f"The host name of {shown} cannot be resolved.", mend="Check the address and the network.")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.CertificateError):
        return FetchFailed(f"The certificate of {shown} is not valid.", mend="The publisher has to renew it.")
    if isinstance(error, aiohttp.ClientSSLError):
        return FetchFailed(f"No encrypted connection to {shown} could be made.")
    if isinstance(error, aiohttp.ClientConnectorError):
        return FetchFailed(f"{shown} cannot be reached: {error.os_error.strerror or 'no connection'}.")
    if isinstance(error, aiohttp.ClientResponseError):
        return FetchFailed(f"{shown} does not answer in proper HTTP, or its headers are too large.")
    if isinstance(error, aiohttp.ClientPayloadError):
        return FetchFailed(f"The answer of {shown} broke off or is badly compressed.")
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return FetchFailed(f"{shown} is not a web address.")
    return FetchFailed(f"The connection to {shown} broke off.")


def _shown(url: str) -> str:
    """`url` for people: without user, password, parameters and fragment, any of which may be secret."""
    address = clean_link(url)
    if address is None:
        return "The address"
    return address.partition("#")[0].partition("?")[0][:300]
