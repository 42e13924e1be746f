"""Parameters of the links that are posted."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.bluesky.compose import shown_link
from adapters.shaping import Shaping, with_parameters
from bot.links import canonical_link

UTM = {"utm_source": "hand bill", "utm_medium": "social"}
BASE = "https://herald.example.org"


@pytest.mark.parametrize(
    ("link", "posted"),
    [
        (f"{BASE}/a", f"{BASE}/a?utm_source=hand%20bill&utm_medium=social"),
        (BASE, f"{BASE}?utm_source=hand%20bill&utm_medium=social"),
        (f"{BASE}/a?", f"{BASE}/a?utm_source=hand%20bill&utm_medium=social"),
        (f"{BASE}/a?b=1&", f"{BASE}/a?b=1&utm_source=hand%20bill&utm_medium=social"),
        (f"{BASE}/a?b=%20%26&c", f"{BASE}/a?b=%20%26&c&utm_source=hand%20bill&utm_medium=social"),
        (f"{BASE}/a#part?2", f"{BASE}/a?utm_source=hand%20bill&utm_medium=social#part?2"),
        (f"{BASE}/#!/5", f"{BASE}/?utm_source=hand%20bill&utm_medium=social#!/5"),
        (f"{BASE}/a?utm_source=own", f"{BASE}/a?utm_source=own&utm_medium=social"),
        (f"{BASE}/a?utm%5Fsource=own&utm_medium", f"{BASE}/a?utm%5Fsource=own&utm_medium"),
    ],
)
def test_the_link_that_is_posted(link: str, posted: str) -> None:
    """Parameters go to the end of the query, before the fragment; one that the publisher has set stays as it is."""
    assert posted == with_parameters(link, UTM)
    assert link == with_parameters(link, {})


@settings(max_examples=60)
@given(
    st.sampled_from(["", "/", "/a", "/a?", "/a?b=1", "/a?b=%C3%BC&&c", "/a?utm_source=x&", "/?p=1#f?g=1", "#!/a"]),
    st.dictionaries(st.from_regex(r"utm_[a-z]{1,5}", fullmatch=True), st.text(min_size=1, max_size=8), max_size=3),
)
def test_any_value_arrives_as_it_was_written(rest: str, parameters: dict[str, str]) -> None:
    """Whatever the values: the server reads them as they were set, the rest of the link is untouched, and the article
    is known by the same address as before."""
    link = BASE + rest
    posted = with_parameters(link, {name: value for name, value in parameters.items() if _is_text(value)})
    own = dict(parse_qsl(urlsplit(link).query, keep_blank_values=True))
    got = dict(parse_qsl(urlsplit(posted).query, keep_blank_values=True))
    assert {name: value for name, value in parameters.items() if _is_text(value)} | own == {**got, **own}
    assert urlsplit(link).fragment == urlsplit(posted).fragment
    assert posted.startswith(link.partition("#")[0])
    assert canonical_link(link) == canonical_link(posted)
    assert posted == with_parameters(posted, parameters)


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("utm_source=mastodon, utm_campaign=a=b", {"utm_source": "mastodon", "utm_campaign": "a=b"}),
        ({"utm_source": "köln & more", "n": 5}, {"utm_source": "köln & more", "n": "5"}),
        ("", {}),
    ],
)
def test_as_they_are_written(written: object, read: dict[str, str]) -> None:
    """A table in TOML, pairs separated by commas in the environment."""
    assert read == dict(Shaping.model_validate({"link_parameters": written}).link_parameters)


@pytest.mark.parametrize("written", ["utm_source", "utm source=x", "=x", {"a": ""}, {"a": True}, {"a": ["b"]}])
def test_mistakes(written: object) -> None:
    """What is no parameter with a value is told, with an example."""
    with pytest.raises(ValidationError, match="write it like utm_source=mastodon"):
        Shaping.model_validate({"link_parameters": written})


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"{BASE}/a?utm_source=x", "herald.example.org/a"),
        (f"{BASE}/?p=1&utm_source=x", "herald.example.org/?p=1"),
        (f"{BASE}/a?ref=own", "herald.example.org/a?ref=own"),
        (f"{BASE}/a?utm_source=x#part", "herald.example.org/a#part"),
    ],
)
def test_readers_see_the_link_without_them(address: str, shown: str) -> None:
    """Where a link is shown otherwise than it is, what only statistics need is not shown."""
    assert shown == shown_link(address, frozenset({"utm_source", "utm_medium"}))
