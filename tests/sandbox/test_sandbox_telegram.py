"""The Telegram sandbox: what a real Bot API server refuses, rewrites and shows, through python-telegram-bot."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from telegram import (
    Bot,
    ChatMemberAdministrator,
    ChatMemberLeft,
    LinkPreviewOptions,
    MessageEntity,
    MessageOriginChannel,
)
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.request import HTTPXRequest

from adapters.sandbox.faults import Fault
from adapters.sandbox.publication import draw
from adapters.sandbox.server import PublicPost
from adapters.sandbox.telegram import TelegramSandbox
from adapters.sandbox.telegram_parsers import Plain, Refused, Tdlib, best_parser
from adapters.sandbox.telegram_text import fix_text, read_text

TOKEN = "123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"
OTHER = "654321:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw2"
NEWS = -1001111111111
CLOSED = -1002222222222
OPS = -1003333333333
BOLD = MessageEntity("bold", 0, 5)


class Clock:
    """Simulated time."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    """The sandbox's time."""
    return Clock()


@pytest.fixture
async def sandbox(clock: Clock) -> AsyncIterator[TelegramSandbox]:
    """A public and a private channel, and a group for the operators."""
    server = TelegramSandbox(now=clock)
    server.add_bot(TOKEN)
    server.add_bot(OTHER, "other_bot")
    server.add_chat(NEWS, "news", "Example News", admins={TOKEN: {"can_post_messages"}})
    server.add_chat(CLOSED, None, "Members only", admins={TOKEN: {"can_post_messages"}})
    server.add_chat(OPS, None, "Operators", "supergroup", members=[TOKEN])
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def bot(sandbox: TelegramSandbox, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """The bot that may post."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # else RetryAfter warns of a future change when it is made
    async with Bot(TOKEN, base_url=sandbox.api_base) as client:
        yield client


@asynccontextmanager
async def stranger(sandbox: TelegramSandbox, token: str) -> AsyncIterator[Bot]:
    """A bot that does not ask who it is first; unlike the library's, its lines are closed all the same."""
    requests = HTTPXRequest(), HTTPXRequest()
    yield Bot(token, base_url=sandbox.api_base, request=requests[0], get_updates_request=requests[1])
    for request in requests:
        await request.shutdown()


async def raw(
    sandbox: TelegramSandbox, path: str, method: str = "POST", **kwargs: Any
) -> tuple[int, dict[str, Any], str | None]:
    """A request without a library: status, body, Retry-After."""
    async with aiohttp.ClientSession() as client, client.request(method, sandbox.url + path, **kwargs) as answer:
        return answer.status, await answer.json(), answer.headers.get("Retry-After")


def link(text: str, marked: str, url: str) -> MessageEntity:
    """A text_link over `marked`, counted in UTF-16 units."""
    start = len(text[: text.index(marked)].encode("utf-16-le")) // 2
    return MessageEntity("text_link", start, len(marked.encode("utf-16-le")) // 2, url=url)


# ── who and where ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_am_i_and_what_may_i_do(bot: Bot) -> None:
    """getMe, getChat, getChatMember and getChatAdministrators give objects that the library can read."""
    me = await bot.get_me()
    assert (me.id, me.username, me.is_bot) == (123456, "handbill_bot", True)
    chat = await bot.get_chat("@NEWS")
    assert (chat.id, chat.type, chat.title, chat.username) == (NEWS, "channel", "Example News", "news")
    member = await bot.get_chat_member(NEWS, me.id)
    assert isinstance(member, ChatMemberAdministrator)
    assert (member.can_post_messages, member.can_edit_messages, member.can_delete_messages) == (True, False, False)
    owner, admin = await bot.get_chat_administrators(NEWS)
    assert ("creator", me.id) == (owner.status, admin.user.id)


@pytest.mark.parametrize(
    ("token", "status", "description"),
    [
        ("123456:short", 404, "Not Found"),
        ("nonsense", 404, "Not Found"),
        ("999999:CCHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw3", 401, "Unauthorized"),
    ],
)
async def test_unknown_tokens(sandbox: TelegramSandbox, token: str, status: int, description: str) -> None:
    """A malformed token is not found, a well-formed unknown one is unauthorized; the library calls both invalid."""
    body = {"ok": False, "error_code": status, "description": description}
    assert (status, body, None) == await raw(sandbox, f"/bot{token}/getMe")
    async with stranger(sandbox, token) as client:
        with pytest.raises(InvalidToken):
            await client.get_me()


async def test_revoked_token(sandbox: TelegramSandbox, bot: Bot) -> None:
    """A revoked token is refused from then on, and nothing is posted."""
    sandbox.revoke(TOKEN)
    with pytest.raises(InvalidToken):
        await bot.send_message(NEWS, "hello")
    assert sandbox.public() == []


async def test_unknown_methods_and_paths(sandbox: TelegramSandbox) -> None:
    """What is not there is a 404 in the server's own form; method names are read without regard to case."""
    assert _told(await raw(sandbox, f"/bot{TOKEN}/sendHologram")) == (404, "Not Found: method not found")
    assert _told(await raw(sandbox, "/robots.txt")) == (404, "Not Found")
    assert (await raw(sandbox, f"/bot{TOKEN}/GETME"))[0] == 200


def _told(answer: tuple[int, dict[str, Any], str | None]) -> tuple[int, str]:
    status, body, _retry_after = answer
    assert (False, status) == (body["ok"], body["error_code"])
    return status, body["description"]


async def test_rights(sandbox: TelegramSandbox, bot: Bot) -> None:
    """A bot without the right, outside, kicked or never invited gets the server's own refusals, and posts nothing."""
    sandbox.grant(TOKEN, NEWS, "can_edit_messages")
    with pytest.raises(BadRequest, match=r"^Need administrator rights in the channel chat$"):
        await bot.send_message(NEWS, "x")
    sandbox.set_status(TOKEN, NEWS, "left")
    with pytest.raises(Forbidden, match=r"^Forbidden: bot is not a member of the channel chat$"):
        await bot.send_message(NEWS, "x")
    assert isinstance(await bot.get_chat_member(NEWS, bot.id), ChatMemberLeft)
    sandbox.set_status(TOKEN, NEWS, "kicked")
    with pytest.raises(Forbidden, match=r"^Forbidden: bot was kicked from the channel chat$"):
        await bot.get_chat(NEWS)
    with pytest.raises(BadRequest, match=r"^Chat not found$"):
        await bot.send_message("@nobody", "x")
    async with stranger(sandbox, OTHER) as other:
        with pytest.raises(BadRequest, match=r"^Chat not found$"):
            await other.send_message(CLOSED, "x")
        with pytest.raises(BadRequest, match=r"^Member list is inaccessible$"):
            await other.get_chat_administrators("@news")
    assert sandbox.public() == []


async def test_private_chats(sandbox: TelegramSandbox, bot: Bot) -> None:
    """A bot writes only to people who have started it and have not blocked it."""
    sandbox.add_chat(42, None, "Ada", "private")
    with pytest.raises(BadRequest, match=r"^Chat not found$"):
        await bot.send_message(42, "x")
    sandbox.set_status(TOKEN, 42, "member")
    message = await bot.send_message(42, "hello")
    assert (message.message_id, message.chat.id, message.chat.type) == (1, 42, "private")
    sandbox.set_status(TOKEN, 42, "kicked")
    with pytest.raises(Forbidden, match=r"^Forbidden: bot was blocked by the user$"):
        await bot.send_message(42, "x")
    assert [post.text for post in sandbox.public("42")] == ["hello"]


# ── text ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_post_as_readers_see_it(sandbox: TelegramSandbox, bot: Bot, clock: Clock) -> None:
    """Text, links, marks, card and address of a post are what was sent, and the library reads the same back."""
    text = "😀 Title\n\nSummary of https://example.org/b"
    url = "https://example.org/a?x=1"
    message = await bot.send_message(
        NEWS,
        text,
        entities=[MessageEntity("bold", 3, 5), link(text, "Summary", url)],
        link_preview_options=LinkPreviewOptions(url=url, prefer_large_media=True, show_above_text=True),
        disable_notification=True,
    )
    expected = PublicPost(
        platform="telegram",
        place="@news",
        id="2",
        text=text,
        links=(url, "https://example.org/b"),
        at=clock.at,
        url="https://t.me/news/2",
        card={"title": "", "description": "", "link": url, "picture": False},
        marks=(("bold", "Title"), ("link", "Summary"), ("link", "https://example.org/b")),
        extra={
            "chat_id": NEWS,
            "silent": True,
            "forwarded": False,
            "preview": {"url": url, "prefer_large_media": True, "show_above_text": True},
            "photo": None,
        },
    )
    assert [expected] == sandbox.public("@news") == sandbox.public(str(NEWS)) == sandbox.public()
    assert (2, text, int(clock.at)) == (message.message_id, message.text, int(message.date.timestamp()))
    assert [entity.type for entity in message.entities] == ["bold", "text_link", "url"]
    assert message.sender_chat is not None
    assert (message.sender_chat.id, message.link) == (NEWS, "https://t.me/news/2")
    assert message.link_preview_options == LinkPreviewOptions(url=url, prefer_large_media=True, show_above_text=True)


async def test_text_is_rewritten(sandbox: TelegramSandbox, bot: Bot) -> None:
    """Control characters become spaces, some marks vanish, the ends are trimmed; entities move along."""
    message = await bot.send_message(NEWS, " \n  a\tb\u030ac \u2028d_*e* \r\n ", entities=[MessageEntity("bold", 6, 3)])
    assert "a bc d_*e*" == message.text == sandbox.public()[0].text
    assert list(sandbox.public()[0].marks) == [("bold", "bc")]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (" \n\t\r", "Text must be non-empty"),
        ("\u200b\u202e", "Text must be non-empty"),
        ("x" * 4097, "Message is too long"),
        ("😀" * 4097, "Message is too long"),
        ("ä" * 16385, "Text is too long"),
    ],
)
async def test_refused_texts(sandbox: TelegramSandbox, bot: Bot, text: str, refusal: str) -> None:
    """Empty and overlong texts are refused in the server's words."""
    with pytest.raises(BadRequest, match=f"^{refusal}$"):
        await bot.send_message(NEWS, text)
    assert sandbox.public() == []


