"""Words of an article that a platform would make links, tags or pings of by itself, kept as the plain words they are.

An invisible joiner (U+2060) goes after the sign that the platform looks for: it is no letter of a name, and allows no
line break. What the template itself says is left alone: there a tag is meant. Pure.
"""

import re
import unicodedata

JOINER = "\u2060"

_ADDRESS = re.compile(r"(?<=[a-z]):(?=//\S)", re.IGNORECASE)
_TAG = re.compile("(?<!\\w)[#＃][\ufe0f\u20e3]*(?=(\\S))")
"""The wide sign makes tags, too, and so does the one that is an emoji (#️⃣), of which nothing may be torn off."""

# What Telegram finds by itself: find_entities, https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp
_SIGN = re.compile(r"[@#$](?=\w|[^\x00-\xa0\u2000-\u206f\u20e3\u3000\ufe0f])")  # letters newer than ours, too
_COMMAND = re.compile(r"(?<![\w/<>])/(?=\w)")
_DOMAIN = re.compile(r"(?<=[^\s.])\.(?=[^\W\d_](?:[^\W\d_]|[^\x00-\x7f]))")
"""What stands before the dot may be almost anything, an emoji as well; भा in .भारत is a letter and a mark."""
_IP = re.compile(r"(?<=[0-9])\.(?=[0-9]{1,3}\.[0-9]{1,3}\.[0-9])")
_CARD = re.compile(r"(?<![0-9])[0-9](?:[ -]*[0-9]){3}(?=(?:[ -]*[0-9]){9,15}(?![0-9]))")


def without_addresses(text: str) -> str:
    """`text` without anything that has a scheme and so is a link, and could take the preview from the article."""
    return _joined(_ADDRESS, text) if "://" in text else text


def without_tags(text: str) -> str:
    """`text` without hashtags: a # in a headline is quoted, not meant."""
    return _TAG.sub(lambda found: found[0] + JOINER * _is_of_a_word(found[1]), text)


def _is_of_a_word(character: str) -> bool:
    """As Mastodon sees it, to which marks are, and letters that are newer than our tables."""
    return character.isalnum() or character == "_" or unicodedata.category(character) in ("Mn", "Mc", "Me", "Cn")


def without_entities(text: str) -> str:
    """`text` in which Telegram finds nothing: no name, tag, share, command, address, e-mail or card number."""
    text = without_addresses(text)
    for pattern in (_SIGN, _COMMAND, _DOMAIN, _IP):
        text = _joined(pattern, text)
    return _without_cards(text)


def _without_cards(text: str) -> str:
    """Until none is left: what follows a number that was taken apart may be one only now."""
    while (joined := _joined(_CARD, text)) != text:
        text = joined
    return text


def _joined(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda found: found[0] + JOINER, text)
