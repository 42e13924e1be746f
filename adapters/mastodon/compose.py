"""A post as a Mastodon status: text within the instance's limit, with a link that every server makes one of. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from adapters.base import Limits
from adapters.language import language_of, left_out
from adapters.mastodon.length import LINK_LENGTH, MENTION, links, measure
from adapters.outcomes import Rejected
from adapters.post import Draft, Json, Mark, Media, Part, Picture, Post
from adapters.rules import Rule, holds, texts_of
from adapters.text import Fitted, fit, most_graphemes, tidied, tidy_line
from adapters.unmarked import JOINER, without_addresses, without_tags

DEFAULT_LENGTH = 500
DEFAULT_DESCRIPTION = 1500
"""Characters of a picture's description: https://github.com/mastodon/mastodon/blob/v4.5.0/app/models/media_attachment.rb"""
_MOST_REPAIRS = 20
_BREAKS_LINKS = re.compile(r"[\x00-\x20\x7f<>\"{}\\`\s]")
"""Where a server would see the link end: https://github.com/mastodon/mastodon/blob/main/config/initializers/twitter_regex.rb"""
_CHINESE_REGIONS = frozenset({"CN", "HK", "TW"})
_CHINESE_SCRIPTS = {"Hans": "CN", "Hant": "TW"}


def limits_of(length: int = DEFAULT_LENGTH, link_length: int = LINK_LENGTH) -> Limits:
    """The limits of an instance that takes `length` characters and counts each link as `link_length`."""
    return Limits(length=length, unit="characters", measure=partial(measure, link_length=link_length))


DEFAULT_LIMITS = limits_of()


def compose(
    post: Post,
    limits: Limits,
    *,
    visibility: str = "public",
    language: str | None = None,
    content_warnings: Iterable[Rule] = (),
    sensitive: bool | Iterable[Rule] = False,
    description_limit: int | None = None,
) -> Draft:
    """The status that `post` comes to. Raises Rejected.

    The server makes the link card by itself, unless a picture is attached, which it is where the length that its
    description may have is given. `language`: where the post tells none; `sensitive`: whether media are hidden.
    """
    link = linkable(post.link)
    warning = tidy_line(", ".join(texts_of(content_warnings, post)))
    within = _beside(warning, limits)
    fitted = _fitted([_prepared(part) for part in post.parts], within, warning)
    known_language, warnings = _language_of(post.language, language)
    warnings += fitted.warnings
    request: dict[str, Any] = {"status": fitted.text, "visibility": visibility}
    if known_language:
        request["language"] = known_language
    if warning:
        request["spoiler_text"] = warning
    if warning or holds(sensitive, post):
        # Mastodon makes what has a warning sensitive by itself; Pixelfed shows a warning only of what is.
        # https://github.com/pixelfed/pixelfed/blob/dev/app/Http/Controllers/Api/ApiV1Controller.php
        request["sensitive"] = True
    media: tuple[Media, ...] = ()
    if description_limit and post.picture:
        media = (_attached(post.picture, description_limit),)
        if media[0].alt != post.picture.alt:
            warnings.append("the picture's description was cut to fit")
    if link not in links(fitted.text):
        warnings.append("Mastodon will not make a link of the article's address, and counts it letter by letter")
    return Draft(
        text=fitted.text,
        length=within.measure(fitted.text),
        limit=limits.length,
        unit=limits.unit,
        # `link` is not sent: it is what a status is known by when it is looked for.
        body={**request, "link": link},
        media=media,
        marks=tuple(_marks(fitted)),
        warnings=tuple(warnings),
        content_warning=warning or None,
        details=tuple(_details(request)),
    )


def with_upload(body: Json, upload_id: str) -> Json:
    """`body` with an uploaded picture."""
    return {**body, "media_ids": [upload_id]}


def without_upload(body: Json) -> Json:
    """`body` without a picture: the server makes a card."""
    return {name: value for name, value in body.items() if name != "media_ids"}


