"""Shaped posts as readers meet them, seen from outside on what the platforms keep; and any content warning whatever."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.base import Context
from adapters.mastodon import PLATFORM
from adapters.outcomes import Rejected
from adapters.post import Part, Post
from adapters.registry import PLATFORMS
from bot.clock import random_bytes
from bot.render import Place, Renderer
from tests.conformance.stages import Sessions, seed
from tests.posts.checker import Seen, faults
from tests.posts.counting import graphemes
from tests.posts.in_shapes import SHAPES, Shaped
from tests.posts.publishing import _SEEN, APART, Hours, _keep, read
from tests.stage import SEATS, Stage

LINK = "https://news.example.com/2026/11/an-article"
LIMIT = 500
LONGEST_WORD = 41
"""Characters of a word that did not fit, and its space."""

Outcomes = Mapping[tuple[str, str], tuple[Seen, Mapping[str, Any]]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """All of them, published once."""
    return asyncio.run(_published(tmp_path_factory.mktemp("shapes")))


async def _published(folder: Path) -> Outcomes:
    clock, renderer, found = Hours(), Renderer(), {}
    async with Stage(folder, now=clock.seconds) as stage:
        for channel in stage.settings().channels:
            platform, server = channel.platform, stage.seats[channel.platform].server
            given: Any = channel.settings
            for shaped in SHAPES:
                clock.at += APART
                written = {name: getattr(given, name) for name in type(given).model_fields}
                settings = type(given).model_validate({**written, **shaped.asked(platform)})
                context = Context(clock.now, random_bytes, _keep, Sessions(), user_agent="Handbill under test")
                adapter = PLATFORMS[platform].open(settings, context)
                try:
                    article = replace(read(shaped.article), source=shaped.source)
                    post = renderer.post(article, Place(platform, None, settings.shape))
                    payload = await adapter.stage(adapter.compose(post, clock.now()))
                    receipt = await adapter.publish(payload, adapter.key(seed(shaped.name)))
                finally:
                    await adapter.close()
                found[platform, shaped.name] = (_SEEN[platform](server, receipt.id), _MET[platform](server, receipt.id))
    return found


def _on_telegram(server: Any, number: str) -> Mapping[str, Any]:
    """https://core.telegram.org/bots/api#message"""
    chat = next(chat for chat in server._chats.values() if chat.kind == "channel")
    message = chat.messages[int(number.rpartition("/")[2])]
    return {"silent": message.silent, "protected": message.protected}


def _on_mastodon(server: Any, number: str) -> Mapping[str, Any]:
    """https://docs.joinmastodon.org/entities/Status/"""
    status = server.store.statuses[number]
    return {
        "warning": status.spoiler_text,
        "sensitive": status.sensitive,
        "visibility": status.visibility,
        "language": status.language,
    }


def _on_bluesky(server: Any, uri: str) -> Mapping[str, Any]:
    """The records at the post's key, in the order in which they came: a gate has to come after its post."""
    (account,) = server._accounts.every()
    key = uri.rpartition("/")[2]
    records = {kind: record for (kind, rkey), record in account.repo.records.items() if rkey == key}
    assert next(iter(records)) == "app.bsky.feed.post"
    assert {record.indexed_at for record in records.values()} == {records["app.bsky.feed.post"].indexed_at}
    value = {kind.rpartition(".")[2]: record.value for kind, record in records.items()}
    assert [gate["post"] for kind, gate in value.items() if kind != "post"] == [uri] * (len(value) - 1)
    return {
        "languages": value["post"].get("langs", []),
        "labels": [label["val"] for label in value["post"].get("labels", {"values": []})["values"]],
        "replies": _rules(value.get("threadgate"), "allow"),
        "quotes": _rules(value.get("postgate"), "embeddingRules"),
    }


def _rules(gate: Any, name: str) -> list[str] | None:
    return None if gate is None else [rule["$type"].partition("#")[2] for rule in gate[name]]


_MET = {"telegram": _on_telegram, "mastodon": _on_mastodon, "bluesky": _on_bluesky}


def _counted(warning: str, text: str) -> int:
    """https://github.com/mastodon/mastodon/blob/main/app/validators/status_length_validator.rb: the warning as it is,
    an address in the text as 23 characters."""
    return graphemes(warning + re.sub(r"https?://[^\s<>\"]+", "x" * 23, text))


def test_each_is_known_by_its_name() -> None:
    """No two shapes share a name, and there are enough of them."""
    assert 20 <= len(SHAPES) == len({shaped.name for shaped in SHAPES})


@pytest.mark.parametrize("platform", SEATS)
@pytest.mark.parametrize("shaped", SHAPES, ids=lambda shaped: shaped.name.replace(" ", "-"))
def test_readers_meet_what_was_asked_for(shaped: Shaped, platform: str, outcomes: Outcomes) -> None:
    """Warning, visibility, language, labels, gates and silence are as they were asked for, and so is the link."""
    seen, met = outcomes[platform, shaped.name]
    assert shaped.met(platform) == met
    meant = shaped.article.meant(platform)
    found = faults(seen, replace(meant, link=shaped.link or meant.link))
    warning = met.get("warning", "")
    if not warning:
        assert [] == found, seen.text
        return
    # the checker knows nothing of what a warning takes away
    assert [] == [fault for fault in found if not fault.startswith("it was cut although")], seen.text
    assert _counted(warning, seen.text) <= LIMIT
    if "…" in seen.text:
        assert _counted(warning, seen.text) > LIMIT - LONGEST_WORD


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=600), st.text(min_size=1, max_size=600), st.text(max_size=600), st.booleans())
def test_any_warning_before_any_text(warning: str, title: str, summary: str, spelled_out: bool) -> None:
    """Whatever the words: the post is within the server's limit, warning and all, with its whole link and the whole
    warning; or it is refused with a sentence that says why."""
    warnings = [{"text": f"w{warning}"}] if spelled_out else [f"w{warning}", "and more"]
    channel = PLATFORM.settings.model_validate(
        {"server": "mastodon.example", "token": "t", "content_warnings": warnings}
    )
    gap = Part("text", "\n\n")
    post = Post((Part("title", title), gap, Part("summary", summary), gap, Part("link", LINK)), LINK, title, summary)
    draft, refusal = None, ""
    try:
        draft = PLATFORM.compose(channel, post, datetime(2026, 11, 27, tzinfo=UTC))
    except Rejected as rejected:
        refusal = rejected.message
    if draft is None:
        assert "does not fit into 500 characters" in refusal
        assert "beside its content warning of" in refusal
        return
    said = draft.content_warning
    assert said is not None
    assert said == draft.body["spoiler_text"]
    assert said == said.strip()
    assert spelled_out or said.endswith(", and more")
    assert _counted(said, draft.text) <= draft.length <= LIMIT
    assert draft.text.endswith(LINK)
