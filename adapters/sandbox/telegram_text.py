"""What Telegram does to a message's text before it is posted: parsing, entities, silent rewriting, limits.

The rules are those of TDLib (https://github.com/tdlib/td), which every Bot API server runs: td/telegram/
MessageEntity.cpp (fix_formatted_text, parse_html), misc.cpp (clean_input_string, strip_empty_characters) and
MessageContent.cpp (lengths). Offsets are UTF-16 code units: https://core.telegram.org/bots/api#messageentity
"""

import json
import re
from typing import Any

from adapters.sandbox.telegram_parsers import Entity, Parser, Refused, units

MAX_BYTES = 1 << 15
"""Of the text as it arrives: get_formatted_text in telegram-bot-api/Client.cpp."""
MAX_LENGTH = 4096
"""Of the text after parsing, in code points: https://core.telegram.org/bots/api#sendmessage"""
MAX_CAPTION = 1024
"""Likewise: https://core.telegram.org/bots/api#sendphoto"""
MAX_ENTITIES = 100
"""Later ones are dropped without a word: https://github.com/tdlib/telegram-bot-api/issues/820"""
MAX_ENTITY_BYTES = 9500
"""Roughly: https://github.com/tdlib/telegram-bot-api/issues/165"""

MODES = ("html", "markdown", "markdownv2")
GIVEN = {
    "bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "text_link", "text_mention",
    "custom_emoji", "blockquote", "expandable_blockquote",
}  # fmt: skip
FOUND = {"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number"}
SPLITTABLE = {"bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote"}
"""What a found link may stand in; td/telegram/MessageEntity.cpp, merge_new_entities."""

_SPACES = re.compile("[\u1680\u180e\u2000-\u200a\u202e\u202f\u205f\u2800\u3000\ufffc\U000e0000-\U000e007f]")
_UNSEEN = re.compile("[ \n\u200b-\u200f\u202e\ufeff]*")


def read_text(parser: Parser, text: str, parse_mode: str, entities: str) -> tuple[str, list[Entity]]:
    """The first half, before Telegram looks at the chat: get_formatted_text in telegram-bot-api/Client.cpp."""
    if not text:
        raise Refused(400, "Message text is empty")
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise Refused(400, "Text must be encoded in UTF-8") from None
    if size > MAX_BYTES:
        raise Refused(400, "Text is too long")
    mode = parse_mode.lower()
    if mode and mode != "none":
        if mode not in MODES:
            raise Refused(400, "Unsupported parse_mode")
        return parser.parse(text, mode)
    return text, _read_entities(entities)


def fix_text(parser: Parser, text: str, entities: list[Entity], *, caption: bool = False) -> tuple[str, list[Entity]]:
    """The second half, when the message is sent: what readers will see, or why it is refused. Captions may be empty."""
    text, entities = _trim(*parser.clean(text, entities))
    if _is_blank(text):
        if caption:
            return "", []
        raise Refused(400, "Text must be non-empty")
    if len(text) > (MAX_CAPTION if caption else MAX_LENGTH):
        raise Refused(400, "Message caption is too long" if caption else "Message is too long")
    found = [entity for entity in parser.find(text) if not _is_taken(entity, entities)]
    if found:
        text, entities = parser.clean(text, [*entities, *found])
    if sum(len(entity.get("url", "").encode("utf-8")) for entity in entities) > MAX_ENTITY_BYTES:
        raise Refused(400, "ENTITIES_TOO_LONG")
    return text, entities[:MAX_ENTITIES]


def piece(text: str, entity: Entity) -> str:
    """The stretch of `text` that `entity` marks."""
    start = int(entity["offset"]) * 2
    return text.encode("utf-16-le")[start : start + int(entity["length"]) * 2].decode("utf-16-le")


def addresses(text: str, entities: list[Entity]) -> list[str]:
    """Every web address a reader can follow, in order."""
    found = [str(entity["url"]) for entity in entities if entity["type"] == "text_link"]
    for entity in entities:
        if entity["type"] == "url":
            address = piece(text, entity)
            found.append(address if "://" in address else f"http://{address}")
    return found


def first_address(text: str, entities: list[Entity]) -> str | None:
    """The address whose preview is shown when none is named: the first in the text, hidden ones included.

    https://core.telegram.org/bots/api#linkpreviewoptions
    """
    for entity in sorted(entities, key=lambda entity: int(entity["offset"])):
        if entity["type"] in ("url", "text_link"):
            return addresses(text, [entity])[0]
    return None


def _read_entities(value: str) -> list[Entity]:
    # get_input_entities in telegram-bot-api/Client.cpp: what is not a JSON array counts as no entities at all.
    try:
        items: Any = json.loads(value or "[]")
    except ValueError:
        items = []
    return [entity for entity in map(_read_entity, items) if entity] if isinstance(items, list) else []


def _read_entity(item: Any) -> Entity | None:
    # get_text_entity in telegram-bot-api/Client.cpp: types that Telegram finds by itself are passed over.
    if not isinstance(item, dict):
        raise Refused(400, "Can't parse MessageEntity: expected an Object")
    for name in ("offset", "length"):
        if name not in item:
            raise Refused(400, f"Can't parse MessageEntity: Can't find field \"{name}\"")
        if not re.fullmatch(r"-?\d+", str(item[name])):
            raise Refused(400, f'Can\'t parse MessageEntity: Field "{name}" must be a valid Number')
    kind = item.get("type")
    if kind in FOUND:
        return None
    if kind not in GIVEN:
        raise Refused(400, "Can't parse MessageEntity: Unsupported type specified")
    entity: Entity = {"type": kind, "offset": int(item["offset"]), "length": int(item["length"])}
    needed = {"text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id"}.get(kind)
    if needed is not None:
        if needed not in item:
            raise Refused(400, f"Can't parse MessageEntity: Can't find field \"{needed}\"")
        if kind == "text_mention" and not (isinstance(item["user"], dict) and "id" in item["user"]):
            raise Refused(400, 'Can\'t parse MessageEntity: Field "user" must be of type Object')
        entity[needed] = item[needed] if kind == "text_mention" else str(item[needed])
    if item.get("language"):
        entity["language"] = str(item["language"])
    return entity


def _trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    # fix_formatted_text: the end is always cut, the beginning only up to the first entity.
    text = text.rstrip(" \n")
    end = units(text)
    entities = [entity for entity in entities if entity["offset"] < end]
    for entity in entities:
        entity["length"] = min(entity["length"], end - entity["offset"])
    lead = min([len(text) - len(text.lstrip(" \n")), *(entity["offset"] for entity in entities)])
    for entity in entities:
        entity["offset"] -= lead
    return text[lead:], entities


def _is_blank(text: str) -> bool:
    return _UNSEEN.fullmatch(_SPACES.sub(" ", text)) is not None


def _is_taken(found: Entity, entities: list[Entity]) -> bool:
    start, end = found["offset"], found["offset"] + found["length"]
    return any(
        entity["offset"] < end and start < entity["offset"] + entity["length"]
        for entity in entities
        if entity["type"] not in SPLITTABLE
    )
