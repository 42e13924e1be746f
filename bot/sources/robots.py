"""Asks each site once a day what it lets machines read. A door-level class: whoever reads pages asks it first.

https://www.rfc-editor.org/rfc/rfc9309: no robots.txt (4xx) means that all is allowed, trouble (5xx, no answer) that
nothing is until it answers again; rules that we had before stay good meanwhile.
"""

import asyncio
from dataclasses import dataclass, field

from bot.doors import Clock, Fetched, FetchFailed, Web
from bot.sources.robots_txt import ALL, MAX_BYTES, NOTHING, RobotsTxt, read_robots, robots_address

GOOD_FOR = 24 * 3600.0
"""Seconds for which an answer counts (§2.4)."""
AGAIN_AFTER = 60.0
"""Seconds after which a site that gave no answer is asked again."""
MAX_SITES = 1_000
FORBIDDEN = "Its robots.txt asks machines not to read it."
_TOO_MANY_REQUESTS = 429
_SERVERS_OWN = 500


@dataclass(slots=True)
class _Site:
    """What is known of one site's rules."""

    rules: RobotsTxt | None = None
    asked_again_at: float = 0.0
    """By the monotonic clock."""
    trouble: str = ""
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Robots:
    """What all sites allow, kept in memory."""

    def __init__(self, web: Web, clock: Clock) -> None:
        self._web = web
        self._clock = clock
        self.sites: dict[str, _Site] = {}
        """By the address of their robots.txt, at most MAX_SITES."""

    async def allowed(self, url: str) -> bool:
        """Whether we may ask for `url`. Raises nothing."""
        return await self.refusal(url) is None

    async def refusal(self, url: str) -> str | None:
        """Why we may not ask for `url`, as a sentence; None where we may."""
        address = robots_address(url)
        if address is None:
            return "It is not a web address."
        site = self._site(address)
        async with site.asking:  # those who want the same site's rules wait for one answer
            if self._clock.monotonic() >= site.asked_again_at:
                await self._ask(address, site)
        if (site.rules or NOTHING).allows(url):
            return None
        return site.trouble if site.rules is None else FORBIDDEN

    def _site(self, address: str) -> _Site:
        site = self.sites.pop(address, None) or _Site(asked_again_at=self._clock.monotonic())
        self.sites[address] = site  # the last one in the order is the one asked for last
        if len(self.sites) > MAX_SITES:
            del self.sites[next(iter(self.sites))]
        return site

    async def _ask(self, address: str, site: _Site) -> None:
        try:
            site.rules, good_for = read_robots((await self._get(address)).body), GOOD_FOR
        except FetchFailed as error:
            if error.status is not None and error.status < _SERVERS_OWN and error.status != _TOO_MANY_REQUESTS:
                site.rules, good_for = ALL, GOOD_FOR
            else:
                site.trouble, good_for = error.message, max(AGAIN_AFTER, error.retry_after or 0.0)
        site.asked_again_at = self._clock.monotonic() + good_for

    async def _get(self, address: str) -> Fetched:
        return await self._web.get(address, accept="text/plain, */*;q=0.1", max_bytes=4 * MAX_BYTES)