@pytest.mark.parametrize("text", ["x" * 4096, "😀" * 4096, " " + "x" * 4096 + "\n", "é" * 4096])
async def test_the_limit_counts_code_points_after_rewriting(sandbox: TelegramSandbox, bot: Bot, text: str) -> None:
    """4096 characters fit, whatever they weigh in UTF-16 or bytes, and trimmed ones do not count."""
    message = await bot.send_message(NEWS, text)
    assert text.strip() == message.text


@pytest.mark.parametrize(
    ("entity", "refusal"),
    [
        ({"type": "bold", "offset": 1, "length": 1}, "entity begins in a middle of a UTF-16 symbol at byte offset 4"),
        (
            {"type": "bold", "offset": 0, "length": 1},
            "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 4",
        ),
        (
            {"type": "bold", "offset": 0, "length": 99},
            "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 99",
        ),
        ({"type": "bold", "offset": 9, "length": 1}, "entity begins after the end of the text at UTF-16 offset 9"),
        ({"type": "bold", "offset": -1, "length": 1}, "receive an entity with incorrect offset -1"),
        ({"type": "loud", "offset": 0, "length": 2}, "can't parse MessageEntity: Unsupported type specified"),
        ({"type": "bold", "offset": 0}, "can't parse MessageEntity: Can't find field \"length\""),
        ({"type": "text_link", "offset": 0, "length": 2}, "can't parse MessageEntity: Can't find field \"url\""),
        (
            {"type": "text_link", "offset": 0, "length": 2, "url": "http://localhost/x"},
            "entity URL 'http://localhost/x' is invalid: Wrong HTTP URL",
        ),
    ],
)
@pytest.mark.parametrize("parser", [best_parser(), Plain()], ids=lambda parser: str(parser.name))
async def test_refused_entities(
    sandbox: TelegramSandbox, parser: Tdlib | Plain, entity: dict[str, Any], refusal: str
) -> None:
    """Wrong entities are refused in the server's words, by Telegram's own parser and by the plain one alike."""
    sandbox._parser = parser
    body = {"chat_id": NEWS, "text": "😀abc", "entities": [entity]}
    assert (400, f"Bad Request: {refusal}") == _told(await raw(sandbox, f"/bot{TOKEN}/sendMessage", json=body))
    assert sandbox.public() == []


