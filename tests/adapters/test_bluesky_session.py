"""Sessions as values, and the settings of an account."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.bluesky import BlueskySettings
from adapters.bluesky.session import Refusal, Session, home_of, read_kept

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def token(**claims: Any) -> str:
    """A JWT with these claims, as far as a client can tell."""
    parts = ({"alg": "HS256"}, claims)
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "x"]
    )


def session(access: str) -> Session:
    """A session obtained at NOW."""
    return Session("did:plc:a", "news.example", access, "refresh", "https://pds.example", NOW)


ISSUED = int(NOW.timestamp())


@pytest.mark.parametrize("off_by", [-86_400, 0, 86_400])
def test_a_wrong_clock_does_not_spoil_a_session(off_by: int) -> None:
    """The lifetime counts from when we got the token: a server whose clock is a day off changes nothing."""
    held = session(token(iat=ISSUED + off_by, exp=ISSUED + off_by + 7200))
    assert held.good_at(NOW + timedelta(minutes=118))
    assert not held.good_at(NOW + timedelta(minutes=119))


def test_a_token_that_says_less_is_believed() -> None:
    """Without its time of issue a token is good until it expires; an opaque one until it is refused."""
    assert session(token(exp=ISSUED + 7200)).good_at(NOW + timedelta(minutes=118))
    assert not session(token(exp=ISSUED + 7200)).good_at(NOW + timedelta(minutes=119))
    assert session("opaque").good_at(NOW + timedelta(days=1))
    assert session("a.b.c").good_at(NOW)
    assert session(token()).good_at(NOW)


def test_a_main_password_is_recognised() -> None:
    """The token's scope tells an app password from the main one."""
    assert session(token(scope="com.atproto.access")).by_main_password
    assert not session(token(scope="com.atproto.appPass")).by_main_password


def test_what_is_kept_is_read_back() -> None:
    """A session and a refusal come back as they were; anything else is as good as nothing."""
    refusal = Refusal("AuthenticationRequired", 3, NOW)
    assert session("a") == read_kept(session("a").to_json())
    assert refusal == read_kept(refusal.to_json())
    for junk in (
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"did": 1}',
        b'{"refused": "x"}',
        b'{"refused": "x", "times": 1, "at": 5}',
    ):
        assert read_kept(junk) is None


@given(st.integers(1, 1000))
def test_refusals_wait_longer_and_longer(times: int) -> None:
    """The wait doubles from 15 minutes to 4 hours and stays there."""
    waited = Refusal("AuthenticationRequired", times, NOW).until - NOW
    assert min(timedelta(minutes=15) * 2 ** min(times - 1, 9), timedelta(hours=4)) == waited


@pytest.mark.parametrize(
    ("server", "given_by_the_server", "home"),
    [
        ("https://bsky.social", "https://morel.us-east.host.bsky.network", "https://morel.us-east.host.bsky.network"),
        ("https://bsky.social", "http://morel.us-east.host.bsky.network", "https://bsky.social"),
        ("https://bsky.social", "http://127.0.0.1:2583", "https://bsky.social"),
        ("https://bsky.social", "https://localhost", "https://bsky.social"),
        ("https://bsky.social", "http://10.0.0.1", "https://bsky.social"),
        ("https://bsky.social", "https://user:secret@pds.example", "https://bsky.social"),
        ("https://bsky.social", "junk junk", "https://bsky.social"),
        ("https://bsky.social", None, "https://bsky.social"),
        ("http://127.0.0.1:9000", "http://localhost:2583", "http://localhost:2583"),
        ("http://127.0.0.1:9000", "https://morel.us-east.host.bsky.network", "http://127.0.0.1:9000"),
    ],
)
def test_tokens_go_only_where_they_are_safe(server: str, given_by_the_server: str | None, home: str) -> None:
    """The account's own server is believed where it is as safe as the one we asked."""
    assert home == home_of(server, given_by_the_server)


@pytest.mark.parametrize(
    ("written", "handle", "label"),
    [
        ("@News.Example.com ", "news.example.com", "@news.example.com"),
        ("name.bsky.social", "name.bsky.social", "@name.bsky.social"),
        ("did:plc:ewvi7nxzyoun6zhxrhs64oiz", "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "did:plc:ewvi7nxzyoun6zhxrhs64oiz"),
    ],
)
def test_a_handle_is_taken_as_people_write_it(written: str, handle: str, label: str) -> None:
    """With or without the at sign, in any case; a DID is an account's name, too."""
    settings = BlueskySettings.model_validate({"handle": written, "app_password": " abcd-efgh "})
    assert (handle, label) == (settings.handle, settings.label)
    assert (settings.server, settings.loopback) == ("https://bsky.social", False)
    assert settings.app_password.get_secret_value() == "abcd-efgh"
    assert BlueskySettings.model_validate({**settings.model_dump(), "server": "http://127.0.0.1:1"}).loopback


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("handle", "news"),
        ("handle", "me@example.com"),
        ("handle", "https://bsky.app/profile/a.b"),
        ("handle", ""),
        ("app_password", "  "),
        ("server", "http://pds.example"),
        ("app_pasword", "x"),
    ],
)
def test_a_mistake_in_the_settings_is_one_sentence(field: str, value: str) -> None:
    """Every mistake names its key and is told without the password."""
    fields = {"handle": "news.example.com", "app_password": "abcd-efgh-ijkl", field: value}
    with pytest.raises(ValidationError) as raised:
        BlueskySettings.model_validate(fields)
    (error,) = raised.value.errors()
    assert (field,) == error["loc"]
    assert "abcd-efgh-ijkl" not in str(raised.value)


def test_every_setting_is_described() -> None:
    """The help in the example settings comes from the model."""
    assert all(field.description for field in BlueskySettings.model_fields.values())
