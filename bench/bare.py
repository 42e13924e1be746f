"""In a process of its own: CPU of the bare client library for N posts, in a loop, as a script would do it."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

from bench.stage import APP_PASSWORD, CHAT, HANDLE, MASTODON_TOKEN, SUMMARY, TOKEN

Send = Callable[[int], Awaitable[object]]


def text(number: int) -> str:
    return f"The bridge will be built, part {number}\n\n{SUMMARY}\n\nhttps://herald.example.org/articles/{number}"


async def telegram(address: str) -> Send:
    from telegram import Bot

    bot = Bot(TOKEN, base_url=address)
    await bot.initialize()

    async def send(number: int) -> object:
        return await bot.send_message(CHAT, text(number))

    return send


async def mastodon(address: str) -> Send:
    from mastodon import Mastodon

    client = Mastodon(access_token=MASTODON_TOKEN, api_base_url=address, ratelimit_method="throw")

    async def send(number: int) -> object:
        return client.status_post(text(number), idempotency_key=str(number))

    return send


async def bluesky(address: str) -> Send:
    from atproto_client import AsyncClient, models  # type: ignore[import-untyped]

    client = AsyncClient(base_url=address)
    session = await client.com.atproto.server.create_session({"identifier": HANDLE, "password": APP_PASSWORD})
    client.request.add_additional_header("Authorization", f"Bearer {session.access_jwt}")

    async def send(number: int) -> object:
        link = f"https://herald.example.org/articles/{number}"
        card = models.AppBskyEmbedExternal.External(uri=link, title=f"Part {number}", description=SUMMARY[:200])
        record = models.AppBskyFeedPost.Record(
            text=text(number)[:300],
            created_at=client.get_current_time_iso(),
            embed=models.AppBskyEmbedExternal.Main(external=card),
            langs=["en"],
        )
        data = models.ComAtprotoRepoCreateRecord.Data(repo=session.did, collection="app.bsky.feed.post", record=record)
        return await client.com.atproto.repo.create_record(data)

    return send


async def main(platform: str, address: str, posts: int) -> float:
    send = await {"telegram": telegram, "mastodon": mastodon, "bluesky": bluesky}[platform](address)
    await send(1_000_000)
    before = time.process_time()
    for number in range(posts):
        await send(number)
    return time.process_time() - before


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