@pytest.mark.parametrize("parser", [Tdlib, Plain])
def test_the_two_parsers_agree(parser: type[Tdlib] | type[Plain]) -> None:
    """On what an adapter sends, text and entities come out the same with and without Telegram's own parser."""
    chosen = Plain() if parser is Plain else best_parser()
    text = "  A <b>\ttitle\u030a*_ 👩‍👩‍👧\r\n\nSee https://example.org/a_(b) and more  "
    start = text.index("A")
    entities = [
        {"type": "bold", "offset": start, "length": 13},
        {"type": "text_link", "offset": text.index("See"), "length": 3, "url": "https://example.org/c"},
    ]
    shown, marks = fix_text(chosen, *read_text(chosen, text, "", json.dumps(entities)))
    assert shown == "A <b> title*_ 👩‍👩‍👧\n\nSee https://example.org/a_(b) and more"
    assert marks[0] == {"type": "bold", "offset": 0, "length": 12}
    assert "https://example.org/c" in [mark.get("url") for mark in marks]


async def test_no_more_than_100_entities(sandbox: TelegramSandbox, bot: Bot) -> None:
    """The 101st entity is dropped without a word."""
    await bot.send_message(NEWS, "ab" * 101, entities=[MessageEntity("bold", 2 * i, 1) for i in range(101)])
    assert len(sandbox.public()[0].marks) == 100


