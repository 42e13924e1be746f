"""How an operator may write a server's address."""

import pytest

from adapters.address import host_of, is_loopback, server_url

KEPT = [
    ("mastodon.example", "https://mastodon.example"),
    (" mastodon.example ", "https://mastodon.example"),
    ("mastodon.example/", "https://mastodon.example"),
    ("mastodon.example:3000", "https://mastodon.example:3000"),
    ("https://Example.ORG/Social/", "https://example.org/Social"),
    ("https://bücher.example", "https://xn--bcher-kva.example"),
    ("http://127.0.0.1:8081/bot", "http://127.0.0.1:8081/bot"),
    ("http://127.9.9.9", "http://127.9.9.9"),
    ("http://[::1]:8081/bot/", "http://[::1]:8081/bot"),
    ("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]"),
    ("http://10.1.2.3", "http://10.1.2.3"),
    ("http://192.168.1.5:8080", "http://192.168.1.5:8080"),
    ("http://localhost:3000", "http://localhost:3000"),
    ("http://pds.localhost:2583", "http://pds.localhost:2583"),
    ("http://telegram-bot-api:8081/bot", "http://telegram-bot-api:8081/bot"),
]

REFUSED = [
    ("", "host name"),
    ("http://", "host name"),
    ("https://exa mple.org", "host name"),
    ("javascript:alert(1)", "host name"),
    ("ftp://files.example", "https"),
    ("http://mastodon.example/x", "https://mastodon.example/x"),
    ("http://8.8.8.8", "https://8.8.8.8"),
    ("http://0x08080808/", "https://8.8.8.8/"),
    ("https://mastodon.example/?a=1", "https://mastodon.example/"),
    ("https://mastodon.example/#top", "https://mastodon.example/"),
]


@pytest.mark.parametrize(("text", "url"), KEPT)
def test_what_is_kept(text: str, url: str) -> None:
    """Scheme, port and path are kept, https is assumed, a trailing slash goes."""
    assert url == server_url(text)


@pytest.mark.parametrize("text", [text for text, _ in KEPT])
def test_writing_it_out_again_changes_nothing(text: str) -> None:
    """An address that was read once reads the same ever after."""
    assert server_url(text) == server_url(server_url(text))


@pytest.mark.parametrize(("text", "mend"), REFUSED)
def test_what_is_refused(text: str, mend: str) -> None:
    """Anything else is refused with one sentence that says what to write."""
    with pytest.raises(ValueError, match=r"^[^\n]+: write [^\n]+$") as refusal:
        server_url(text)
    assert mend in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    ["https://me:hunter2@server.example", "me:hunter2@server.example", "http://me:hunter2@ba d", "x://y:hunter2@"],
)
def test_a_password_is_not_repeated(text: str) -> None:
    """A password that was pasted into an address is refused and does not show in the sentence."""
    with pytest.raises(ValueError, match="write") as refusal:
        server_url(text)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1", True),
        ("http://127.8.0.1", True),
        ("https://[::1]:443/x", True),
        ("http://[::ffff:127.0.0.1]", True),
        ("http://localhost:8080/bot", True),
        ("https://a.b.localhost", True),
        ("http://10.0.0.1", False),
        ("https://localhost.example", False),
        ("http://neighbour", False),
        ("rubbish", False),
    ],
)
def test_loopback(url: str, *, expected: bool) -> None:
    """Loopback is this machine only, not the private network around it."""
    assert expected is is_loopback(url)


def test_host_for_people() -> None:
    """A server is named by host and port."""
    assert host_of("http://127.0.0.1:8081/bot") == "127.0.0.1:8081"
