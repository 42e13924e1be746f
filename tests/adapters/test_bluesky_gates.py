"""Who may reply and who may quote, labels and languages on Bluesky: exactly once, whatever happens on the way."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from adapters.base import Budget, Context, KeySeed, Pace
from adapters.bluesky import PLATFORM, BlueskySettings
from adapters.bluesky.adapter import BlueskyAdapter
from adapters.outcomes import Absent, Found, Rejected, Unavailable, Uncertain
from adapters.post import Draft, Part, Payload, Picture, Post
from adapters.rules import Rule
from adapters.sandbox.bluesky_budgets import WRITES, Charge
from adapters.sandbox.bluesky_gates import POSTGATE, THREADGATE
from adapters.sandbox.bluesky_records import Taken
from adapters.sandbox.faults import Fault
from adapters.sandbox.publication import draw
from tests.adapters.account import HANDLE, PASSWORD, OneAccount

LINK = "https://example.com/news/1"
POSTS = "app.bsky.feed.post"
PUT, APPLY, GET = (f"/xrpc/com.atproto.repo.{name}" for name in ("putRecord", "applyWrites", "getRecord"))
CLOSED: dict[str, Any] = {"replies": "nobody", "quotes": "false"}


@dataclass
class Scene(OneAccount):
    """A PDS with one account, and adapters that come and go like processes."""

    opened: list[BlueskyAdapter] = field(default_factory=list)
    budgets: list[Budget] = field(default_factory=list)

    def open(self, **settings: Any) -> BlueskyAdapter:
        """Start a process with these settings."""
        written = {"server": self.pds.url, "handle": HANDLE, "app_password": PASSWORD, **settings}
        note = self.budgets.append
        context = Context(lambda: self.at, os.urandom, self.secrets.add, self.store, note_budget=note)
        adapter = PLATFORM.open(BlueskySettings.model_validate(written), context)
        assert isinstance(adapter, BlueskyAdapter)
        self.opened.append(adapter)
        return adapter

    def key(self, adapter: BlueskyAdapter) -> str:
        return adapter.key(KeySeed(self.did, LINK, "publish", 0, 1, self.at))

    async def payload(self, adapter: BlueskyAdapter, post: Post | None = None) -> Payload:
        return await adapter.stage(adapter.compose(post or article(), self.at))

    @property
    def repo(self) -> Any:
        return self.pds._accounts.get(HANDLE).repo

    def seen(self) -> list[tuple[Any, Any]]:
        """Of each post: who may reply and who may quote, as readers meet it."""
        return [(post.extra["replies"], post.extra["quotes"]) for post in self.pds.public()]

    def calls(self) -> list[str]:
        """The writes and looks that were made, in order."""
        return [path for _, path in self.pds.requests if path in (PUT, APPLY, GET)]


def article(picture: Picture | None = None, language: str | None = None, *categories: str) -> Post:
    """An article as the default template renders it."""
    parts = (Part("title", "Snow in May"), Part("text", "\n\n"), Part("link", LINK))
    return Post(parts, LINK, "Snow in May", "It fell.", language, picture, "Herald", categories)


@asynccontextmanager
async def one_account(*ways: Any, taken: Taken = "compare") -> AsyncIterator[Scene]:
    """A PDS that listens, with further `ways` to answer; `taken`: how it says that a key is taken."""
    scene = Scene(taken=taken)
    scene.pds.app.middlewares.extend(ways)
    await scene.pds.start()
    yield scene
    for adapter in scene.opened:
        await adapter.close()
    await scene.pds.stop()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """A PDS as the reference server is."""
    async with one_account() as scene:
        yield scene


# ── what readers meet ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("choices", "replies", "quotes", "told"),
    [
        ({}, None, None, ()),
        ({"replies": "everyone", "quotes": "true"}, None, None, ()),
        ({"replies": "nobody"}, [], None, (("replies", "nobody"),)),
        ({"replies": "followers"}, ["followerRule"], None, (("replies", "followers"),)),
        (
            {"replies": ["following", "mentioned"], "quotes": False},
            ["followingRule", "mentionRule"],
            ["disableRule"],
            (("replies", "following, mentioned"), ("quotes", "not allowed")),
        ),
        ({"quotes": "false"}, None, ["disableRule"], (("quotes", "not allowed"),)),
    ],
)
async def test_gates_are_there_with_the_post(
    scene: Scene, choices: dict[str, Any], replies: Any, quotes: Any, told: tuple[Any, ...]
) -> None:
    """A post comes out in one call with the gates that were asked for, all in effect; the preview tells of them."""
    adapter = scene.open(**choices)
    draft = adapter.compose(article(), scene.at)
    await adapter.publish(await adapter.stage(draft), scene.key(adapter))
    assert [(replies, quotes)] == scene.seen()
    assert told == draft.details
    assert [APPLY if told else PUT] == scene.calls()


async def test_labels_and_languages(scene: Scene) -> None:
    """Labels come by rule, the article's own language goes before the channel's, and the preview tells of both."""
    labels = [{"text": "graphic-media", "categories": ["War"]}, {"text": "porn", "sources": ["Elsewhere"]}]
    adapter = scene.open(labels=labels, language="de, fr_CH")
    for post in (article(None, "zh_hant-tw", "war"), article(None, "nonsense!")):
        draft = adapter.compose(post, scene.at)
        key = adapter.key(KeySeed(scene.did, str(post.language), "publish", 0, 1, scene.at))
        await adapter.publish(await adapter.stage(draft), key)
    seen = {(tuple(post.extra["labels"]), tuple(post.extra["languages"])) for post in scene.pds.public()}
    assert {(("graphic-media",), ("zh-Hant-TW",)), ((), ("de", "fr-CH"))} == seen
    assert (("language", "de, fr-CH"),) == draft.details
    assert ("the language 'nonsense!' was left out: it is not a BCP 47 tag such as de or pt-BR",) == draft.warnings


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"labels": "nsfw"}, "there is no label 'nsfw': it is one of !no-unauthenticated, porn, sexual, nudity, graph"),
        ({"replies": "everyone,followers"}, "it is everyone alone, nobody alone, or some of followers, following and"),
        ({"replies": "friends"}, "Input should be 'everyone', 'followers', 'following', 'mentioned' or 'nobody'"),
        ({"replies": []}, "it is everyone alone"),
        ({"language": "english"}, "'english' is not a language: write it like de or pt-BR"),
        ({"language": "de,en,fr,it"}, "a post has 3 languages at most"),
    ],
)
def test_mistakes(written: dict[str, Any], sentence: str) -> None:
    """A wrong choice is told with what there is to choose from."""
    with pytest.raises(ValidationError, match=sentence):
        BlueskySettings.model_validate({"handle": HANDLE, "app_password": PASSWORD, **written})


def test_previews_use_the_same_settings() -> None:
    """What is composed without an account has the channel's choices; for nobody in particular there are none."""
    written = {"handle": HANDLE, "app_password": PASSWORD, "labels": "nudity", **CLOSED}
    settings = BlueskySettings.model_validate(written)
    at = OneAccount().at
    draft: Draft = PLATFORM.compose(settings, article(), at)
    assert (("labels", "nudity"), ("replies", "nobody"), ("quotes", "not allowed")) == draft.details
    assert () == PLATFORM.compose(None, article(), at).details
    assert (Rule("nudity"),) == settings.labels


