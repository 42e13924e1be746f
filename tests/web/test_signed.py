"""Which requests are believed."""

import hmac
from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict

from bot.signed import GHOST, SIGNATURE, TIMESTAMP, WINDOW, sign, why_not

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
SECRET = "a secret that nobody guesses"
BODY = '{"title": "Für Elise"}'.encode()


def ours(at: datetime = NOW, secret: str = SECRET, body: bytes = BODY) -> CIMultiDict[str]:
    """Headers as a script would send them."""
    timestamp = int(at.timestamp())
    return CIMultiDict({TIMESTAMP: str(timestamp), SIGNATURE: sign(body, secret=secret, timestamp=timestamp)})


def ghosts(at: datetime = NOW, secret: str = SECRET) -> CIMultiDict[str]:
    """Headers as Ghost sends them."""
    stamp = str(int(at.timestamp() * 1000))
    mac = hmac.new(secret.encode(), BODY + stamp.encode(), "sha256").hexdigest()
    return CIMultiDict({GHOST: f"sha256={mac}, t={stamp}"})


def reason(headers: CIMultiDict[str], body: bytes = BODY) -> str | None:
    """Why it is not believed."""
    return why_not(headers, body, secret=SECRET, now=NOW)


def test_what_is_signed_is_believed() -> None:
    """Our own form, that of a plugin that signs alike, and Ghost's, with headers and digits in any case."""
    assert reason(ours()) is None
    assert reason(CIMultiDict({name.lower(): value for name, value in ours().items()})) is None
    assert reason(CIMultiDict({name.replace("Handbill", "SOW"): value for name, value in ours().items()})) is None
    assert reason(ghosts()) is None
    headers = ours()
    headers[SIGNATURE] = "sha256=" + headers[SIGNATURE].removeprefix("sha256=").upper()
    assert reason(headers) is None


def test_the_documented_formula() -> None:
    """The signature is HMAC-SHA256 of the timestamp, a full stop and the body."""
    mac = hmac.new(SECRET.encode(), b"1764158400." + BODY, "sha256").hexdigest()
    assert f"sha256={mac}" == sign(BODY, secret=SECRET, timestamp=1764158400)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "not signed"),
        ({TIMESTAMP: "1764158400"}, "signature is not written"),
        ({SIGNATURE: "sha256=" + "0" * 64}, "timestamp is not a number"),
        ({SIGNATURE: "sha256=" + "0" * 64, TIMESTAMP: "now"}, "timestamp is not a number"),
        ({SIGNATURE: "sha256=" + "0" * 64, TIMESTAMP: "1764158400"}, "not that of"),
        ({SIGNATURE: "sha1=" + "0" * 40, TIMESTAMP: "1764158400"}, "signature is not written"),
        ({SIGNATURE: "sha256=" + "٣" * 64, TIMESTAMP: "1764158400"}, "signature is not written"),
        ({SIGNATURE: "sha256=" + "0" * 64, TIMESTAMP: "١٧٦٤"}, "timestamp is not a number"),
        ({GHOST: ""}, "as Ghost writes it"),
        ({GHOST: "sha256=" + "0" * 64}, "as Ghost writes it"),
        ({GHOST: "sha256=" + "0" * 64 + ", t=1"}, "not that of"),
    ],
)
def test_what_is_not_believed(headers: dict[str, str], said: str) -> None:
    """Whatever is missing or misspelt is told in a sentence."""
    assert said in (reason(CIMultiDict(headers)) or "")


def test_another_secret_or_another_body_is_not_believed() -> None:
    """Every byte counts."""
    assert "not that of" in (reason(ours(secret="another secret that is long")) or "")
    assert "not that of" in (reason(ours(), BODY + b" ") or "")
    assert "not that of" in (reason(ghosts(secret="another secret that is long")) or "")


@pytest.mark.parametrize("headers", [ours, ghosts])
@pytest.mark.parametrize("seconds", [-WINDOW, -1, 0, 1, WINDOW])
def test_clocks_may_be_off(headers: object, seconds: float) -> None:
    """Within five minutes, both ways."""
    assert callable(headers)
    assert reason(headers(NOW + timedelta(seconds=seconds))) is None


@pytest.mark.parametrize("headers", [ours, ghosts])
@pytest.mark.parametrize(("seconds", "said"), [(-WINDOW - 1, "301 seconds before"), (WINDOW + 1, "301 seconds ahead")])
def test_an_old_request_is_not_believed(headers: object, seconds: float, said: str) -> None:
    """What was written down on the way cannot be sent again later."""
    assert callable(headers)
    assert said in (reason(headers(NOW + timedelta(seconds=seconds))) or "")