async def test_too_many_entity_bytes(bot: Bot) -> None:
    """Addresses of ten kilobytes in all are refused."""
    url = "https://example.org/" + "x" * 1200
    with pytest.raises(BadRequest, match=r"(?i)^ENTITIES_TOO_LONG$"):
        await bot.send_message(
            NEWS, "abcdefghij", entities=[MessageEntity("text_link", i, 1, url=url) for i in range(9)]
        )


async def test_parse_modes(sandbox: TelegramSandbox, bot: Bot) -> None:
    """HTML and MarkdownV2 are read by Telegram's own parser: entities as there, refusals as there."""
    assert sandbox.parser == "tdjson"
    await bot.send_message(NEWS, '<b>Ti&amp;tle</b>&nbsp;<a href="https://example.org">x</a>', parse_mode="HTML")
    await bot.send_message(NEWS, r"*Title\!* [x](https://example.org)", parse_mode="MarkdownV2")
    first, second = sandbox.public()
    assert (first.text, second.text) == ("Ti&tle&nbsp;x", "Title! x")
    assert ("https://example.org/",) == first.links == second.links
    for text, mode, refusal in [
        ("<p>x</p>", "HTML", 'Can\'t parse entities: unsupported start tag "p" at byte offset 0'),
        ("a.b", "MarkdownV2", r"Can't parse entities: character '\.' is reserved"),
        ("x", "BBCode", "Unsupported parse_mode"),
    ]:
        with pytest.raises(BadRequest, match=f"(?i)^{refusal}"):
            await bot.send_message(NEWS, text, parse_mode=mode)
    assert len(sandbox.public()) == 2


def test_the_plain_parser_says_what_it_cannot_do() -> None:
    """Without Telegram's own parser, a parse mode is refused with the mend."""
    with pytest.raises(Refused, match="install the package tdjson"):
        read_text(Plain(), "<b>x</b>", "HTML", "")


