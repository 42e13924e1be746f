"""Signing in to Bluesky as seldom as can be: sign-ins are few (30 in five minutes, far fewer on some servers)."""

import asyncio
import os
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from adapters.base import Context
from adapters.bluesky import BlueskySettings
from adapters.bluesky.session import Session
from adapters.bluesky.signin import SignIn
from adapters.bluesky.xrpc import Xrpc
from adapters.outcomes import ChannelDown, Outcome, RateLimited, Unavailable
from adapters.sandbox.faults import Fault
from adapters.seal import seal, unseal
from tests.adapters.account import HANDLE, PASSWORD, OneAccount

LOGIN = "createSession"
REFRESH = "refreshSession"


@dataclass
class Door(OneAccount):
    """A PDS with one account, a clock that the test moves, and processes that sign in to it."""

    lines: list[Xrpc] = field(default_factory=list)

    @property
    def whose(self) -> str:
        return f"@{HANDLE} at {self.pds.url}"

    def process(self, password: str = PASSWORD, *, owner: bool = True) -> SignIn:
        """A process that starts now; what an earlier one saved is in the store."""
        fields = {"server": self.pds.url, "handle": HANDLE, "app_password": password}
        xrpc = Xrpc(now=lambda: self.at, user_agent="Handbill")
        self.lines.append(xrpc)
        context = Context(lambda: self.at, os.urandom, self.secrets.add, self.store, owner=owner)
        return SignIn(BlueskySettings.model_validate(fields), context, xrpc)

    def asked(self) -> list[str]:
        """What was asked of the server, in order."""
        return [path.rpartition(".")[2] for _, path in self.pds.requests]


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """A PDS that listens, and nobody signed in yet."""
    door = Door()
    await door.pds.start()
    yield door
    for line in door.lines:
        await line.close()
    await door.pds.stop()


async def test_one_sign_in_serves_many_calls_and_processes(door: Door) -> None:
    """A session is kept: neither the next call nor the next process asks the server for anything."""
    process = door.process()
    session = await process.session()
    assert (door.did, HANDLE, door.pds.url) == (session.did, session.handle, session.pds)
    assert session == await process.session()
    assert session == await door.process().session()
    assert door.asked() == [LOGIN]


async def test_what_is_kept_is_sealed(door: Door) -> None:
    """The store never sees a token in clear, and only this account's app password opens what it has."""
    session = await door.process().session()
    sealed = door.store.sealed
    assert sealed is not None
    assert session.access not in sealed
    assert session.refresh not in sealed
    assert session.to_json() == unseal(sealed, PASSWORD, context=door.whose)
    assert unseal(sealed, "another-password", context=door.whose) is None
    assert {session.access, session.refresh} <= door.secrets


async def test_an_old_session_is_renewed_without_the_password(door: Door) -> None:
    """After two hours the refresh token brings new tokens, which are saved and told to the redactor."""
    process = door.process()
    old = await process.session()
    door.pass_time(hours=2)
    new = await process.session()
    assert new.access != old.access
    assert door.asked() == [LOGIN, REFRESH]
    assert new == await door.process().session()
    assert {new.access, new.refresh} <= door.secrets


async def test_a_refused_token_is_renewed_once_for_all(door: Door) -> None:
    """Five calls whose token was refused at the same time share one renewal."""
    process = door.process()
    old = await process.session()
    fresh = await asyncio.gather(*(process.renewed(old) for _ in range(5)))
    assert len({session.access for session in fresh}) == 1
    assert door.asked() == [LOGIN, REFRESH]


async def test_a_lost_answer_to_a_renewal_does_no_harm(door: Door) -> None:
    """When the server renewed and the line was cut, the old refresh token still gives the session back."""
    process = door.process()
    await process.session()
    door.pass_time(hours=2)
    door.pds.faults.add(Fault("cut", "auth"))
    with pytest.raises(Unavailable):
        await process.session()
    await process.session()
    assert door.asked() == [LOGIN, REFRESH, REFRESH]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("error=503", Unavailable), ("drop", Unavailable), ("garbage", Unavailable), ("wait=5", RateLimited)],
)
async def test_a_server_in_trouble_is_no_reason_to_sign_in_anew(door: Door, fault: str, outcome: type[Outcome]) -> None:
    """A renewal that fails for a passing reason leaves everything as it was, for later."""
    process = door.process()
    await process.session()
    door.pass_time(hours=2)
    door.pds.faults.add(Fault.parse(f"{fault}@auth*3"))
    for _ in range(3):
        with pytest.raises(outcome):
            await process.session()
    await process.session()
    assert door.pds.logins(HANDLE) == 1


