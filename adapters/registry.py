"""The platforms that Handbill speaks: one line each. Importing this imports no platform's library."""

from collections.abc import Mapping

from adapters.base import Platform
from adapters.bluesky import PLATFORM as BLUESKY
from adapters.mastodon import PLATFORM as MASTODON
from adapters.telegram import PLATFORM as TELEGRAM

PLATFORMS: Mapping[str, Platform] = {platform.name: platform for platform in (TELEGRAM, MASTODON, BLUESKY)}