def linkable(link: str) -> str:
    """`link` with that percent-encoded at which a server would end it too early."""
    link = _BREAKS_LINKS.sub(lambda found: _percent(found[0]), link).removesuffix("?")
    for _ in range(_MOST_REPAIRS):
        seen = next(iter(links(link)), "")
        if seen in ("", link) or not link.startswith(seen):
            break
        # Where the query as a whole is missing, it is its last letter that is none for an end.
        at = len(link) - 1 if link[len(seen)] == "?" else len(seen)
        link = link[:at] + _percent(link[at]) + link[at + 1 :]
    return link


def language_code(tag: str | None) -> str | None:
    """The language of a BCP 47 tag as Mastodon knows it: without script and region, but for Chinese; None when it says
    nothing. Raises ValueError where it is no tag.

    https://github.com/mastodon/mastodon/blob/main/app/helpers/languages_helper.rb
    """
    language = language_of(tag)
    if language is None:
        return None
    if language.code == "yue":
        return "zh-YUE"
    if language.code != "zh":
        return language.code
    region = language.region if language.region in _CHINESE_REGIONS else _CHINESE_SCRIPTS.get(language.script)
    return f"zh-{region}" if region else "zh"


def without_mentions(text: str) -> str:
    """`text` with an invisible joiner after each @ that would notify somebody.

    A headline about "@name" speaks of an account elsewhere; on Mastodon it would alert a stranger of that name on the
    account's own server. The joiner (U+2060) is no letter of a name and allows no line break.
    """
    return MENTION.sub(lambda found: found[0].replace("@", f"@{JOINER}"), text)


def _beside(warning: str, limits: Limits) -> Limits:
    """What is left for a text beside a content warning, which the server counts letter by letter, addresses too."""
    # It counts both as one string, in which characters can only grow together, never apart.
    beside = most_graphemes(warning)
    return replace(limits, measure=lambda text: beside + limits.measure(text)) if warning else limits


def _fitted(parts: list[Part], limits: Limits, warning: str) -> Fitted:
    try:
        return fit(parts, limits)
    except Rejected as rejected:
        if not warning:
            raise
        raise Rejected(f"{rejected.message}, beside its content warning of {most_graphemes(warning)}") from None


def _language_of(*tags: str | None) -> tuple[str | None, list[str]]:
    """The first language that one of `tags` tells, and a warning about each tag before it that is none."""
    warnings: list[str] = []
    for tag in tags:
        try:
            if code := language_code(tag):
                return code, warnings
        except ValueError:
            warnings.append(left_out(tag))
    return None, warnings


def _details(request: Json) -> Iterable[tuple[str, str]]:
    yield "visibility", request["visibility"]
    if "language" in request:
        yield "language", request["language"]
    if "sensitive" in request:
        yield "sensitive", "yes"


def _attached(picture: Picture, description_limit: int) -> Media:
    alt = picture.alt
    if len(alt) > description_limit:  # which the server counts in code points
        alt = fit([Part("title", alt)], Limits(length=description_limit, unit="characters", measure=len)).text
    return Media(picture.data, picture.mime, alt, picture.width, picture.height, picture.focus)


def _prepared(part: Part) -> Part:
    if part.kind == "link":
        return Part("link", linkable(part.text))
    if part.kind == "tag":
        return part
    text = without_mentions(tidied(part).text)
    return Part(part.kind, text if part.kind == "text" else without_tags(without_addresses(text)))


def _marks(fitted: Fitted) -> Iterator[Mark]:
    """What the server makes of the text by itself. A hashtag is one only after a space or at the beginning."""
    for span in fitted.spans:
        if span.kind == "link":
            yield Mark("link", span.start, span.end, fitted.text[span.start : span.end])
        elif span.kind == "tag" and not fitted.text[: span.start][-1:].strip():
            yield Mark("tag", span.start, span.end)


def _percent(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8"))