@pytest.mark.parametrize(
    ("options", "card", "shown"),
    [
        (None, "https://example.org/a", None),
        ({"is_disabled": True}, None, {"is_disabled": True}),
        ({"url": "https://example.org/c"}, "https://example.org/c", {"url": "https://example.org/c"}),
        ({"prefer_large_media": True}, "https://example.org/a", None),
        ({"show_above_text": True}, "https://example.org/a", {"show_above_text": True}),
    ],
)
async def test_link_previews(
    sandbox: TelegramSandbox, options: dict[str, Any] | None, card: str | None, shown: dict[str, Any] | None
) -> None:
    """The preview is of the address named, else of the first in the text; media sizes count only for a named one."""
    body: dict[str, Any] = {"chat_id": "@news", "text": "See https://example.org/a and https://example.org/b"}
    if options is not None:
        body["link_preview_options"] = json.dumps(options)
    _status, answer, _retry_after = await raw(sandbox, f"/bot{TOKEN}/sendMessage", data=body)
    assert shown == answer["result"].get("link_preview_options")
    shown_card = sandbox.public()[0].card
    assert card == (shown_card["link"] if shown_card else None)


@pytest.mark.parametrize("form", ["query", "form", "multipart", "json"])
async def test_every_form_of_request(sandbox: TelegramSandbox, form: str) -> None:
    """Parameters are read from the address, urlencoded, multipart and JSON bodies."""
    fields = {"chat_id": str(NEWS), "text": "Grüße & 😀", "entities": json.dumps([BOLD.to_dict()])}
    multipart = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        multipart.add_field(name, value)
    forms: dict[str, dict[str, Any]] = {
        "query": {"method": "GET", "params": fields},
        "form": {"data": fields},
        "multipart": {"data": multipart},
        "json": {"json": fields | {"chat_id": NEWS, "entities": [BOLD.to_dict()]}},
    }
    status, body, _retry_after = await raw(sandbox, f"/bot{TOKEN}/sendMessage", **forms[form])
    assert (status, body["result"]["text"]) == (200, "Grüße & 😀")
    assert list(sandbox.public()[0].marks) == [("bold", "Grüße")]


# ── message ids, reading back, editing, deleting ──────────────────────────────────────────────────────────────────


async def test_message_ids_count_everything(sandbox: TelegramSandbox, bot: Bot) -> None:
    """One counter per chat: the chat's making, people's posts and deleted ones use it up; refused ones do not."""
    first = await bot.send_message(NEWS, "one")
    by_hand = sandbox.write(NEWS, "by hand")
    sandbox.remove(NEWS, by_hand)
    with pytest.raises(BadRequest):
        await bot.send_message(NEWS, " ")
    second = await bot.send_message(NEWS, "two")
    other_chat = await bot.send_message(CLOSED, "elsewhere")
    assert [first.message_id, by_hand, second.message_id, other_chat.message_id] == [2, 3, 4, 2]
    assert [post.text for post in sandbox.public()] == ["one", "two", "elsewhere"]
    assert sandbox.public()[2].url == "https://t.me/c/2222222222/2"


async def test_the_same_request_twice_is_two_posts(sandbox: TelegramSandbox, bot: Bot) -> None:
    """Telegram has no idempotency."""
    for _ in range(2):
        await bot.send_message(NEWS, "again")
    assert [post.text for post in sandbox.public()] == ["again", "again"]


async def test_forwarding_reads_a_post(sandbox: TelegramSandbox, bot: Bot) -> None:
    """A forward shows text, entities and origin of a post; an id that is not there is not found."""
    posted = await bot.send_message(NEWS, "Title", entities=[BOLD])
    forwarded = await bot.forward_message(OPS, NEWS, posted.message_id)
    origin = forwarded.forward_origin
    assert isinstance(origin, MessageOriginChannel)
    assert (NEWS, 2, posted.date) == (origin.chat.id, origin.message_id, origin.date)
    assert (forwarded.text, forwarded.entities[0].type) == ("Title", "bold")
    assert [post.extra["forwarded"] for post in sandbox.public(str(OPS))] == [True]
    assert len(sandbox.public()) == 1
    for missing in (3, 99):
        with pytest.raises(BadRequest, match=r"^Message to forward not found$"):
            await bot.forward_message(OPS, NEWS, missing)