# ── exactly once ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("taken", ["compare", "conflict", "error"])
async def test_the_same_call_may_be_repeated_for_ever(taken: Taken) -> None:
    """Repeats, one after another and all at once, by a process and by the next, find the post and change nothing."""
    async with one_account(taken=taken) as scene:
        adapter = scene.open(**CLOSED)
        payload, key = await scene.payload(adapter), scene.key(adapter)
        first = await adapter.publish(payload, key)
        head = scene.repo.head
        again = scene.open()
        assert {first} == {await adapter.publish(payload, key), await again.publish(payload, key)}
        assert {first} == set(await asyncio.gather(*(again.publish(payload, key) for _ in range(4))))
        assert ([([], ["disableRule"])], head) == (scene.seen(), scene.repo.head)


@pytest.mark.parametrize(
    ("fault", "taken"),
    [
        *[(fault, "compare") for fault in ("drop", "cut", "garbage", "garbage-after", "error=500", "error-after=502")],
        *[("error-after=500", taken) for taken in ("compare", "conflict", "error")],
    ],
)
async def test_a_lost_answer_is_settled(fault: str, taken: Taken) -> None:
    """Wherever the answer is lost, the post is found or sent again: one post, and its gates with it from the start."""
    async with one_account(taken=taken) as scene:
        adapter = scene.open(**CLOSED)
        payload, key = await scene.payload(adapter), scene.key(adapter)
        scene.pds.faults.add(Fault.parse(fault))
        try:
            await adapter.publish(payload, key)
        except (Uncertain, Unavailable):
            answer = await scene.open().find(payload, key, {})
            assert isinstance(answer, Found) is bool(scene.seen())
            if isinstance(answer, Absent):
                await scene.open().publish(payload, key)
        assert [([], ["disableRule"])] == scene.seen()


async def test_a_post_whose_gates_were_left_behind_goes_out_again(scene: Scene) -> None:
    """Its owner has deleted the post, not its gates, and wants it out again: they are written over, and in effect."""
    adapter = scene.open(**CLOSED)
    payload, key = await scene.payload(adapter), scene.key(adapter)
    await adapter.publish(payload, key)
    scene.pds.delete_by_hand(HANDLE, key)
    assert {(THREADGATE, key), (POSTGATE, key)} == set(scene.repo.records)
    assert isinstance(await adapter.find(payload, key, {}), Absent)
    await adapter.publish(payload, key)
    assert [([], ["disableRule"])] == scene.seen()