async def test_a_revoked_session_is_replaced_by_a_new_one(door: Door) -> None:
    """Only when the refresh token is no longer taken is the password used again."""
    process = door.process()
    old = await process.session()
    door.pds.expire_tokens(HANDLE, refresh=True)
    new = await process.renewed(old)
    assert door.asked() == [LOGIN, REFRESH, LOGIN]
    assert new == await door.process().session()


async def test_a_worker_that_takes_over_goes_on_from_the_store(door: Door) -> None:
    """Two workers in turn, each for hours: whoever takes over finds the session that the other one has renewed, with no
    request while that is good and with its refresh token afterwards, long after its own is worth nothing."""
    one, other = door.process(), door.process()
    first = await one.session()
    assert first == await other.session()
    door.pass_time(hours=2)
    second = await one.session()
    assert second == await other.session()
    door.pass_time(hours=2)
    third = await other.session()
    door.pass_time(hours=3)  # the refresh tokens of the first and the second are no longer taken
    fourth = await one.session()
    assert len({each.refresh for each in (first, second, third, fourth)}) == 4
    assert door.asked() == [LOGIN, REFRESH, REFRESH, REFRESH]


async def test_a_refused_session_that_another_worker_has_replaced(door: Door) -> None:
    """Where the server takes ours no more and another worker has signed in anew, its session is used."""
    one, other = door.process(), door.process()
    old = await one.session()
    await other.session()
    door.pds.expire_tokens(HANDLE, refresh=True)
    new = await one.renewed(old)
    assert new == await other.renewed(old)
    assert door.asked() == [LOGIN, REFRESH, LOGIN]


async def test_a_refusal_that_another_worker_met(door: Door) -> None:
    """What another worker was told of the password counts for us as well."""
    one, other = door.process(), door.process()
    old = await one.session()
    await other.session()
    door.pds.change_app_password(HANDLE, "new-password")
    for worker in (one, other, door.process()):
        with pytest.raises(ChannelDown, match="app password"):
            await worker.renewed(old)
    assert door.asked() == [LOGIN, REFRESH, LOGIN, REFRESH]


async def test_a_server_that_ends_its_sessions_at_once(door: Door) -> None:
    """One such session is replaced at once; after the next the password rests, for longer each time and also over
    restarts, whatever is to be posted; a session that lasts makes up for it."""

    async def post(process: SignIn) -> None:
        session = await process.session()
        for _ in range(3):
            door.pds.expire_tokens(HANDLE, refresh=True)
            session = await process.renewed(session)

    process = door.process()
    for worker in (process, process, door.process(), door.process()):
        with pytest.raises(ChannelDown, match=r"ends the account's sessions .* again after 2026-11-23 07:15 UTC"):
            await post(worker)
        assert door.pds.logins(HANDLE) == 2
    for waited, logins in ((15, 3), (29, 3), (1, 4), (59, 4)):
        door.pass_time(minutes=waited)
        with pytest.raises(ChannelDown):
            await post(door.process())
        assert logins == door.pds.logins(HANDLE)
    door.pass_time(minutes=1)
    process = door.process()
    session = await process.session()
    for _ in range(9):
        door.pass_time(hours=2)
        session = await process.session()
    door.pds.expire_tokens(HANDLE, refresh=True)
    session = await process.renewed(session)
    door.pds.expire_tokens(HANDLE, refresh=True)
    await process.renewed(session)
    assert door.pds.logins(HANDLE) == 7


