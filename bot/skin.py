"""Previews as one page that needs nothing else: its style, its pictures and its posts are in it, and no script is.

What a platform looks like belongs to the templates: `preview/PLATFORM.html` and `preview/PLATFORM.css`, else those
called `default`. Every word of a stranger is escaped, and only web addresses become links.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateNotFound

from adapters.post import Card, Draft, Media, Picture
from bot.previewed import Preview
from bot.segments import segments_of

POLICY = "default-src 'none'; img-src data:; style-src '{style}'; base-uri 'none'; form-action 'none'"
"""Nothing is loaded from anywhere, and nothing runs: https://www.w3.org/TR/CSP3/"""


class Skin:
    """The templates of the page. `redact` takes secrets out of every word that is put into it."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        def cleaned(value: Any) -> Any:
            # What a template calls safe is our own: the style sheet, and pictures, which no pattern is to look into.
            return redact(value) if isinstance(value, str) and not hasattr(value, "__html__") else value

        self._environment = Environment(
            loader=PackageLoader("templates", "preview"),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=cleaned,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["web"] = web_address
        self._environment.filters["host"] = host_of

    def page(self, previews: Sequence[Preview], made_at: datetime) -> str:
        """The whole page, as HTML."""
        platforms = dict.fromkeys(preview.platform for preview in previews)
        style = "\n".join(filter(None, [*map(self._style, ("page", "default", *platforms)), *_focus_rules(previews)]))
        articles = [list(group) for _, group in groupby(previews, key=lambda each: id(each.article))]
        return self._environment.get_template("page.html").render(
            articles=[{"article": of_one[0].article, "posts": [_post(each) for each in of_one]} for of_one in articles],
            made_at=made_at,
            policy=POLICY.format(style=_digest(style)),
            style=style,
        )

    def _style(self, name: str) -> str:
        try:
            return self._environment.get_template(f"{name}.css").render()
        except TemplateNotFound:
            return ""


def web_address(address: str | None) -> str | None:
    """The address if it leads to the web; anything else (javascript:, data:) is no link."""
    try:
        return address if address and urlsplit(address).scheme in ("http", "https") else None
    except ValueError:
        return None


def host_of(address: str | None) -> str:
    """The host that an address leads to, as cards name it."""
    try:
        return (urlsplit(address or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _focus_rules(previews: Sequence[Preview]) -> list[str]:
    """A rule for each focal point, since the policy allows no style at the picture itself."""
    drafts = [preview.draft for preview in previews if preview.draft]
    places = {_place(media.focus) for draft in drafts for media in draft.media if media.focus}
    return [f".focus-{left}-{top} {{ object-position: {left}% {top}% }}" for left, top in sorted(places)]


def _focus_class(focus: tuple[float, float]) -> str:
    return "focus-{}-{}".format(*_place(focus))


def _place(focus: tuple[float, float]) -> tuple[int, int]:
    """Per cent from the left and from the top: https://www.w3.org/TR/css-images-3/#the-object-position"""
    x, y = focus
    return round((x / 2 + 0.5) * 100), round((0.5 - y / 2) * 100)


def _digest(style: str) -> str:
    """The style sheet as the policy names it: https://www.w3.org/TR/CSP3/#grammardef-hash-source"""
    return f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"


def _post(preview: Preview) -> Mapping[str, Any]:
    """What a template knows of one post."""
    draft, article = preview.draft, preview.article
    known: dict[str, Any] = {
        "platform": preview.platform,
        "title": preview.platform_title or preview.platform,
        "channel": preview.channel,
        "name": preview.channel or preview.publication or "Your channel",
        "label": preview.label,
        "at": preview.at,
        "frozen": preview.frozen,
        "standing": preview.standing,
        "url": preview.recorded.row.url if preview.recorded else None,
        "warnings": preview.warnings,
        "refused": preview.refused,
        "draft": draft,
    }
    if draft is None:
        return known
    return known | {
        "language": dict(draft.details).get("language") or article.language,
        "segments": segments_of(draft.text, draft.marks),
        "body": draft.body,
        "payload": json.dumps(draft.body, ensure_ascii=False, indent=2, sort_keys=True),
        "share": min(100, round(100 * draft.length / draft.limit)) if draft.limit else 100,
        "media": [_picture(each) for each in draft.media],
        "card": _card(preview, draft),
    }


def _card(preview: Preview, draft: Draft) -> Mapping[str, Any]:
    """The link card: as it is sent, or as the platform is expected to make it of the article's page."""
    article = preview.article
    card = draft.card or Card(article.link, article.title, article.summary)
    shown: Media | Picture | None = draft.media[0] if draft.card and draft.media else preview.picture
    return {
        "sent": draft.card is not None,
        "link": card.link,
        "title": card.title,
        "description": card.description,
        "picture": _picture(shown, preview.picture.alt if preview.picture else "") if shown else None,
    }


def _picture(picture: Media | Picture, alt: str = "") -> Mapping[str, Any]:
    return {
        "src": f"data:{picture.mime};base64,{base64.b64encode(picture.data).decode()}",
        "alt": picture.alt or alt,
        "mime": picture.mime,
        "width": picture.width,
        "height": picture.height,
        "bytes": len(picture.data),
        "focus": _focus_class(picture.focus) if picture.focus else "",
    }