async def test_another_record_at_the_key_stays(scene: Scene) -> None:
    """What somebody has put at the key is not overwritten, and gets no gate of ours."""
    adapter = scene.open(**CLOSED)
    payload, key = await scene.payload(adapter), scene.key(adapter)
    by_hand = {"$type": POSTS, "text": "By hand", "createdAt": "2026-11-23T00:00:00.000Z"}
    other = scene.open()
    await other.publish(Payload({**by_hand, "gates": []}), key)
    with pytest.raises(Rejected, match="Another record") as raised:
        await adapter.publish(payload, key)
    assert raised.value.instead is None
    assert [("By hand", None)] == [(post.text, post.extra["replies"]) for post in scene.pds.public()]


async def test_a_server_that_calls_a_taken_key_a_mistake() -> None:
    """A server may refuse a repeat as it refuses bad content: the post at the key is looked for before that counts."""

    @web.middleware
    async def call_it_a_mistake(request: web.Request, handler: Any) -> web.StreamResponse:
        answer: web.StreamResponse = await handler(request)
        if request.path == APPLY and answer.status == 500:
            return web.json_response({"error": "InvalidRequest", "message": "Key exists"}, status=400)
        return answer

    async with one_account(call_it_a_mistake) as scene:
        await _repeats_are_seen_through(scene)


async def _repeats_are_seen_through(scene: Scene) -> None:
    adapter = scene.open(**CLOSED)
    payload, key = await scene.payload(adapter), scene.key(adapter)
    receipt = await adapter.publish(payload, key)
    assert receipt == await adapter.publish(payload, key)
    too_long = Payload({**payload.body, "text": "x" * 301})
    with pytest.raises(Rejected, match="grapheme"):
        await adapter.publish(too_long, adapter.key(KeySeed(scene.did, "other", "publish", 0, 1, scene.at)))
    assert [([], ["disableRule"])] == scene.seen()


async def test_a_gate_is_never_left_out(scene: Scene) -> None:
    """A server that refuses a gate gets no post without it; one that refuses the card gets the post with its gates."""
    adapter = scene.open(**CLOSED)
    payload, key = await scene.payload(adapter), scene.key(adapter)
    gates = [{**gate, "createdAt": "yesterday"} for gate in payload.body["gates"]]
    with pytest.raises(Rejected, match="threadgate") as raised:
        await adapter.publish(Payload({**payload.body, "gates": gates}), key)
    assert raised.value.instead is None
    card = {**payload.body["embed"], "external": {**payload.body["embed"]["external"], "title": 5}}
    with pytest.raises(Rejected, match="embed") as raised:
        await adapter.publish(Payload({**payload.body, "embed": card}), key)
    assert raised.value.instead is not None
    assert "embed" not in raised.value.instead.body
    await adapter.publish(raised.value.instead, key)
    assert [([], ["disableRule"])] == scene.seen()


async def test_a_lost_picture_is_uploaded_again(scene: Scene) -> None:
    """A picture that the server has dropped meanwhile is mended in passing, as for a post without gates."""
    adapter = scene.open(**CLOSED)
    payload, key = await scene.payload(adapter, article(Picture(draw(1), "image/jpeg", 640, 320, "A chart"))), ""
    key = scene.key(adapter)
    scene.repo._blobs.clear()
    await adapter.publish(payload, key)
    (post,) = scene.pds.public()
    assert post.card is not None
    assert (True, []) == (post.card["picture"], post.extra["replies"])


async def test_what_an_older_version_froze_is_sent_as_it_is(scene: Scene) -> None:
    """A body that is the record itself is put as it always was, whatever the settings say now; and a frozen body keeps
    its gates when the settings have changed."""
    open_to_all, closed = scene.open(), scene.open(**CLOSED)
    old = Payload(json.loads((await scene.payload(open_to_all)).canonical()))
    await closed.publish(old, scene.key(closed))
    assert [(None, None)] == scene.seen()
    assert [PUT] == scene.calls()
    assert dict(old.body) == scene.repo.records[POSTS, scene.key(closed)].value
    new = Payload(json.loads((await scene.payload(closed)).canonical()))
    await open_to_all.publish(new, closed.key(KeySeed(scene.did, "other", "publish", 0, 1, scene.at)))
    assert sorted([(None, None), ([], ["disableRule"])], key=str) == sorted(scene.seen(), key=str)


async def test_gates_cost_their_points(scene: Scene) -> None:
    """The pace and the budget of a channel with gates are those of three records created, not of one put."""
    adapter, plain = scene.open(**CLOSED), scene.open()
    assert (Pace(555, 3600.0, "account"), Pace(3888, 86400.0, "account")) == adapter.paces
    assert (Pace(2500, 3600.0, "account"), Pace(17500, 86400.0, "account")) == plain.paces
    assert Pace(833, 3600.0, "account") == scene.open(quotes=False).paces[0]
    scene.pds._till.take([Charge(WRITES[0], scene.did, 4000)])
    await adapter.publish(await scene.payload(adapter), scene.key(adapter))
    (budget,) = scene.budgets
    assert (3600.0, 5000 // 9, (1000 - 9) // 9) == (budget.per_for, budget.limit, budget.remaining)
