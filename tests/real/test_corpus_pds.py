"""Every awkward article on a real PDS: it takes each, and what it keeps is what was meant."""

import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from adapters.base import Context
from adapters.bluesky import PLATFORM, BlueskySettings
from adapters.outcomes import Rejected
from bot.render import Place, Renderer
from tests.conformance.stages import Sessions, seed
from tests.posts.checker import faults
from tests.posts.publishing import read, seen_on_bluesky
from tests.posts.test_awkward import CORPUS
from tests.real.pds.server import RealPds

pytestmark = pytest.mark.pds

_PAGE = 100


async def test_a_real_pds_takes_every_awkward_article(real_pds: RealPds) -> None:
    """None is refused, and in each record that it gives back limit, words, link and marks are as they were meant."""
    handle, main = f"news{secrets.token_hex(4)}.test", secrets.token_hex(8)
    did = await real_pds.create_account(handle, main)
    password = await real_pds.app_password(handle, main)
    fields = {"server": real_pds.url, "handle": handle, "app_password": password}
    adapter = PLATFORM.open(
        BlueskySettings.model_validate(fields),
        Context(lambda: datetime.now(UTC), os.urandom, set[str]().add, Sessions()),
    )
    renderer, at, refused, places = Renderer(), datetime.now(UTC), {}, {}
    try:
        for number, article in enumerate(CORPUS):
            post = renderer.post(read(article), Place("bluesky"))
            draft = adapter.compose(post, at + timedelta(seconds=number))
            try:
                receipt = await adapter.publish(await adapter.stage(draft), adapter.key(seed(article.name)))
            except Rejected as rejected:
                refused[article.name] = rejected.message
            else:
                places[article.name] = receipt.id
    finally:
        await adapter.close()
    assert {} == refused
    kept = await _kept(real_pds, did)
    wrong = {each.name: faults(seen_on_bluesky(kept[places[each.name]]), each.meant("bluesky")) for each in CORPUS}
    assert {} == {name: found for name, found in wrong.items() if found}


async def _kept(pds: RealPds, did: str) -> dict[str, dict[str, Any]]:
    """Place → record of every post of the account, as anybody reads it."""
    address = f"{pds.url}/xrpc/com.atproto.repo.listRecords"
    found: dict[str, dict[str, Any]] = {}
    query: dict[str, str | int] = {"repo": did, "collection": "app.bsky.feed.post", "limit": _PAGE}
    async with aiohttp.ClientSession() as client:
        while True:
            async with client.get(address, params=query) as answer:
                page = await answer.json()
            found |= {record["uri"]: record["value"] for record in page["records"]}
            if "cursor" not in page:
                return found
            query["cursor"] = page["cursor"]
