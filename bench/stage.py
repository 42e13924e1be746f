"""The sandbox in a process of its own, so that its work is not counted: prints its addresses, ends with its stdin."""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta

from adapters.sandbox.bluesky import BlueskySandbox
from adapters.sandbox.mastodon import MastodonSandbox
from adapters.sandbox.publication import Publication
from adapters.sandbox.telegram import TelegramSandbox

TOKEN = "123456:" + "A" * 35
CHAT = -1001234567890
MASTODON_TOKEN = "mastodon-token-of-the-bench"
HANDLE, APP_PASSWORD = "herald.example.test", "abcd-efgh-ijkl-mnop"
SUMMARY = "The council has voted for the new bridge after a debate of six hours. " * 3


async def main(articles: int) -> None:
    telegram, mastodon, bluesky = (
        TelegramSandbox(paced=False),
        MastodonSandbox(paced=False),
        BlueskySandbox(paced=False),
    )
    publication = Publication(link_base="https://herald.example.org", newest=articles)
    for server in (telegram, mastodon, bluesky, publication):
        await server.start()
    telegram.add_bot(TOKEN)
    telegram.add_chat(CHAT, "herald", "The Herald", admins={TOKEN: {"can_post_messages"}})
    mastodon.add_account(MASTODON_TOKEN, "herald")
    bluesky.add_account(HANDLE, APP_PASSWORD)
    now = datetime.now(UTC)
    for number in range(articles):
        at = now - timedelta(seconds=articles - number)
        publication.publish(f"The bridge will be built, part {number}", SUMMARY, published_at=at)
    said = {
        "telegram": telegram.api_base,
        "mastodon": mastodon.url,
        "bluesky": bluesky.url,
        "feed": f"{publication.url}/feed.xml",
    }
    print(json.dumps(said), flush=True)
    loop = asyncio.get_running_loop()
    asked = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
    while line := await asked.readline():
        if line.strip() == b"polls":
            print(publication.count("/feed.xml"), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
