"""The harness brings up a real PDS; and the sandbox answers as that one does, request by request."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from adapters.sandbox.bluesky import BlueskySandbox
from adapters.sandbox.bluesky_syntax import tid
from tests.real.pds.conversation import Step, Talk, Told, User, hold, hold_at_once
from tests.real.pds.records import GATES, POSTS, RECORD, linked
from tests.real.pds.server import RealPds
from tests.real.pds.talks import (
    BLOBS,
    READING,
    SESSIONS,
    WRITING,
    apply,
    create,
    delete,
    gate,
    get,
    login,
    one,
    put,
    read,
    upload,
    with_gate,
)

# The sandbox lives in the loop of the fixtures, so the tests run there too.
pytestmark = [pytest.mark.pds, pytest.mark.asyncio(loop_scope="session")]

TALKS: dict[str, Talk] = WRITING | BLOBS | READING | SESSIONS
RACES: dict[str, Talk] = {
    "the same put": lambda u, k: [put(u, k, swapRecord=None)] * 8,
    "different puts": lambda u, k: [put(u, k, {**RECORD, "text": str(n)}, swapRecord=None) for n in range(8)],
    "the same create": lambda u, k: [create(u, k)] * 8,
}
OWN_PASSWORD = "the account's own password"


@dataclass(slots=True)
class Pair:
    """The same user on both servers."""

    real: User
    ours: User
    pds: RealPds
    sandbox: BlueskySandbox
    used: int = 0

    def rkey(self) -> str:
        """A record key that neither has seen."""
        self.used += 1
        return tid(1_700_000_000_000_000 + self.used, 0)


async def pair(pds: RealPds, sandbox: BlueskySandbox, name: str) -> Pair:
    """Open an account of about this name on both and log in."""
    handle = f"{name}{secrets.token_hex(2)}.test"
    did = await pds.create_account(handle, OWN_PASSWORD)
    password = await pds.app_password(handle, OWN_PASSWORD)
    real = User(pds.url, handle, did, password)
    ours = User(sandbox.url, handle, sandbox.add_account(handle, password), password)
    await real.login()
    await ours.login()
    return Pair(real, ours, pds, sandbox)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox() -> AsyncIterator[BlueskySandbox]:
    """The fake, as free of limits as the real one here."""
    server = BlueskySandbox(paced=False)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def users(real_pds: RealPds, sandbox: BlueskySandbox) -> Pair:
    """One user for all conversations."""
    return await pair(real_pds, sandbox, "talker")


async def compare(users: Pair, *steps: str | Step | tuple[Step, Step]) -> list[Told]:
    """Ask both and hold the sandbox to the real answers; a tuple is one request for each."""
    answers = []
    for step in steps:
        real, ours = step if isinstance(step, tuple) else (step, step)
        assert isinstance(real, Step)
        assert isinstance(ours, Step)
        expected = await users.real.told(real)
        assert expected == await users.ours.told(ours), real
        answers.append(expected)
    return answers


async def both(users: Pair, talk: Talk) -> list[Told]:
    """Hold a short conversation with both."""
    rkey = users.rkey()
    expected = await hold(talk, users.real, rkey)
    assert expected == await hold(talk, users.ours, rkey)
    return expected


async def test_a_record_goes_into_the_real_pds_and_comes_back(users: Pair) -> None:
    """What is put on the real PDS is what it gives back, and putting it again is no new commit."""
    rkey = users.rkey()
    first, again = [await users.real.told(put(users.real, rkey, swapRecord=None)) for _ in range(2)]
    _, record = await users.real.ask(get(users.real, rkey))
    assert (first.status, first.committed, again.status, again.committed) == (200, True, 200, False)
    assert record["value"] == RECORD


@pytest.mark.parametrize("name", TALKS)
async def test_the_sandbox_answers_as_the_real_pds(users: Pair, name: str) -> None:
    """Status, error name, CID and commit are the same, request by request."""
    await both(users, TALKS[name])


@pytest.mark.parametrize("name", POSTS)
async def test_the_sandbox_judges_posts_as_the_real_pds(users: Pair, name: str) -> None:
    """Each post is taken or refused by both, and has the same CID where it is taken."""
    for record in POSTS[name]:
        await both(users, lambda user, rkey, record=record: [put(user, rkey, record)])  # type: ignore[misc]


@pytest.mark.parametrize("name", GATES)
async def test_the_sandbox_judges_gates_as_the_real_pds(users: Pair, name: str) -> None:
    """Each gate of a post is taken or refused by both."""
    for kind, changes in GATES[name]:
        rkey = users.rkey()
        expected, got = [await user.told(gate(user, rkey, kind, **changes)) for user in (users.real, users.ours)]
        assert replace(expected, cid=None) == replace(got, cid=None), changes  # the accounts are two


async def test_a_post_and_its_gates_come_at_once_as_on_the_real_pds(users: Pair) -> None:
    """A commit of a post and its gates is taken whole and once; with a gate written over it is taken again."""
    rkey = users.rkey()
    for actions in (("create", "create"), ("create", "create"), ("create", "update"), ("update", "update")):
        expected, got = [await user.told(with_gate(user, rkey, *actions)) for user in (users.real, users.ours)]
        assert expected == got, actions
    for user in (users.real, users.ours):
        await user.told(delete(user, rkey))
    expected, got = [await user.told(with_gate(user, rkey, "create", "update")) for user in (users.real, users.ours)]
    assert (expected, 200, True) == (got, expected.status, expected.committed)


@pytest.mark.parametrize("name", RACES)
async def test_of_several_at_once_one_wins_as_on_the_real_pds(users: Pair, name: str) -> None:
    """Eight writers of one key get the same set of answers from both."""
    rkey = users.rkey()
    expected, got = [await hold_at_once(RACES[name], user, rkey) for user in (users.real, users.ours)]
    assert sum(told.committed for told in expected) == 1
    assert [(told.status, told.error, told.committed) for told in expected] == [
        (told.status, told.error, told.committed) for told in got
    ]


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(linked(0, 99), id="beyond the text"),
        pytest.param(linked(3, 1), id="backwards"),
        pytest.param(linked(2, 2), id="empty"),
        pytest.param({**linked(0, 1), "text": "äöü"}, id="inside a character"),
        pytest.param({**RECORD, "facets": linked(0, 3)["facets"] + linked(2, 5)["facets"]}, id="overlapping"),
        pytest.param({**RECORD, "createdAt": "2026-02-30T00:00:00Z"}, id="30 February"),
    ],
)
async def test_where_the_sandbox_is_stricter_it_says_so(users: Pair, record: Mapping[str, Any]) -> None:
    """A real PDS stores what readers could not make sense of; the sandbox refuses it in its own name."""
    rkey = users.rkey()
    assert (await users.real.told(put(users.real, rkey, record))).status == 200
    answer, body = await users.ours.ask(put(users.ours, rkey, record))
    assert (answer.status, body["error"]) == (400, "InvalidRequest")
    assert body["message"].startswith("The sandbox is stricter here than a real PDS: ")


async def test_records_are_listed_in_the_same_order_and_pages(users: Pair) -> None:
    """Listing by key, upwards and downwards, page by page, gives the same records."""
    lister = await pair(users.pds, users.sandbox, "lister")
    rkeys = [lister.rkey() for _ in range(5)]
    for rkey in (rkeys[2], rkeys[0], rkeys[4], rkeys[1], rkeys[3]):
        await compare(lister, (put(lister.real, rkey), put(lister.ours, rkey)))
    for query in ({}, {"limit": "2"}, {"cursor": rkeys[2]}, {"cursor": rkeys[2], "reverse": "true", "limit": "1"}):
        pages = []
        for user in (lister.real, lister.ours):
            asked = read("com.atproto.repo.listRecords", repo=user.did, collection="app.bsky.feed.post", **query)
            _, page = await user.ask(asked)
            pages.append((page.get("cursor"), [record["uri"].rpartition("/")[2] for record in page["records"]]))
        assert pages[0] == pages[1]


async def test_anothers_repository_is_closed(users: Pair) -> None:
    """Writing into somebody else's repository is refused alike."""
    other = await pair(users.pds, users.sandbox, "stranger")
    rkey = users.rkey()
    (told,) = await compare(users, (put(other.real, rkey), put(other.ours, rkey)))
    assert (told.status, told.error) == (401, "AuthenticationRequired")