async def test_a_wrong_password_is_not_tried_again_and_again(door: Door) -> None:
    """A refused password stops the channel: neither calls nor restarts ask again before a growing wait is over."""
    process = door.process("wrong-password")
    with pytest.raises(ChannelDown, match="does not take this handle with this app password") as raised:
        await process.session()
    assert "app password" in raised.value.mend
    for later in (process, door.process("wrong-password")):
        with pytest.raises(ChannelDown, match="asked again after 2026-11-23 07:15 UTC"):
            await later.session()
    assert door.asked() == [LOGIN]
    for waited, times in ((15, 2), (29, 2), (1, 3), (59, 3), (1, 4)):
        door.pass_time(minutes=waited)
        with pytest.raises(ChannelDown):
            await door.process("wrong-password").session()
        assert times == len(door.asked())


async def test_another_password_is_tried_at_once(door: Door) -> None:
    """An operator who mends the password need not wait for what the wrong one brought."""
    with pytest.raises(ChannelDown):
        await door.process("wrong-password").session()
    assert door.did == (await door.process().session()).did


async def test_a_changed_password_replaces_what_was_kept(door: Door) -> None:
    """With another app password the kept session is unreadable: a new one takes its place."""
    await door.process().session()
    door.pds.change_app_password(HANDLE, "new-password")
    session = await door.process("new-password").session()
    assert session == await door.process("new-password").session()
    assert door.asked() == [LOGIN, LOGIN]


async def test_who_does_not_own_the_account_changes_nothing(door: Door) -> None:
    """Another process uses the kept token while it is good, then signs in for itself; it renews and saves nothing."""
    kept = await door.process().session()
    guest = door.process(owner=False)
    assert kept == await guest.session()
    assert door.asked() == [LOGIN]
    door.pass_time(hours=2)
    own = await guest.session()
    assert own.access != kept.access
    assert own != await guest.renewed(own)
    assert door.asked() == [LOGIN, LOGIN, LOGIN]
    assert door.store.saves == 1
    await door.process().session()
    assert door.asked() == [LOGIN, LOGIN, LOGIN, REFRESH]


async def test_who_does_not_own_the_account_may_try_a_refused_password(door: Door) -> None:
    """A check that the operator runs asks the server, whatever the daemon was told before."""
    with pytest.raises(ChannelDown):
        await door.process("new-password").session()
    door.pds.change_app_password(HANDLE, "new-password")
    assert door.did == (await door.process("new-password", owner=False).session()).did


async def test_a_handle_that_moved_to_another_account_is_noticed(door: Door) -> None:
    """Posting to another account than before, because its handle changed hands, is stopped, also over restarts, and
    the password is not used for it again and again."""
    stale = Session("did:plc:before", HANDLE, "stale", "stale", door.pds.url, door.at)
    door.store.sealed = seal(stale.to_json(), PASSWORD, context=door.whose, random_bytes=os.urandom)
    process = door.process()
    with pytest.raises(ChannelDown, match="another account"):
        await process.renewed(await process.session())
    for waited, logins in ((0, 1), (14, 1), (1, 2), (29, 2), (1, 3)):
        door.pass_time(minutes=waited)
        with pytest.raises(ChannelDown, match="another account"):
            await door.process().session()
        assert logins == door.pds.logins(HANDLE)


@pytest.mark.parametrize("fault", ["error=500", "garbage", "cut", "drop"])
async def test_no_error_shows_a_secret(door: Door, fault: str) -> None:
    """Neither the sentence nor the whole traceback of a failed sign-in holds the password."""
    door.pds.faults.add(Fault.parse(f"{fault}@auth"))
    with pytest.raises(Unavailable) as raised:
        await door.process().session()
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))
    assert raised.value.__suppress_context__


async def test_a_takedown_costs_no_sign_in(door: Door) -> None:
    """Where the server says that the account was taken down, the password is not tried on it."""
    process = door.process()
    await process.session()
    door.pds.take_down(HANDLE)
    door.pass_time(hours=2)
    for _ in range(3):
        with pytest.raises(ChannelDown, match="taken the account down"):
            await process.session()
    assert LOGIN not in door.asked()[1:]


async def test_waiting_for_a_sign_in_that_is_cancelled_helps_itself(door: Door) -> None:
    """When the call that was signing in is cancelled, the next one in line does it."""
    process = door.process()
    door.pds.faults.add(Fault("hang", "auth"))
    first, second = (asyncio.create_task(process.session()) for _ in range(2))
    await door.pds.arrivals(1)
    first.cancel()
    assert (await second).did == door.did
    assert first.cancelled()
