"""Content warnings, sensitive media and languages on Mastodon, as servers keep them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from adapters.mastodon import PLATFORM
from adapters.mastodon.compose import DEFAULT_LIMITS, compose, limits_of
from adapters.outcomes import Found, Rejected, Uncertain
from adapters.post import Part, Payload, Post
from adapters.rules import Rule
from adapters.sandbox.faults import Fault
from adapters.sandbox.mastodon import MastodonSandbox
from tests.adapters.mastodon_account import LINK, NOW, PICTURE, TOKEN, adapter_for, key_of


def article(title: str = "Bridge closes", summary: str = "For a week.", *categories: str, language: str = "") -> Post:
    """A post as the default template makes it."""
    gap = Part("text", "\n\n")
    parts = (Part("title", title), gap, Part("summary", summary), gap, Part("link", LINK))
    return Post(parts, LINK, title, summary, language or None, PICTURE, "Herald", categories)


@pytest.fixture
async def server() -> AsyncIterator[MastodonSandbox]:
    """A sandbox server with one account."""
    sandbox = MastodonSandbox(now=NOW.timestamp)
    sandbox.add_account(TOKEN, "news")
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


async def published(server: MastodonSandbox, post: Post, **settings: Any) -> dict[str, object]:
    """What readers see of a post that goes out with these settings."""
    adapter = adapter_for(server.url, now=lambda: NOW, **settings)
    try:
        await adapter.publish(await adapter.stage(adapter.compose(post, NOW)), key_of(adapter))
    finally:
        await adapter.close()
    (seen,) = server.public()
    return {**seen.extra, "text": seen.text, "language": seen.language}


async def test_a_warning_stands_before_the_text(server: MastodonSandbox) -> None:
    """The warnings that apply are one line before the text, and what is behind it is sensitive; the preview says so."""
    warnings = ["Politics", {"text": "Bridges", "keywords": ["bridge"]}, {"text": "War", "categories": ["War"]}]
    seen = await published(server, article(), content_warnings=warnings)
    assert ("Politics, Bridges", True, f"Bridge closes\n\nFor a week.\n\n{LINK}") == (
        seen["spoiler_text"],
        seen["sensitive"],
        seen["text"],
    )
    draft = compose(article(), DEFAULT_LIMITS, content_warnings=(Rule("Politics"),))
    assert ("Politics", (("visibility", "public"), ("sensitive", "yes"))) == (draft.content_warning, draft.details)


@pytest.mark.parametrize("like", ["4.7", "pixelfed", "gotosocial", "pleroma"])
async def test_a_warning_on_every_server(server: MastodonSandbox, like: str) -> None:
    """A server that keeps the warnings of sensitive posts only gets a sensitive one."""
    server.traits.become(like)
    seen = await published(server, article(), content_warnings="War", attach_picture=True)
    assert ("War", True) == (seen["spoiler_text"], seen["sensitive"])


@pytest.mark.parametrize(("sensitive", "hidden"), [(True, True), (False, False), ([{"sources": ["herald"]}], True)])
async def test_sensitive_without_a_warning(server: MastodonSandbox, sensitive: object, hidden: bool) -> None:
    """Pictures are hidden on the operator's word, and the text is not."""
    seen = await published(server, article(), sensitive=sensitive)
    assert ("", hidden) == (seen["spoiler_text"], seen["sensitive"])


async def test_what_is_not_asked_for_is_not_sent(server: MastodonSandbox) -> None:
    """Neither a warning nor "sensitive" is in the request where none is wanted: the account's own choice stays."""
    draft = compose(article(), DEFAULT_LIMITS)
    assert {"status", "visibility", "link"} == set(draft.body)
    assert draft.content_warning is None


async def test_the_warning_counts_letter_by_letter(server: MastodonSandbox) -> None:
    """The summary yields to the warning, an address in it has no discount, and the server takes the post."""
    warning = "What stands at https://herald.example.org/a-long-address-that-is-counted-whole is not for everybody"
    draft = compose(article(summary="many words and more " * 40), DEFAULT_LIMITS, content_warnings=(Rule(warning),))
    assert 490 < draft.length <= 500
    assert draft.warnings == ("the summary was shortened to fit",)
    seen = await published(server, article(summary="many words and more " * 40), content_warnings=[warning])
    assert (warning, draft.text) == (seen["spoiler_text"], seen["text"])


def test_a_warning_that_leaves_no_room() -> None:
    """A warning as long as a post is refused with a sentence that tells of it."""
    with pytest.raises(Rejected, match=r"does not fit into 500 characters.*beside its content warning of 490"):
        compose(article(), DEFAULT_LIMITS, content_warnings=(Rule("w" * 490),))
    assert compose(article(), limits_of(5000), content_warnings=(Rule("w" * 490),)).length > 490


async def test_a_post_behind_a_warning_is_found(server: MastodonSandbox) -> None:
    """A post whose answer was lost is found behind its warning, by words and link, whichever application it names."""
    adapter = adapter_for(server.url, now=lambda: NOW, content_warnings=["War"], sensitive=True)
    try:
        await adapter.verify()
        payload, key = await adapter.stage(adapter.compose(article(), NOW)), key_of(adapter)
        marker = {**(await adapter.mark(None)), "application": "Somebody else's"}
        server.faults.add(Fault.parse("cut"))
        with pytest.raises(Uncertain):
            await adapter.publish(payload, key)
        old = {**marker, "began": "2026-11-23T11:00:00+00:00"}
        answer = await adapter.find(payload, key, old)
        assert isinstance(answer, Found)
        assert [answer.receipt.id] == [post.id for post in server.public()]
    finally:
        await adapter.close()


async def test_what_an_older_version_froze_is_sent_as_it_is(server: MastodonSandbox) -> None:
    """A request that was frozen before there were warnings goes out without, whatever the settings say now."""
    adapter = adapter_for(server.url, now=lambda: NOW, content_warnings=["War"], sensitive=True)
    try:
        body = {"status": f"Old\n\n{LINK}", "visibility": "unlisted", "language": "de", "link": LINK}
        await adapter.publish(Payload(body), key_of(adapter))
    finally:
        await adapter.close()
    (seen,) = server.public()
    assert ("unlisted", "", False) == tuple(seen.extra[name] for name in ("visibility", "spoiler_text", "sensitive"))


@pytest.mark.parametrize(
    ("own", "setting", "language", "warned"),
    [
        ("de_AT", "fr", "de", False),
        ("zh-Hant-TW", None, "zh-TW", False),
        ("klingonish-x", "fr", "fr", True),
        ("klingonish-x", None, None, True),
        ("und", "fr", "fr", False),
        ("", "zh-hans", "zh-CN", False),
    ],
)
def test_a_wrong_language_costs_a_warning(own: str, setting: str | None, language: str | None, warned: bool) -> None:
    """The article's own language goes first; nonsense is told of, left out, and stops nothing."""
    draft = compose(article(language=own), DEFAULT_LIMITS, language=setting)
    assert language == draft.body.get("language")
    assert warned is (
        f"the language {own!r} was left out: it is not a BCP 47 tag such as de or pt-BR" in draft.warnings
    )
    assert ("language", language) in draft.details or language is None


def test_previews_use_the_same_settings() -> None:
    """What is composed without an account has the channel's warnings too."""
    settings = PLATFORM.settings.model_validate(
        {"server": "mastodon.example", "token": "t", "content_warnings": "War", "sensitive": "yes"}
    )
    assert PLATFORM.compose(settings, article(), NOW).content_warning == "War"
    assert PLATFORM.compose(None, replace(article(), picture=None), NOW).content_warning is None