def standing(user: User, rkey: str) -> list[Step]:
    """What is asked of an account that may be in bad standing."""
    return [
        put(user, rkey),
        upload(b"abc"),
        login(user.handle, password=user.app_password),
        Step("com.atproto.server.getSession", query={}),
        Step("com.atproto.server.refreshSession", auth="refresh", encoding=None),
        get(user, rkey),
        read("com.atproto.repo.listRecords", repo=user.did, collection="app.bsky.feed.post"),
        read("com.atproto.identity.resolveHandle", handle=user.handle),
        read("com.atproto.sync.getLatestCommit", did=user.did),
    ]


async def test_a_deactivated_account_answers_alike(users: Pair) -> None:
    """A deactivated account can log in but not write, and nobody sees its records."""
    owner = await pair(users.pds, users.sandbox, "sleeper")
    own = await users.pds.login(owner.real.handle, OWN_PASSWORD)
    await users.pds.call("com.atproto.server.deactivateAccount", {}, own["accessJwt"])
    users.sandbox.deactivate(owner.ours.handle)
    told = await both(owner, standing)
    assert (told[0].status, told[0].error) == (401, "AccountDeactivated")


async def test_a_taken_down_account_answers_alike(users: Pair) -> None:
    """A taken down account is shut out, and after the end of it has to log in anew."""
    owner = await pair(users.pds, users.sandbox, "fallen")
    await users.pds.take_down(owner.real.did)
    users.sandbox.take_down(owner.ours.handle)
    told = await both(owner, standing)
    assert (told[0].status, told[0].error) == (401, "AccountTakedown")
    await users.pds.take_down(owner.real.did, applied=False)
    users.sandbox.restore(owner.ours.handle)
    told = await both(owner, standing)
    assert [answer.status for answer in told[:5]] == [200, 200, 200, 200, 400]


