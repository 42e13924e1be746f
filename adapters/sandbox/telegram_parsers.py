"""The two parsers of the Telegram sandbox: Telegram's own, when the package tdjson is installed, and a plain one.

tdjson is TDLib itself; the methods used here need no account and no network:
https://core.telegram.org/tdlib/docs/classtd_1_1td__api_1_1parse_text_entities.html
"""

import importlib
import json
import re
from typing import Any, Protocol

Entity = dict[str, Any]
"""https://core.telegram.org/bots/api#messageentity"""


class Refused(Exception):
    """A Bot API error: `code` and `message`, from which the description is made."""

    def __init__(self, code: int, message: str, **parameters: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.parameters = parameters


def units(text: str) -> int:
    """The length of `text` in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


class Parser(Protocol):
    """What the sandbox asks of a parser. Each method raises `Refused` with Telegram's own words."""

    name: str

    def parse(self, text: str, mode: str) -> tuple[str, list[Entity]]:
        """Text and entities of `text` written in `mode`: html, markdown or markdownv2."""

    def clean(self, text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
        """Check the entities and apply the silent rewriting, without trimming."""

    def find(self, text: str) -> list[Entity]:
        """The entities that Telegram finds by itself."""


def best_parser() -> Parser:
    """Telegram's own parser, or the plain one where it is not installed."""
    try:
        return Tdlib(importlib.import_module("tdjson"))
    except ImportError:
        return Plain()


# ── Telegram's own ────────────────────────────────────────────────────────────────────────────────────────────────

_NAMES = {
    "bold": "Bold", "italic": "Italic", "underline": "Underline", "strikethrough": "Strikethrough",
    "spoiler": "Spoiler", "code": "Code", "pre": "Pre", "text_link": "TextUrl", "blockquote": "BlockQuote",
    "expandable_blockquote": "ExpandableBlockQuote", "mention": "Mention", "hashtag": "Hashtag", "cashtag": "Cashtag",
    "bot_command": "BotCommand", "url": "Url", "email": "EmailAddress", "phone_number": "PhoneNumber",
    "bank_card_number": "BankCardNumber", "custom_emoji": "CustomEmoji", "text_mention": "MentionName",
}  # fmt: skip
_TYPES = {f"textEntityType{name}": kind for kind, name in _NAMES.items()} | {"textEntityTypePreCode": "pre"}
_MODES: dict[str, Any] = {
    "html": {"@type": "textParseModeHTML"},
    "markdown": {"@type": "textParseModeMarkdown", "version": 1},
    "markdownv2": {"@type": "textParseModeMarkdown", "version": 2},
}


class Tdlib:
    """Telegram's own code, so that entities and refusals are genuine."""

    name = "tdjson"

    def __init__(self, tdjson: Any) -> None:
        self._td_execute = tdjson.td_execute
        self._execute({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})

    def parse(self, text: str, mode: str) -> tuple[str, list[Entity]]:
        """As the Bot API does it: https://core.telegram.org/bots/api#formatting-options"""
        return _from_td(self._execute({"@type": "parseTextEntities", "text": text, "parse_mode": _MODES[mode]}))

    def clean(self, text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
        """TDLib's fix_formatted_text, reached through the Markdown methods, the only offline ones that call it."""
        # For its refusals, which name offsets of the text as it is.
        self._execute({"@type": "getMarkdownText", "text": _to_td(text, entities)})
        # For its result: with every Markdown character masked by a private one, nothing is left to be parsed.
        private = (chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in text)
        mask: dict[str, str | int | None] = {character: next(private) for character in "*_~|`[]()"}
        unmask = {str(hidden): shown for shown, hidden in mask.items()}
        found = self._execute({"@type": "parseMarkdown", "text": _to_td(text.translate(str.maketrans(mask)), entities)})
        cleaned, kept = _from_td(found)
        return "".join(unmask.get(character, character) for character in cleaned), kept

    def find(self, text: str) -> list[Entity]:
        """TDLib's find_entities."""
        return _from_td({"text": text, **self._execute({"@type": "getTextEntities", "text": text})})[1]

    def _execute(self, request: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._td_execute(json.dumps(request).encode()))
        if answer["@type"] == "error":
            raise Refused(int(answer["code"]), str(answer["message"]))
        return answer


def _to_td(text: str, entities: list[Entity]) -> dict[str, Any]:
    return {"@type": "formattedText", "text": text, "entities": [_entity_to_td(entity) for entity in entities]}


def _entity_to_td(entity: Entity) -> dict[str, Any]:
    kind: dict[str, Any] = {"@type": f"textEntityType{_NAMES[entity['type']]}"}
    if entity["type"] == "text_link":
        kind["url"] = entity["url"]
    elif entity["type"] == "pre" and "language" in entity:
        kind = {"@type": "textEntityTypePreCode", "language": entity["language"]}
    elif entity["type"] == "custom_emoji":
        kind["custom_emoji_id"] = entity["custom_emoji_id"]
    elif entity["type"] == "text_mention":
        kind["user_id"] = entity["user"]["id"]
    return {"@type": "textEntity", "offset": entity["offset"], "length": entity["length"], "type": kind}


def _from_td(found: dict[str, Any]) -> tuple[str, list[Entity]]:
    entities = []
    for item in found["entities"]:
        kind = item["type"]
        # Bots get no media timestamps (td/telegram/MessageEntity.cpp, get_formatted_text), and a mention by name only
        # of users that the bot has met: there are none here.
        if kind["@type"] not in _TYPES or kind["@type"] == "textEntityTypeMentionName":
            continue
        entity: Entity = {"type": _TYPES[kind["@type"]], "offset": item["offset"], "length": item["length"]}
        entity |= {name: kind[name] for name in ("url", "language", "custom_emoji_id") if name in kind}
        entities.append(entity)
    return str(found["text"]), entities


# ── the plain one ─────────────────────────────────────────────────────────────────────────────────────────────────

_DROPPED = re.compile("[\r\u2028-\u202e\u030a\u0333\u033f]")
_BLANKED = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f]")
_ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]»”]")
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+\.[^\s/?#]+\S*", re.IGNORECASE)
_MAX_OFFSET = 1_000_000


class Plain:
    """Without tdjson: entities are checked, text is rewritten, web addresses are found; parse modes are not known."""

    name = "plain"

    def parse(self, text: str, mode: str) -> tuple[str, list[Entity]]:
        """Always refused, as a fault of the sandbox rather than of the request."""
        raise Refused(500, f"the sandbox cannot read {len(text)} characters of {mode}: install the package tdjson")

    def clean(self, text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
        """clean_input_string_with_entities of td/telegram/MessageEntity.cpp; nothing is split or merged."""
        places = _new_places(text)
        kept = []
        for entity in sorted(entities, key=lambda entity: (entity["offset"], -entity["length"])):
            if _check(entity, text, places):
                start, end = places[entity["offset"]], places[entity["offset"] + entity["length"]]
                if start < end:
                    kept.append({**entity, "offset": start, "length": end - start})
        return _BLANKED.sub(" ", _DROPPED.sub("", text)), kept

    def find(self, text: str) -> list[Entity]:
        """Addresses with a scheme, only."""
        return [
            {"type": "url", "offset": units(text[: match.start()]), "length": units(match[0])}
            for match in _ADDRESS.finditer(text)
        ]


def _new_places(text: str) -> dict[int, int]:
    # Where each character begins: by UTF-16 offset in the text as it came, the offset after rewriting.
    places = {}
    before = after = 0
    for character in text:
        places[before] = after
        before += units(character)
        after += 0 if _DROPPED.match(character) else units(character)
    places[before] = after
    return places


def _check(entity: Entity, text: str, places: dict[int, int]) -> bool:
    offset, length = entity["offset"], entity["length"]
    end = offset + length
    if not 0 <= offset <= _MAX_OFFSET:
        raise Refused(400, f"Receive an entity with incorrect offset {offset}")
    if not 0 <= length <= _MAX_OFFSET:
        raise Refused(400, f"Receive an entity with incorrect length {length}")
    if length == 0:
        return False
    beginning = f"Entity beginning at UTF-16 offset {offset} ends"
    if offset >= units(text):
        raise Refused(400, f"Entity begins after the end of the text at UTF-16 offset {offset}")
    if end > units(text):
        raise Refused(400, f"{beginning} after the end of the text at UTF-16 offset {end}")
    for place, words in ((offset, "Entity begins"), (end, beginning)):
        if place not in places:
            bytes_before = len(text.encode("utf-16-le")[: (place + 1) * 2].decode("utf-16-le").encode("utf-8"))
            raise Refused(400, f"{words} in a middle of a UTF-16 symbol at byte offset {bytes_before}")
    if entity["type"] == "text_link" and not _WEB_ADDRESS.fullmatch(entity["url"]):
        raise Refused(400, f"Entity URL '{entity['url']}' is invalid: Wrong HTTP URL")
    return True