async def test_a_photo_as_readers_see_it(sandbox: TelegramSandbox, bot: Bot) -> None:
    """Its caption is the message's text with marks, it has no preview, and a forward of it is one with the caption."""
    caption = "Title\n\nhttps://example.org/a"
    message = await bot.send_photo(NEWS, draw(1), caption=caption, caption_entities=[MessageEntity("bold", 0, 5)])
    (post,) = sandbox.public("@news")
    assert (post.text, post.card, post.extra["photo"]) == (caption, None, ("image/jpeg", 1200, 630))
    assert post.marks == (("bold", "Title"), ("link", "https://example.org/a"))
    assert (message.text, message.caption) == (None, caption)
    assert [(size.width, size.height) for size in message.photo] == [(1200, 630)]
    copy = await bot.forward_message(OPS, NEWS, message.message_id)
    assert (copy.caption, copy.caption_entities, copy.photo) == (caption, message.caption_entities, message.photo)
    with pytest.raises(BadRequest, match=r"(?i)there is no live location in the message to edit"):
        await bot.stop_message_live_location(NEWS, message.message_id)


@pytest.mark.parametrize(
    ("photo", "caption", "refusal"),
    [
        (b"GIF89a", None, "IMAGE_PROCESS_FAILED"),
        (draw(1), "x" * 1025, "Message caption is too long"),
        ("https://example.org/p.jpg", None, "There is no photo in the request"),
    ],
)
async def test_refused_photos(
    sandbox: TelegramSandbox, bot: Bot, photo: bytes | str, caption: str | None, refusal: str
) -> None:
    """What is no picture, too many words for a caption, and an address, of which this server knows nothing."""
    with pytest.raises(BadRequest, match=f"(?i){refusal}"):
        await bot.send_photo(NEWS, photo, caption=caption)
    assert sandbox.public() == []


async def test_a_caption_may_be_long_or_missing(sandbox: TelegramSandbox, bot: Bot) -> None:
    """1024 characters, counted in code points, or none."""
    for caption in ("🎉" * 1024, None, " \n "):
        await bot.send_photo(NEWS, draw(1), caption=caption)
    assert ["🎉" * 1024, "", ""] == [post.text for post in sandbox.public()]


async def test_protected_posts_cannot_be_forwarded(bot: Bot) -> None:
    """Neither a protected post nor the service message that began the channel can be forwarded."""
    posted = await bot.send_message(NEWS, "secret", protect_content=True)
    with pytest.raises(BadRequest, match=r"^Message has protected content and can't be forwarded$"):
        await bot.forward_message(OPS, NEWS, posted.message_id)
    with pytest.raises(BadRequest, match=r"^Message can't be forwarded$"):
        await bot.forward_message(OPS, NEWS, 1)


async def test_the_edit_probe(sandbox: TelegramSandbox, bot: Bot) -> None:
    """An edit of a keyboard that is not there tells own, others' and missing posts apart, and changes nothing."""
    own = await bot.send_message(NEWS, "own")
    before = sandbox.public()
    for message_id, told in [
        (own.message_id, "Message is not modified"),
        (sandbox.write(NEWS, "by hand"), "Message can't be edited$"),
        (99, "Message to edit not found$"),
    ]:
        with pytest.raises(BadRequest, match=f"^{told}"):
            await bot.edit_message_reply_markup(NEWS, message_id)
    assert before == sandbox.public()[:1]