async def test_a_revoked_app_password_answers_alike(users: Pair) -> None:
    """Without its app password a session lives until it has to be refreshed."""
    owner = await pair(users.pds, users.sandbox, "locked")
    own = await users.pds.login(owner.real.handle, OWN_PASSWORD)
    await users.pds.call("com.atproto.server.revokeAppPassword", {"name": "handbill"}, own["accessJwt"])
    users.sandbox.change_app_password(owner.ours.handle, "another")
    told = await both(owner, standing)
    assert [answer.status for answer in told[:5]] == [200, 200, 401, 200, 400]


async def test_the_end_of_a_session_answers_alike(users: Pair) -> None:
    """Ending a session twice is fine; refreshing it afterwards is not."""
    owner = await pair(users.pds, users.sandbox, "leaver")
    end = Step("com.atproto.server.deleteSession", auth="refresh", encoding=None)
    refresh = Step("com.atproto.server.refreshSession", auth="refresh", encoding=None)
    wrong = Step("com.atproto.server.deleteSession", encoding=None)
    told = await compare(owner, end, refresh, end, wrong)
    assert [answer.status for answer in told] == [200, 400, 200, 400]


async def test_expired_access_answers_alike(users: Pair) -> None:
    """An expired access token is a 400 `ExpiredToken`, not a 401."""
    owner = await pair(users.pds, users.sandbox, "late")
    users.sandbox.expire_tokens(owner.ours.handle)
    owner.real.tokens["access"] = aged(owner.real.tokens["access"], users.pds.jwt_secret)
    rkey = owner.rkey()
    (told,) = await compare(owner, (put(owner.real, rkey), put(owner.ours, rkey)))
    assert (told.status, told.error) == (400, "ExpiredToken")


async def test_a_refresh_repeated_gives_the_same_successor(users: Pair) -> None:
    """Whoever lost the answer to a refresh may ask again, on both."""
    refresh = Step("com.atproto.server.refreshSession", auth="refresh", encoding=None)
    owner = await pair(users.pds, users.sandbox, "again")
    for user in (owner.real, owner.ours):
        successors = {claims((await user.ask(refresh))[1]["refreshJwt"])["jti"] for _ in range(2)}
        assert len(successors) == 1
        assert claims(user.tokens["refresh"])["jti"] not in successors


async def test_tokens_make_the_same_claims(users: Pair) -> None:
    """Lifetimes, scopes and types are those of the real tokens."""
    for name in ("access", "refresh"):
        expected, got = (claims(user.tokens[name]) for user in (users.real, users.ours))
        assert expected["exp"] - expected["iat"] == got["exp"] - got["iat"]
        assert expected["scope"] == got["scope"]
        assert expected.keys() <= got.keys()
        assert part(users.real.tokens[name], 0) == part(users.ours.tokens[name], 0)


