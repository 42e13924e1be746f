"""Which network addresses are public. An explicit list, as older Pythons' `ipaddress.is_global` misses some.

Ranges: https://www.iana.org/assignments/iana-ipv4-special-registry/ and …/iana-ipv6-special-registry/.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4 hides an IPv4 address
        "3fff::/20",
    )
)
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")  # on IPv6-only machines every IPv4 site is met under it


def may_connect(address: str, allowed: Iterable[Network] = ()) -> bool:
    """Whether `address` is public, or in one of the `allowed` networks."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    faces = [ip]
    if isinstance(ip, IPv6Address) and (ip in _MAPPED or ip in _NAT64):
        faces.append(IPv4Address(int(ip) & 0xFFFFFFFF))
    if any(face in network for network in allowed for face in faces if face.version == network.version):
        return True
    return _is_public(faces[-1])


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_4)
    return ip in _GLOBAL_6 and not any(ip in network for network in _NOT_PUBLIC_6)
