"""A pool that changes the session between transactions is refused, however it hands out its processes."""

import random
from collections.abc import Callable

import pytest

from bot.ledger.migrate import ensure_ledger
from bot.ledger.trouble import LedgerError
from tests.real.postgres.pool import Pool, first_in, last_in

PICKS = {"last in": last_in, "by turns": first_in, "by lot": random.Random(7).randrange}


@pytest.mark.parametrize("own", [True, False], ids=["greets itself", "passes the greeting on"])
@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("pick", PICKS.values(), ids=PICKS.keys())
def test_a_pool_of_transactions_is_refused(new_database: str, pick: Callable[[int], int], size: int, own: bool) -> None:
    """Nobody else is at work on it, and still it cannot hide; the sentence names the setting and the mend."""
    with Pool(new_database, size, pick=pick, own=own) as pool, pytest.raises(LedgerError) as refused:
        ensure_ledger(pool.url)
    assert str(refused.value).endswith(
        "is reached through a pool that changes the session between transactions, and with it goes the lock that keeps "
        "two workers from one account: set pool_mode=session in the pool (PgBouncer), or name the server itself in "
        "HANDBILL_DATABASE_URL."
    )
    assert "\n" not in str(refused.value)


def test_a_pool_of_sessions_is_as_good_as_the_server(new_database: str) -> None:
    """What has a session for as long as it is connected is taken, whoever is in between."""
    with Pool(new_database, 3, mode="session") as pool:
        assert ensure_ledger(pool.url) is None
