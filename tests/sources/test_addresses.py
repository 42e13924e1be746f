"""Which network addresses may be connected to."""

from ipaddress import ip_network

import pytest

from bot.sources.addresses import may_connect

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"]
PUBLIC += ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]

PRIVATE = [
    *("0.0.0.0", "10.0.0.1", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe"),
    *("64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1"),
    *("fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "4000::1"),
    *("", "localhost", "127.1", "0x7f000001", "256.0.0.1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    """A public address may be connected to, also in its IPv6 dress."""
    assert may_connect(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_not_public(address: str) -> None:
    """Nothing private, local, reserved, tunnelled or unreadable may be connected to."""
    assert not may_connect(address)


def test_allowed_networks() -> None:
    """An allowed network opens just itself, in either dress, and nothing of the other family."""
    allowed = [ip_network("127.0.0.1/32"), ip_network("fd00::/8")]
    assert may_connect("127.0.0.1", allowed)
    assert may_connect("::ffff:127.0.0.1", allowed)
    assert may_connect("fd00::1", allowed)
    assert not may_connect("127.0.0.2", allowed)
    assert not may_connect("10.0.0.1", allowed)
    assert not may_connect("::1", allowed)
