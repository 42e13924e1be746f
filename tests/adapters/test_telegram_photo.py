"""Photos with captions on Telegram: sent once, found again where their answer was lost, and left out when refused."""

import io
import json
from dataclasses import replace

import pytest
from PIL import Image

from adapters.outcomes import Absent, AskAgain, ChannelDown, Found, Rejected, Uncertain
from adapters.post import Media, Part, Payload, Picture, Post
from adapters.sandbox.faults import Fault
from adapters.sandbox.publication import draw
from adapters.sandbox.telegram import TelegramSandbox
from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.standing import standing_of
from tests.adapters.test_telegram_adapter import CHAT, NOW, TOKEN
from tests.adapters.test_telegram_probe import LINK, POST, SEED, Opened, ask, methods, opened, sandbox

__all__ = ["opened", "sandbox"]

PICTURE = Picture(draw(1), "image/jpeg", 1200, 630, "A bridge")
WITH_PICTURE = replace(POST, picture=PICTURE)


def picture_of(width: int, height: int) -> bytes:
    """A grey picture."""
    data = io.BytesIO()
    Image.new("L", (width, height)).save(data, "JPEG")
    return data.getvalue()


async def payload_of(adapter: TelegramAdapter, post: Post = WITH_PICTURE) -> Payload:
    """A post with a photo, frozen and read back, as after a restart."""
    staged = await adapter.stage(adapter.compose(post, NOW))
    return Payload(json.loads(staged.canonical()), staged.media)


def as_files(payload: Payload, data: bytes) -> Payload:
    """The same with other bytes for a picture."""
    return replace(payload, media=(Media(data, "image/jpeg", "", 1, 1),))


async def test_a_photo_comes_out(sandbox: TelegramSandbox, opened: Opened) -> None:
    """The very bytes arrive, the text is their caption with its marks, there is no preview, and one call was made."""
    async with opened(picture="photo") as adapter:
        assert adapter.takes_picture
        receipt = await adapter.publish(await payload_of(adapter), adapter.key(SEED))
    (post,) = sandbox.public()
    assert (post.url, post.text, post.card) == (receipt.url, f"Åsa’s “story” 👍\n\n{LINK}", None)
    assert post.marks == (("bold", "Åsa’s “story” 👍"), ("link", LINK))
    assert post.extra["photo"] == ("image/jpeg", 1200, 630)
    photo = sandbox._chats[CHAT].messages[int(receipt.id)].photo
    assert photo is not None
    assert photo.data == PICTURE.data
    assert methods(sandbox).count("sendPhoto") == 1


async def test_without_a_picture_it_is_a_text(sandbox: TelegramSandbox, opened: Opened) -> None:
    """An article that has none goes out with a preview."""
    async with opened(picture="photo") as adapter:
        await adapter.publish(await payload_of(adapter, POST), adapter.key(SEED))
    (post,) = sandbox.public()
    assert (post.extra["photo"], post.card is not None, "sendPhoto" in methods(sandbox)) == (None, True, False)


async def test_by_default_there_is_no_photo(opened: Opened) -> None:
    """Nobody has asked for one."""
    async with opened() as adapter:
        assert not adapter.takes_picture
        assert (await payload_of(adapter)).media == ()


# ── refused ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"junk", "IMAGE_PROCESS_FAILED"),
        (PICTURE.data[:5000], "IMAGE_PROCESS_FAILED"),
        (b"", "file must be non-empty"),
        (picture_of(9990, 20), "PHOTO_INVALID_DIMENSIONS"),
        (picture_of(420, 20), "PHOTO_INVALID_DIMENSIONS"),
        (PICTURE.data + b"\0" * 10 * 2**20, "Request Entity Too Large"),
    ],
)
async def test_a_refused_photo_leaves_the_text(
    sandbox: TelegramSandbox, opened: Opened, data: bytes, words: str
) -> None:
    """Telegram does not take the picture: nothing is out, and what is sent instead is the same text with a preview."""
    async with opened(picture="photo") as adapter:
        payload = await payload_of(adapter)
        with pytest.raises(Rejected, match=words) as refused:
            await adapter.publish(as_files(payload, data), adapter.key(SEED))
        assert sandbox.public() == []
        instead = refused.value.instead
        assert instead is not None
        await adapter.publish(instead, adapter.key(SEED))
    (post,) = sandbox.public()
    assert (post.text, post.card and post.card["link"]) == (payload.body["text"], LINK)
    assert post.extra["photo"] is None


async def test_a_chat_that_takes_no_photos(sandbox: TelegramSandbox, opened: Opened) -> None:
    """The right to send photos is missing, the right to write is not: the channel is not down."""
    sandbox.forbid_photos(CHAT)
    async with opened(picture="photo") as adapter:
        with pytest.raises(Rejected, match="not enough rights to send photos") as refused:
            await adapter.publish(await payload_of(adapter), adapter.key(SEED))
        assert refused.value.instead is not None
        await adapter.publish(refused.value.instead, adapter.key(SEED))
    assert len(sandbox.public()) == 1


