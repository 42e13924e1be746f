"""Tags of languages, as feeds, pages and operators write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.language import language_of
from adapters.sandbox.bluesky_syntax import is_language


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("de_AT", "de-AT"),
        (" EN-us ", "en-US"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("zh-cmn-hans", "zh-Hans"),
        ("zh-yue-HK", "yue-HK"),
        ("es-419", "es-419"),
        ("de-CH-1996", "de-CH-1996"),
        ("de_DE.UTF-8", "de-DE"),
        ("sr_RS@latin", "sr-RS"),
        ("en-US-u-hc-h12", "en-US"),
        ("en-x-twain", "en"),
        ("iw-IL", "he-IL"),
    ],
)
def test_a_tag_in_its_usual_spelling(written: str, tag: str) -> None:
    """What names a language is read, however it is spelled."""
    language = language_of(written)
    assert language is not None
    assert tag == language.tag


@pytest.mark.parametrize("written", [None, "", "  ", "und", "mul-DE", "zxx"])
def test_a_tag_that_names_no_language(written: str | None) -> None:
    """That none is told is no mistake."""
    assert language_of(written) is None


@pytest.mark.parametrize(
    "written", ["english", "x-default", "i-klingon", "d", "de-", "de--AT", "de-1996-1996", "1", "日本語"]
)
def test_what_is_no_tag(written: str) -> None:
    """Nonsense is told as such, with what was written."""
    with pytest.raises(ValueError, match="is not a language: write it like de or pt-BR") as caught:
        language_of(written)
    assert repr(written) in str(caught.value)


@settings(max_examples=60)
@given(st.text("deENzhHant-_.@x4191a", max_size=16))
def test_what_is_read_is_what_servers_take(written: str) -> None:
    """Whatever is read as a language is spelled as the AT Protocol checks it, and reads the same again."""
    try:
        language = language_of(written)
    except ValueError:
        return
    assert language is None or (is_language(language.tag) and language_of(language.tag) == language)
