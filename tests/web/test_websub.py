"""What a subscriber decides: what hubs are asked, what they are answered, which pushes are believed."""

import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict

from bot.sources.headers import links
from bot.websub import (
    LEASE,
    LONGEST_LEASE,
    SHORTEST_LEASE,
    Denied,
    Signature,
    Standing,
    Subscription,
    Verified,
    answer,
    callback_of,
    fingerprint,
    renew_at,
    request_of,
    secret_of,
    slowed,
    was_announced,
)

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
KEY, HERE = "a key that nobody guesses", "https://handbill.example"
SUBSCRIPTION = Subscription(
    1, "herald", "https://hub.example/", "https://news.example/feed.xml", None, Standing.ASKED, NOW
)
BODY = b"<rss/>"


def test_the_request_is_as_the_specification_has_it() -> None:
    """A form with mode, topic, callback, lease and a secret of fewer than 200 bytes."""
    form = request_of(SUBSCRIPTION, public_url=HERE, key=KEY)
    assert ("subscribe", SUBSCRIPTION.topic) == (form["hub.mode"], form["hub.topic"])
    assert form["hub.callback"].startswith("https://handbill.example/websub/")
    assert 40 <= len(form["hub.callback"].rpartition("/")[2])
    assert 32 <= len(form["hub.secret"].encode()) < 200
    assert KEY not in "".join(form.values())


@pytest.mark.parametrize(
    ("hub", "told"),
    [
        ("https://hub.example/", True),
        ("http://hub.example/", False),
        ("http://127.0.0.1:8080/", True),
        ("http://127.0.0.1.hub.example/", False),
        ("http://localhost.hub.example/", False),
    ],
)
def test_a_secret_is_told_where_nobody_reads_it(hub: str, told: bool) -> None:
    """Over an encrypted line, or on this machine; else pushes come unsigned."""
    assert told == ("hub.secret" in request_of(replace(SUBSCRIPTION, hub=hub), public_url=HERE, key=KEY))


def test_addresses_and_secrets_are_each_ones_own() -> None:
    """Another key, source, hub or topic makes another address and another secret."""
    others = [
        replace(SUBSCRIPTION, identity="another"),
        replace(SUBSCRIPTION, hub="https://another.example/"),
        replace(SUBSCRIPTION, topic="https://another.example/"),
    ]
    made = [(callback_of(each, public_url=HERE, key=KEY), secret_of(each, key=KEY)) for each in (SUBSCRIPTION, *others)]
    made.append((callback_of(SUBSCRIPTION, public_url=HERE, key="k" * 20), secret_of(SUBSCRIPTION, key="k" * 20)))
    assert 10 == len({text for pair in made for text in pair})
    assert fingerprint(made[0][0]) not in made[0][0]


QUESTION = {
    "hub.mode": "subscribe",
    "hub.topic": SUBSCRIPTION.topic,
    "hub.challenge": "c" * 40,
    "hub.lease_seconds": "3600",
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, Verified("c" * 40, 3600.0)),
        ({"hub.lease_seconds": ""}, Verified("c" * 40, LEASE)),
        ({"hub.lease_seconds": "soon"}, Verified("c" * 40, LEASE)),
        ({"hub.lease_seconds": "1"}, Verified("c" * 40, SHORTEST_LEASE)),
        ({"hub.lease_seconds": "9999999999"}, Verified("c" * 40, LONGEST_LEASE)),
        ({"hub.challenge": ""}, None),
        ({"hub.challenge": "c" * 5000}, None),
        ({"hub.topic": "https://news.example/other.xml"}, None),
        ({"hub.topic": ""}, None),
        ({"hub.mode": "unsubscribe"}, None),
        ({"hub.mode": ""}, None),
        ({"hub.mode": "denied", "hub.reason": "no"}, Denied("no")),
        ({"hub.mode": "denied", "hub.topic": "https://elsewhere.example/"}, None),
    ],
)
def test_what_a_hub_is_answered(changed: dict[str, str], said: object) -> None:
    """Its challenge where we want just that; nothing where we do not."""
    assert said == answer(QUESTION | changed, SUBSCRIPTION)
    assert answer(QUESTION | changed, None) is None


def test_a_lease_is_renewed_long_before_its_end() -> None:
    """Of ten days, three are left for trying."""
    assert NOW + timedelta(days=7) == renew_at(NOW, 10 * 86_400)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_signatures(method: str) -> None:
    """All four methods are known, over the body in whatever pieces it comes; a wrong byte or method is found out."""
    mac = hmac.new(b"secret", BODY, method).hexdigest()
    signature = Signature(f"{method}={mac}", "secret")
    signature.add(BODY[:2])
    assert not signature.is_good()
    signature.add(BODY[2:])
    assert signature.is_good()
    other = "sha1" if method == "sha512" else "sha512"
    for header in (f"{other}={mac}", f"{method}={mac[:-1]}0" if mac[-1] != "0" else "", mac, f"{method}=", None, "="):
        wrong = Signature(header, "secret")
        wrong.add(BODY)
        assert not wrong.is_good(), header


@pytest.mark.parametrize("method", ["md5", "sha224", "blake2b", "shake_128", "SHA256"])
def test_other_methods_are_not_believed(method: str) -> None:
    """What the specification does not name is no signature."""
    wrong = Signature(f"{method}={hmac.new(b'secret', BODY, 'sha256').hexdigest()}", "secret")
    wrong.add(BODY)
    assert not wrong.is_good()


@pytest.mark.parametrize(
    ("every", "pushed", "lease", "wait"),
    [
        (300.0, None, 60, 300.0),
        (300.0, -60, None, 300.0),
        (300.0, -60, -1, 300.0),
        (300.0, -60, 60, 3600.0),
        (60.0, -60, 60, 720.0),
        (7200.0, -60, 60, 7200.0),
    ],
)
def test_looks_are_rarer_while_pushes_come(every: float, pushed: int | None, lease: int | None, wait: float) -> None:
    """A dozen times rarer and at least hourly, while the hub is bound to push and does."""
    at = [None if each is None else NOW + timedelta(seconds=each) for each in (pushed, lease)]
    assert wait == slowed(every, pushed_at=at[0], lease_until=at[1], now=NOW)


def test_what_a_push_has_announced() -> None:
    """What is found within two minutes of a push; never what is found before it."""
    assert [False, True, True, False] == [
        was_announced(NOW + timedelta(seconds=each), NOW) for each in (1, 0, -120, -121)
    ]
    assert not was_announced(None, NOW)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('<https://hub.example/>; rel="hub"', {"hub": "https://hub.example/"}),
        ("</feed>; rel=self, <https://hub.example/>; rel=hub", {"self": "https://a.example/feed", "hub": "https://hub.example/"}),
        ('<https://h.example/?a=1,2;b>; title="a, <b>; rel=x"; rel="next HUB"', {"hub": "https://h.example/?a=1,2;b"}),
        ("<https://1.example/>; rel=hub, <https://2.example/>; rel=hub", {"hub": "https://1.example/"}),
        ('<https://h.example/>; rel="hub"; anchor="/other"', {}),
        ("<javascript:alert(1)>; rel=hub", {}),
        ("https://hub.example/; rel=hub", {}),
        ("<" * 5000 + ";" * 5000, {}),
    ],
)  # fmt: skip
def test_link_headers(header: str, found: dict[str, str]) -> None:
    """Hub and self are read out of Link headers, however they are written."""
    assert found == links(CIMultiDict({"Link": header}).getall("Link"), "https://a.example/")
