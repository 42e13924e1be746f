"""What is sent in place of a post that Telegram refuses for its content: strictly less each time, and then nothing."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.outcomes import Rejected
from adapters.post import Part, Payload, Post
from adapters.sandbox.telegram import TelegramSandbox
from adapters.sandbox.telegram_parsers import Refused
from adapters.telegram.compose import MAX_LENGTH, PHOTO, compose
from adapters.telegram.less import WITHOUT_PREVIEW, with_less
from adapters.telegram.probe import link_of
from tests.adapters.test_telegram_adapter import LINK, NOW, POST, Opened, opened, sandbox

__all__ = ["opened", "sandbox"]

BODY: Mapping[str, Any] = {"chat_id": 1, **compose(POST, NOW).body}
BARE = {**BODY, "entities": [], "link_preview_options": dict(WITHOUT_PREVIEW)}
HIDDEN = {**BODY, "text": "Title", "entities": [{"type": "text_link", "offset": 0, "length": 5, "url": LINK}]}


@pytest.mark.parametrize(
    ("refusal", "steps"),
    [
        ("Bad Request: WEBPAGE_URL_INVALID", [{"link_preview_options"}, {"entities"}]),
        ("Bad Request: ENTITIES_TOO_LONG", [{"entities"}, {"link_preview_options"}]),
        ("Bad Request: can't parse entities: text must be encoded", [{"entities"}, {"link_preview_options"}]),
        ("Bad Request: something that nobody has seen before", [{"link_preview_options"}, {"entities"}]),
        ("Bad Request: message is too long", []),
        ("Bad Request: text must be non-empty", []),
    ],
)
def test_one_thing_less_each_time(refusal: str, steps: list[set[str]]) -> None:
    """What was refused by name goes first, else the preview; what no leaving out can help is refused for good."""
    body, left_out = BODY, list[set[str]]()
    while (less := with_less(body, refusal)) is not None:
        left_out.append({name for name in body if body[name] != less[name]})
        body = less
    assert steps == left_out
    assert (BARE if steps else BODY) == body


@pytest.mark.parametrize("refusal", ["Bad Request: IMAGE_PROCESS_FAILED", "message caption is too long", "?"])
def test_first_without_the_photo(refusal: str) -> None:
    """Whatever is said of it, a photo goes first; what is left is the same text, with a preview of the article."""
    less = with_less({**BODY, "method": PHOTO}, refusal)
    assert less == BODY


def test_a_link_that_is_behind_the_text_comes_out() -> None:
    """A link that only the preview or a mark carried is put under the text, where it fits."""
    without = with_less(HIDDEN, "Bad Request: ENTITIES_TOO_LONG")
    assert without is not None
    assert ("Title", [], LINK) == (without["text"], without["entities"], link_of(without))
    bare = with_less(without, "Bad Request: WEBPAGE_URL_INVALID")
    assert bare is not None
    assert (f"Title\n\n{LINK}", LINK) == (bare["text"], link_of(bare))
    assert with_less({**without, "text": "x" * MAX_LENGTH}, "Bad Request: WEBPAGE_URL_INVALID") is None


@given(st.lists(st.sampled_from(["ENTITIES_TOO_LONG", "WEBPAGE_URL_INVALID", "what?", "message is too long"])))
def test_it_ends(refusals: list[str]) -> None:
    """Whatever is refused, after two times there is nothing left to leave out, and the link was there all along."""
    for start in (BODY, HIDDEN):
        body, count = start, 0
        for refusal in refusals:
            less = with_less(body, f"Bad Request: {refusal}")
            if less is not None:
                body, count = less, count + 1
            assert LINK == link_of(body)
            json.dumps(body)
        assert count <= 2


async def test_the_preview_is_refused(
    sandbox: TelegramSandbox, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal brings what to send instead, and that comes out, link and all; a text too long brings nothing."""
    monkeypatch.setattr(sandbox, "_pace", lambda _chat, _bot: _refuse())
    post = Post((Part("title", "Title"), Part("text", "\n\n"), Part("link", LINK)), LINK, "Title", "")
    async with opened() as adapter:
        with pytest.raises(Rejected) as raised:
            await adapter.publish(await adapter.stage(adapter.compose(post, NOW)), "")
        monkeypatch.undo()
        assert raised.value.instead is not None
        assert WITHOUT_PREVIEW == raised.value.instead.body["link_preview_options"]
        receipt = await adapter.publish(raised.value.instead, "")
        long = Payload({**raised.value.instead.body, "text": "x" * (MAX_LENGTH + 1)})
        with pytest.raises(Rejected) as refused:
            await adapter.publish(long, "")
    (shown,) = sandbox.public("@news")
    assert (shown.id, shown.card, LINK in shown.links) == (receipt.id, None, True)
    assert refused.value.instead is None


def _refuse() -> None:
    raise Refused(400, "WEBPAGE_URL_INVALID")