async def test_an_edit_of_a_location_that_is_none(sandbox: TelegramSandbox, bot: Bot) -> None:
    """Ending a live location tells own, others' and missing messages apart, too, and leaves buttons alone; with the
    right to edit all, own and others' look the same."""
    own, by_hand = (await bot.send_message(NEWS, "own")).message_id, sandbox.write(NEWS, "by hand")
    buttons = {"inline_keyboard": [[{"text": "Discuss", "url": "https://discuss.example/"}]]}
    sandbox._chats[NEWS].messages[own].markup = buttons
    none = "There is no live location in the message to edit"
    for message_id, told in [
        (own, none),
        (by_hand, "Message can't be edited"),
        (sandbox.happen(NEWS), "Message can't be edited"),
        (99, "Message to edit not found"),
    ]:
        with pytest.raises(BadRequest, match=f"^{told}$"):
            await bot.stop_message_live_location(NEWS, message_id)
    assert buttons == sandbox._chats[NEWS].messages[own].markup
    sandbox.grant(TOKEN, NEWS, "can_post_messages", "can_edit_messages")
    with pytest.raises(BadRequest, match=f"^{none}$"):
        await bot.stop_message_live_location(NEWS, by_hand)


async def test_a_protected_channel(sandbox: TelegramSandbox, bot: Bot) -> None:
    """Nothing is forwarded out of it, which the chat says of itself; what is missing is missing all the same."""
    posted = await bot.send_message(NEWS, "secret")
    sandbox.protect(NEWS)
    assert (await bot.get_chat(NEWS)).has_protected_content
    with pytest.raises(BadRequest, match=r"^Message has protected content and can't be forwarded$"):
        await bot.forward_message(OPS, NEWS, posted.message_id)
    with pytest.raises(BadRequest, match=r"^Message to forward not found$"):
        await bot.forward_message(OPS, NEWS, 99)
    sandbox.protect(NEWS, on=False)
    assert "secret" == (await bot.forward_message(OPS, NEWS, posted.message_id)).text


async def test_the_server_remembers_what_was_deleted_for_half_an_hour(
    sandbox: TelegramSandbox, bot: Bot, clock: Clock
) -> None:
    """Where it caches, a post that is gone is still forwarded, until it is forgotten; readers do not see it."""
    sandbox.caches = True
    posted = await bot.send_message(NEWS, "gone")
    sandbox.remove(NEWS, posted.message_id)
    assert [] == sandbox.public()
    assert "gone" == (await bot.forward_message(OPS, NEWS, posted.message_id)).text
    clock.at += 1800
    with pytest.raises(BadRequest, match=r"^Message to forward not found$"):
        await bot.forward_message(OPS, NEWS, posted.message_id)


async def test_what_others_do_takes_numbers(sandbox: TelegramSandbox, bot: Bot) -> None:
    """A person's post, a forward by hand, a service message and a deleted post each use up one; a forward keeps the
    first place that it came from."""
    elsewhere = await bot.send_message(CLOSED, "from elsewhere")
    by_hand, copied = sandbox.write(NEWS, "by hand"), sandbox.copy_in(NEWS, CLOSED, elsewhere.message_id)
    happened, gone = sandbox.happen(NEWS), sandbox.write(NEWS, "gone")
    sandbox.remove(NEWS, gone)
    assert [2, 3, 4, 5, 6] == [by_hand, copied, happened, gone, (await bot.send_message(NEWS, "own")).message_id]
    origin = (await bot.forward_message(OPS, NEWS, copied)).forward_origin
    assert isinstance(origin, MessageOriginChannel)
    assert (CLOSED, elsewhere.message_id) == (origin.chat.id, origin.message_id)


async def test_deleting(sandbox: TelegramSandbox, bot: Bot, clock: Clock) -> None:
    """A bot deletes its own posts for 48 hours, and others' not without the right."""
    young = await bot.send_message(NEWS, "young")
    assert await bot.delete_message(NEWS, young.message_id)
    with pytest.raises(BadRequest, match=r"^Message to delete not found$"):
        await bot.delete_message(NEWS, young.message_id)
    by_hand = sandbox.write(NEWS, "by hand")
    with pytest.raises(BadRequest, match=r"^Message can't be deleted$"):
        await bot.delete_message(NEWS, by_hand)
    old = await bot.send_message(NEWS, "old")
    clock.at += 48 * 3600
    with pytest.raises(BadRequest, match=r"^Message can't be deleted$"):
        await bot.delete_message(NEWS, old.message_id)
    assert [post.text for post in sandbox.public()] == ["by hand", "old"]


