"""The words of an article stay words: whatever stands beside a sign, Telegram's own parser finds nothing in them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sandbox.telegram_parsers import best_parser
from adapters.unmarked import JOINER, without_entities

PARSER = best_parser()
EVERY_CHARACTER = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000]

_SIGNS = st.sampled_from(
    [
        *("/", "//", ":", "://", "@", "#", "＃", "$", ".", "..", "-", "_", "~", "<", ">", "(", ")", "[", "]", "'", '"'),
        *(",", ";", "!", "?", "&", "=", "%", "+", "*", "|", "\\", " ", "\n", "\u00a0", "\u2060", "\u200b", "\u200d"),
        *("\ufe0f", "\u20e3", "\u030a", "\u0301", "·", "…", "—", "»", "。", "、"),
    ]
)
_WORDS = st.sampled_from(
    [
        *("0", "12", "٣", "192.168.0.1", "4111 1111", "-4", "4111111111111111", "5500-0000", "+16502530000"),
        *("a", "abcde", "é", "я", "橋", "क्षि", "🌉", "1\ufe0f\u20e3", "start", "name", "bot", "AAPL", "1INCH", "share"),
        *("com", "net", "рф", "भारत", "xn--p1ai", "museum", "co.uk", "t.me", "example", "localhost", "user:pass"),
        *("http", "https", "ftp", "tg", "ton", "tonsite", "mailto", "tel", "www"),
    ]
)
TEXTS = st.lists(_SIGNS | _WORDS | st.text(max_size=2), min_size=1, max_size=14).map("".join)


def found_in(text: str) -> list[tuple[str, str]]:
    """What Telegram finds in `text` once it was made plain, with the text that it looked at."""
    plain = without_entities(text)
    return [(entity["type"], plain) for entity in PARSER.find(plain)]


def test_it_is_telegrams_own_parser() -> None:
    """With the plain one, which finds hardly anything, the tests below would say little."""
    assert PARSER.name == "tdjson"


@pytest.mark.parametrize(
    "text",
    [
        *("Open at :/0", "and/or /start", "say /start@name_bot", "</start", "(/help)"),
        *("×.com", "🌉.com", "~.com", "é.भारत", "пример.рф", "example.com", "a@example.com", "user@[192.168.0.1]"),
        *("1.92.168.0.1", "1.1.1.1.1.1", "192.168.0.1", "127.0.0.1:80/a"),
        *("4111111111111111", "4111 1111 1111 1111", "4111111111111111٣192.168.0.1", "4111-1111-1111-1111-1"),
        *("@name", "#tag", "＃tag", "$AAPL", "https://example.com/a", "tg://resolve?domain=abcde", "http://a.b"),
    ],
)
def test_what_looks_like_more_stays_plain(text: str) -> None:
    """No command, address, e-mail, card number, name, tag or share: and a reader sees the very words."""
    assert [] == found_in(text)
    assert text == without_entities(text).replace(JOINER, "")


@given(TEXTS)
def test_whatever_signs_come_together(text: str) -> None:
    """Nothing is found in any mixture of signs and words, and nothing but the joiner is added."""
    assert [] == found_in(text)
    assert text.replace(JOINER, "") == without_entities(text).replace(JOINER, "")


@pytest.mark.slow
@settings(max_examples=20_000)
@given(TEXTS)
def test_whatever_signs_come_together_again_and_again(text: str) -> None:
    """The same with many more mixtures."""
    assert [] == found_in(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "form",
    [
        *("{}/start", "/{}a", "x/{}0", "{}:/0", "{}@name", "@{}abcde", "a{}@example.com", "a@{}example.com"),
        *("#{}", "#a{}", "{}#abc", "${}AB", "{}$AB", "example{}.com", "example.{}com", "example.com{}", "a.{}рф"),
        *("{}192.168.0.1", "1{}92.168.0.1", "192.168.0{}.1", "{}4111111111111111", "4111{}1111 1111 1111"),
        *("http:{}//example.com", "tg:{}//resolve?domain=abc"),
    ],
)
def test_every_character_beside_a_sign(form: str) -> None:
    """Whatever character of Unicode stands at `{}`: Telegram's tables of letters are not Python's."""
    for start in range(0, len(EVERY_CHARACTER), 400):
        some = EVERY_CHARACTER[start : start + 400]
        together = " \n".join(without_entities(form.replace("{}", each)) for each in some)
        if PARSER.find(together):  # the one that does it, if they do not only do it together
            assert [] == [found for each in some for found in found_in(form.replace("{}", each))]
