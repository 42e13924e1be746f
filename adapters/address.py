"""Addresses of servers, as an operator writes them: a host name or a URL; plain http only near by."""

import ipaddress

import ada_url

LOOPBACK_NAME = "localhost"


def server_url(text: str) -> str:
    """`text` as a URL without a trailing slash; https unless it says otherwise.

    Scheme, port and path are kept. Plain http is taken for loopback, private addresses and names without a dot (a
    neighbour in a private network). Raises ValueError with a sentence that says what to write instead.
    """
    text = text.strip()
    if not text or any(letter.isspace() or letter == "\\" for letter in text):
        raise ValueError(_sentence_for_junk(text))
    try:
        url = ada_url.URL(text if "://" in text else f"https://{text}")
    except ValueError:
        raise ValueError(_sentence_for_junk(text)) from None
    if url.username or url.password:
        raise ValueError("the address holds a user name or password: write it without them, credentials go elsewhere")
    if url.protocol not in ("https:", "http:"):
        raise ValueError(f"{text!r} is neither https nor http: write the address as https://{url.host or '…'}")
    if url.search or url.hash or text[-1] in "?#":
        raise ValueError(f"the address has a query or fragment: write it as {url.origin}{url.pathname}")
    if url.protocol == "http:" and not _is_near(url.hostname):
        raise ValueError(f"{text!r} is plain http to a public server: write https://{url.host}{url.pathname}")
    return f"{url.origin}{url.pathname}".rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether `url` names this very machine."""
    try:
        host = ada_url.URL(url).hostname
    except ValueError:
        return False
    address = _address(host)
    return address.is_loopback if address else _is_loopback_name(host)


def host_of(url: str) -> str:
    """Host and port of `url`, for people: "mastodon.example", "127.0.0.1:8080"."""
    return str(ada_url.URL(url).host)


def _sentence_for_junk(text: str) -> str:
    if "@" in text:  # what stands before it may be a password: it is not repeated
        return "the address is not one of a server: write a host name or an address, e.g. https://server.example"
    return f"{text!r} is not a server: write a host name or an address, e.g. https://server.example"


def _is_near(host: str) -> bool:
    address = _address(host)
    if address:
        return address.is_loopback or address.is_private or address.is_link_local
    return _is_loopback_name(host) or "." not in host.rstrip(".")


def _is_loopback_name(host: str) -> bool:
    # The whole of .localhost is loopback: https://www.rfc-editor.org/rfc/rfc6761#section-6.3
    name = host.rstrip(".").lower()
    return name == LOOPBACK_NAME or name.endswith(f".{LOOPBACK_NAME}")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