# ── limits and faults ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_twenty_a_minute(sandbox: TelegramSandbox, bot: Bot, clock: Clock) -> None:
    """The 21st post of a minute is told to wait, in body and header, and not executed; another chat still takes one."""
    for number in range(20):
        clock.at += 1
        await bot.send_message(NEWS, str(number))
    body = {"chat_id": NEWS, "text": "early"}
    status, answer, retry_after = await raw(sandbox, f"/bot{TOKEN}/sendMessage", json=body)
    assert (status, retry_after) == (429, "41")
    assert answer == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 41",
        "parameters": {"retry_after": 41},
    }
    with pytest.raises(RetryAfter, match="Retry in 0:00:41"):
        await bot.send_message(NEWS, "early")
    await bot.send_message(CLOSED, "elsewhere")
    clock.at += 41
    message = await bot.send_message(NEWS, "in time")
    assert (message.message_id, len(sandbox.public("@news"))) == (22, 21)


async def test_thirty_a_second(clock: Clock) -> None:
    """The 31st post of a token in one second waits, however many chats it goes to; unpaced, nothing does."""
    for paced, expected in [(True, 429), (False, 200)]:
        server = TelegramSandbox(now=clock, paced=paced)
        server.add_bot(TOKEN)
        for number in range(31):
            server.add_chat(-1000 - number, None, "Chat", admins={TOKEN: {"can_post_messages"}})
        await server.start()
        answers = [
            await raw(server, f"/bot{TOKEN}/sendMessage", json={"chat_id": -1000 - number, "text": "x"})
            for number in range(31)
        ]
        assert [200] * 30 + [expected] == [status for status, _body, _retry_after in answers]
        await server.stop()


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("error", (NetworkError, "Internal Server Error", 0)),
        ("error=502", (NetworkError, "Bad Gateway", 0)),
        ("error=403", (Forbidden, "Forbidden", 0)),
        ("wait=7", (RetryAfter, "Retry in 0:00:07", 0)),
        ("drop", (NetworkError, "disconnected", 0)),
        ("cut", (NetworkError, "disconnected", 1)),
        ("hang", (TimedOut, "Timed out", 0)),
        ("late=60", (TimedOut, "Timed out", 1)),
        ("garbage", (Exception, "Invalid server response", 0)),
        ("garbage-after", (Exception, "Invalid server response", 1)),
        ("error-after=500", (NetworkError, "Internal Server Error", 1)),
    ],
)
async def test_faults(sandbox: TelegramSandbox, bot: Bot, fault: str, outcome: tuple[Any, ...]) -> None:
    """Each scripted fault of sendMessage reaches the library as its own error, and posts exactly when it says so."""
    error, told, posts = outcome
    sandbox.faults.add(Fault.parse(fault))
    with pytest.raises(error, match=told):
        await bot.send_message(NEWS, "x", read_timeout=0.2)
    assert posts == len(sandbox.public())
    await bot.send_message(NEWS, "y")
    assert posts + 1 == len(sandbox.public())


async def test_faults_of_other_calls(sandbox: TelegramSandbox, bot: Bot) -> None:
    """getMe is the call "auth", look-ups are "read": faults strike them apart from posting."""
    sandbox.faults.add(Fault.parse("error@auth"), Fault.parse("wait=3@read"))
    await bot.send_message(NEWS, "x")
    with pytest.raises(NetworkError):
        await bot.get_me()
    with pytest.raises(RetryAfter):
        await bot.get_chat(NEWS)


async def test_posts_are_shown_as_they_come_out(sandbox: TelegramSandbox, bot: Bot) -> None:
    """A watcher sees a channel's posts at their commit, and no forwards in other chats."""
    seen: list[PublicPost] = []
    sandbox.on_post = seen.append
    posted = await bot.send_message(NEWS, "x")
    await bot.forward_message(OPS, NEWS, posted.message_id)
    assert sandbox.public() == seen
