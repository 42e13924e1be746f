"""A backlog uses what the platform allows: hardly a post later than its rules let it, and none too early."""

from pathlib import Path

import pytest

from adapters.registry import PLATFORMS
from tests.share import BACKLOG, use_up

LEAST = 0.98


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_backlog_goes_out_as_fast_as_the_platform_allows(platform: str, tmp_path: Path, new_ledger: Path) -> None:
    """500 posts: all are out once, the platform has refused none for coming too early, and of the time that it took at
    least 98 % was the platform's own."""
    used = use_up(platform, tmp_path, new_ledger)
    assert (BACKLOG, BACKLOG, 0) == (used.out, used.posts, used.refused)
    assert LEAST <= used.share <= 1
