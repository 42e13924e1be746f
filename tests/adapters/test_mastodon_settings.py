"""The settings of a Mastodon channel."""

import pytest
from pydantic import ValidationError

from adapters.mastodon import MastodonSettings

TOKEN = "k3Y-of-the-account-0123456789abcdef"


def settings_of(**values: object) -> MastodonSettings:
    """Settings with these values, and what else is needed."""
    return MastodonSettings.model_validate({"server": "mastodon.example", "token": TOKEN, **values})


def test_defaults() -> None:
    """A server and a token will do."""
    settings = settings_of()
    assert (settings.server, settings.visibility, settings.language) == ("https://mastodon.example", "public", None)
    assert (settings.label, settings.loopback) == ("mastodon.example", False)
    assert settings_of(server="http://127.0.0.1:3000").loopback


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"server": "http://mastodon.example"}, "write https://mastodon.example"),
        ({"visibility": "direct"}, "public"),
        ({"language": "en glish"}, "write its code of two or three letters, e.g. en"),
        ({"tokn": "x"}, "Extra inputs are not permitted"),
    ],
)
def test_mistakes(values: dict[str, object], sentence: str) -> None:
    """A mistake is told with its mend."""
    with pytest.raises(ValidationError, match=sentence):
        settings_of(**values)


@pytest.mark.parametrize("token", ["", "two words of it", "line\nbreak", "schlüssel"])
def test_a_token_that_no_header_takes(token: str) -> None:
    """A damaged token is refused at once, without being repeated; `requests` would repeat it in its error."""
    with pytest.raises(ValidationError, match="copy it once more") as caught:
        settings_of(token=token)
    assert not token or token not in str(caught.value)


def test_the_token_is_not_shown() -> None:
    """Neither the settings nor their dump show the token."""
    settings = settings_of(token=f"  {TOKEN}\n")
    assert TOKEN not in f"{settings} {settings!r} {settings.model_dump()}"
    assert TOKEN == settings.token.get_secret_value()


def test_every_setting_is_described() -> None:
    """Each setting has its line of help for .env.example."""
    assert all(field.description for field in MastodonSettings.model_fields.values())