async def test_a_lost_right_to_post_still_stops_the_channel(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Whoever may not post at all is not helped by sending less."""
    async with opened(picture="photo") as adapter:
        payload = await payload_of(adapter)
        sandbox.set_status(TOKEN, CHAT, "kicked")
        with pytest.raises(ChannelDown):
            await adapter.publish(payload, adapter.key(SEED))


async def test_bytes_that_are_no_longer_kept(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Put back by a person long after, when the ledger has let go of the picture: nothing is sent, the text is next."""
    async with opened(picture="photo") as adapter:
        payload = replace(await payload_of(adapter), media=())
        sandbox.requests.clear()
        with pytest.raises(Rejected) as refused:
            await adapter.publish(payload, adapter.key(SEED))
        assert sandbox.requests == []
        assert refused.value.instead is not None
        await adapter.publish(refused.value.instead, adapter.key(SEED))
    assert len(sandbox.public()) == 1


# ── its answer was lost ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ops_chat", [True, False])
@pytest.mark.parametrize(("fault", "is_out"), [("cut", True), ("drop", False), ("error-after", True)])
async def test_a_lost_photo_is_found_or_proven_absent(
    sandbox: TelegramSandbox, opened: Opened, fault: str, is_out: bool, ops_chat: bool
) -> None:
    """By a forward, which shows its caption, or by the edit that changes nothing, which cares for no content."""
    changes = {} if ops_chat else {"ops_chat": None}
    async with opened(picture="photo", **changes) as adapter:
        payload = await payload_of(adapter)
        before = await adapter.publish(await payload_of(adapter, _another("before")), adapter.key(SEED))
        marker = await adapter.mark(before.id)
        sandbox.faults.add(Fault.parse(fault))
        with pytest.raises(Uncertain):
            await adapter.publish(payload, adapter.key(SEED))
        answer, _ = await ask(adapter, payload, marker)
    *_, last = sandbox.public("@news")
    assert isinstance(answer, Found if is_out else Absent)
    if isinstance(answer, Found):
        assert answer.receipt.url == last.url
        assert answer.seen == ("confirmed" if ops_chat else "accepted")
    assert sandbox.public(str(-1009876543210)) == []
    assert [post.extra["photo"] is not None for post in sandbox.public("@news")] == [True, True][: 1 + is_out]


async def test_another_photo_is_not_taken_for_it(sandbox: TelegramSandbox, opened: Opened) -> None:
    """A photo of another article, and one with this article's link under other words by somebody else."""
    async with opened(picture="photo") as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        marker = await adapter.mark(str(last))
        await adapter.publish(await payload_of(adapter, _another("other")), adapter.key(SEED))
        sandbox.write(CHAT, f"Read this: {LINK}")
        answer = await adapter.find(payload, "label", marker)
        while isinstance(answer, AskAgain):
            answer = await adapter.find(payload, "label", answer.marker)
    assert not isinstance(answer, Found)


async def test_the_next_post_proves_that_it_is_absent(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Photos take numbers as texts do: nothing came between two that follow one another."""
    async with opened(picture="photo") as adapter:
        first = await adapter.publish(await payload_of(adapter, _another("first")), adapter.key(SEED))
        marker = await adapter.mark(first.id)
        later = await adapter.publish(await payload_of(adapter, _another("later")), adapter.key(SEED))
        assert isinstance(adapter.infer(marker, later.id), Absent)
        assert [later.id] == [receipt.id for receipt in await adapter.notice(first.id)]


async def test_a_deleted_photo_has_vanished(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Its number leads to nothing; readers of one that is there see nothing of the question."""
    async with opened(picture="photo") as adapter:
        payload = await payload_of(adapter)
        receipt = await adapter.publish(payload, adapter.key(SEED))
        shown = sandbox.public()
        assert await adapter.confirm(payload, receipt) == "accepted"
        assert shown == sandbox.public()
        sandbox.remove(CHAT, int(receipt.id))
        assert await adapter.confirm(payload, receipt) == "vanished"


def _another(name: str) -> Post:
    link = f"https://news.example/{name}"
    return Post((Part("title", name), Part("text", "\n\n"), Part("link", link)), link, name, "", picture=PICTURE)


def test_members_who_may_send_no_photos_are_told() -> None:
    """A group that lets its members write, and send no photos, is no problem: the operator is told what will be."""
    chat = {"id": -100123, "title": "Readers", "type": "supergroup", "permissions": {"can_send_photos": False}}
    for photos in (True, False):
        standing = standing_of({"id": 1}, chat, {"status": "member"}, has_ops_chat=True, photos=photos)
        assert () == standing.problems
        assert photos == ("members may not send photos in Readers: posts will have a preview instead" in standing.notes)
