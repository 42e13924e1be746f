"""What a delivery is sent as: its payload, composed and staged once and then frozen, and the key that protects it."""

import json

from adapters.base import Adapter, KeySeed
from adapters.post import Payload
from adapters.shaping import Shape
from bot.channel import Channel
from bot.doors import Doors
from bot.doubt import PAYLOADS
from bot.ledger import backlog
from bot.model import Article, Delivery
from bot.patience import shortly
from bot.pictures import find_picture
from bot.render import Place, Renderer


class Payloads:
    """Of one channel."""

    def __init__(self, channel: Channel, adapter: Adapter, doors: Doors, renderer: Renderer, shape: Shape) -> None:
        self._channel = channel
        self._adapter = adapter
        self._doors = doors
        self._renderer = renderer
        self._shape = shape

    async def of(self, delivery: Delivery, article: Article) -> tuple[Payload, str]:
        """The frozen payload and its key; composed and staged, if this is the first time."""
        if delivery.body is not None:
            return await self.frozen(delivery), self._key_of_frozen(delivery, article)
        picture = (await find_picture(self._doors, article)).picture if self._adapter.takes_picture else None
        place = Place(self._adapter.platform, self._channel.name, self._shape)
        post = self._renderer.post(article, place, picture)
        draft = self._adapter.compose(post, self._doors.clock.now())
        payload = await shortly(self._doors.clock, lambda: self._adapter.stage(draft))
        return payload, self._key(delivery, article, delivery.payload_number)

    def _key_of_frozen(self, delivery: Delivery, article: Article) -> str:
        """The key that it has, unless a refusal took it or the platform has forgotten it: whatever is pending here is
        proven not to be out, so that a new one does no harm. Where the clock was set back, nobody knows its age."""
        if delivery.key is None:
            return self._key(delivery, article, delivery.payload_number)
        good_for, since = self._adapter.key_good_for, delivery.first_attempt_at
        if good_for is None or since is None or 0 <= (self._doors.clock.now() - since).total_seconds() <= good_for:
            return delivery.key
        return self._key(delivery, article, delivery.payload_number + 1)

    def _key(self, delivery: Delivery, article: Article, number: int) -> str:
        seed = KeySeed(
            account_id=self._channel.account,
            article_key=article.key,
            action=delivery.action,
            revision=delivery.revision,
            payload_number=number,
            published_at=article.published_at,
        )
        return self._adapter.key(seed)

    async def frozen(self, delivery: Delivery) -> Payload:
        """The payload as it was staged, byte for byte."""
        media = await self._doors.ledger.read(lambda conn: backlog.list_media(conn, delivery.id))
        return Payload(json.loads(delivery.body or "{}"), media)

    def keys_of(self, delivery: Delivery, article: Article) -> list[str]:
        """Every key that it may have been sent under."""
        numbers = range(delivery.payload_number, delivery.payload_number + PAYLOADS)
        keys = [self._key(delivery, article, number) for number in numbers]
        return keys if delivery.key is None or delivery.key in keys else [delivery.key, *keys]