async def test_rate_limits_are_told_alike() -> None:
    """Budgets have the same size, window and headers; the login that is one too many is told to wait alike."""
    ours = BlueskySandbox()
    await ours.start()
    async with RealPds(rate_limits=True) as pds:
        users = await pair(pds, ours, "hasty")
        rkey = users.rkey()
        expected, got = [(await user.ask(put(user, rkey)))[0].headers for user in (users.real, users.ours)]
        for header in ("RateLimit-Limit", "RateLimit-Policy"):
            assert expected[header] == got[header]
        refused = []
        for user in (users.real, users.ours):
            entry = login("nobody.test", password="wrong")
            answers = [answer for answer, _ in await asyncio.gather(*(user.ask(entry) for _ in range(30)))]
            assert {401} == {answer.status for answer in answers}
            answer, body = await user.ask(entry)
            told = {name.lower(): answer.headers[name] for name in ("RateLimit-Limit", "RateLimit-Policy")}
            refused.append((answer.status, body, told, answer.headers["RateLimit-Remaining"]))
            assert 0 < int(answer.headers["Retry-After"]) <= 300
            assert abs(int(answer.headers["RateLimit-Reset"]) - time.time()) <= 301
        assert refused[0] == refused[1]
        assert refused[0][0] == 429
    await ours.stop()


COSTS: dict[str, Callable[[User, str], Step]] = {
    "a put": lambda u, k: put(u, k, swapRecord=None),
    "the same put": lambda u, k: put(u, k, swapRecord=None),
    "a put that is no post": lambda u, k: put(u, k, {**RECORD, "text": "x" * 301}),
    "a put at a key that is taken": lambda u, k: put(u, k, {**RECORD, "text": "other"}, swapRecord=None),
    "a put without a token": lambda u, k: put(u, k, auth=None),
    "a put that cannot be read": lambda _u, _k: Step("com.atproto.repo.putRecord", raw=b"{"),
    "a put for another account": lambda u, k: put(u, k, repo="nobody.test"),
    "a create": lambda u, k: create(u, f"{k[:-1]}z"),
    "a create at a key that is taken": create,
    "a deletion": delete,
    "a deletion of nothing": delete,
    "several at once": lambda u, k: apply(u, one("create", f"{k}a", value={}), one("create", f"{k}b", value={})),
    "a look": get,
    "an upload": lambda _u, _k: upload(b"abc"),
    "a list": lambda u, _k: read("com.atproto.repo.listRecords", repo=u.did, collection=RECORD["$type"]),
}


async def test_what_is_done_costs_alike() -> None:
    """Each call takes the same points of the same windows on both, whether or not it succeeds, and both tell alike of
    the tightest."""
    ours = BlueskySandbox()
    await ours.start()
    async with RealPds(rate_limits=True) as pds:
        users = await pair(pds, ours, "spender")
        for user in (users.real, users.ours):  # until the points of an hour are what is least left
            for number in range(6):
                notes = [one("create", f"{number}-{each}", value={}) for each in range(130)]
                assert (await user.ask(apply(user, *notes)))[0].status == 200
        for _ in range(3):  # opening an account on the real one takes so many requests more
            await users.ours.ask(get(users.ours, "nothing"))
        rkey, told = users.rkey(), []
        for name, step in COSTS.items():
            answers = []
            for user in (users.real, users.ours):
                answer, _ = await user.ask(step(user, rkey))
                rates = [answer.headers.get(f"RateLimit-{each}") for each in ("Limit", "Remaining", "Policy")]
                answers.append((answer.status, rates))
            told.append((name, answers))
        assert [(name, real) for name, (real, _) in told] == [(name, got) for name, (_, got) in told]
    await ours.stop()


async def test_the_real_pds_dies_with_whoever_started_it() -> None:
    """A test run that is killed leaves no server behind."""
    script = (
        "import asyncio\n"
        "from tests.real.pds.server import RealPds\n"
        "async def main():\n"
        "    async with RealPds() as pds:\n"
        "        print(pds.url, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    starter = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    assert starter.stdout is not None
    url = (await starter.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession() as client:
        stream = await client.get(f"{url}/xrpc/_health")
        assert stream.ok
        ws = await client.ws_connect(f"{url}/xrpc/com.atproto.sync.subscribeRepos")
        os.kill(starter.pid, signal.SIGKILL)
        await starter.wait()
        while not ws.closed:  # the stream of commits ends with the server
            await ws.receive()
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get(f"{url}/xrpc/_health")


def part(token: str, index: int) -> dict[str, Any]:
    """The header (0) or the claims (1) of a token."""
    text = token.split(".")[index]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return decoded


def claims(token: str) -> dict[str, Any]:
    """The claims of a token."""
    return part(token, 1)


def aged(token: str, secret: str) -> str:
    """The same token, signed again with an end in the past."""
    old = claims(token) | {"exp": int(time.time()) - 1}
    segments = [base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=") for value in (part(token, 0), old)]
    signed = b".".join(segments)
    signature = base64.urlsafe_b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).rstrip(b"=")
    return (signed + b"." + signature).decode()
