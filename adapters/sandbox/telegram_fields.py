"""The parameters of a Bot API request, and the words of a refusal.

The files named are of the server's public source, https://github.com/tdlib/telegram-bot-api.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from adapters.sandbox.telegram_parsers import Refused


@dataclass(frozen=True, slots=True)
class Fields:
    """What came with a request, by name."""

    texts: Mapping[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def get(self, name: str, otherwise: str = "") -> str:
        """A parameter as text."""
        return self.texts.get(name, otherwise)


async def read_fields(request: web.Request) -> Fields:
    """The parameters, from the address and the body: https://core.telegram.org/bots/api#making-requests"""
    fields, files = dict(request.query), {}
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError:
            return Fields(fields)
        if isinstance(body, dict):
            fields |= {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
    else:
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                with value.file as file:
                    files[name] = file.read()
            elif isinstance(value, str):
                fields[name] = value
    return Fields(fields, files)


def number(fields: Fields, name: str) -> int:
    """As td::to_integer reads it: what is not a number counts as 0."""
    found = re.match(r"-?\d+", fields.get(name, ""))
    return int(found[0]) if found else 0


def truth(value: str) -> bool:
    """As to_bool in telegram-bot-api/Client.cpp reads it."""
    return value.lower() in ("true", "yes", "1")


def preview_options(fields: Fields) -> dict[str, Any]:
    """https://core.telegram.org/bots/api#linkpreviewoptions, as the message will show them."""
    given = fields.get("link_preview_options", "")
    if not given:
        return {"is_disabled": True} if truth(fields.get("disable_web_page_preview", "")) else {}
    try:
        options = json.loads(given)
    except ValueError:
        raise Refused(400, "Can't parse link preview options JSON object") from None
    if not isinstance(options, dict):
        raise Refused(400, "Object expected as link preview options")
    for name in ("is_disabled", "prefer_small_media", "prefer_large_media", "show_above_text"):
        if not isinstance(options.get(name, False), bool):
            raise Refused(400, f'Field "{name}" must be of type Boolean')
    if not isinstance(options.get("url", ""), str):
        raise Refused(400, 'Field "url" must be of type String')
    if options.get("is_disabled"):
        return {"is_disabled": True}
    names = ["show_above_text", *(("url", "prefer_small_media", "prefer_large_media") if options.get("url") else ())]
    return {name: options[name] for name in names if options.get(name)}


def markup_of(fields: Fields) -> dict[str, Any] | None:
    """get_reply_markup in telegram-bot-api/Client.cpp; only inline keyboards are known here."""
    given = fields.get("reply_markup", "")
    if not given:
        return None
    try:
        markup = json.loads(given)
    except ValueError:
        raise Refused(400, "Can't parse reply keyboard markup JSON object") from None
    if not isinstance(markup, dict) or "inline_keyboard" not in markup:
        raise Refused(400, "inline keyboard expected")
    return markup if markup["inline_keyboard"] else None


def description(refused: Refused) -> str:
    """fail_query_with_error in Client.cpp: a prefix, and a small first letter unless the word is in capitals."""
    prefix = {400: "Bad Request", 403: "Forbidden", 500: "Internal Server Error"}.get(refused.code, "")
    message = refused.message
    if not prefix or message.startswith(prefix):
        return message
    if not re.match(".[_A-Z]", message):
        message = message[0].lower() + message[1:]
    return f"{prefix}: {message}"


def too_many(seconds: float) -> Refused:
    """Too early by `seconds`: https://core.telegram.org/bots/api#responseparameters"""
    wait = max(1, math.ceil(seconds))
    return Refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
