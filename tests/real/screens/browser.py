"""A real browser that looks at one page: it takes pictures of it, and tells what it measures and what was asked for.

The page comes from a server on loopback; no other host can be found by the browser. What it would have asked for is in
its own log of the network, with who began it: the page, or the browser for itself.
https://www.chromium.org/developers/design-documents/network-stack/netlog/
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any, Literal

from aiohttp import web

from tests.real.screens.install import find_browser

Colours = Literal["light", "dark"]

MEASURES = (Path(__file__).parent / "measure.html").read_text("utf-8")
LOOKS_FOR = 60.0
"""Seconds that one look may take."""


class Browser:
    """Looks at one page, in as many windows as it is asked for."""

    def __init__(self, page: str, folder: Path) -> None:
        self.asked_for: list[str] = []
        """What the page asked for, apart from itself, in order."""
        self._page = page
        self._folder = folder
        self._net_log = folder / "net-log.json"
        self._base = ""

    async def screenshot(self, path: Path, width: int, height: int, colours: Colours) -> None:
        """A PNG of the page in a window of this size."""
        await self._run(colours, f"--window-size={width},{height}", f"--screenshot={path}", f"{self._base}/page.html")

    async def measure(self, width: int, colours: Colours, *, pressed: str = "", opened: bool = False) -> dict[str, Any]:
        """What a browser of this width makes of the page: see measure.html. `pressed`: the id of what is clicked first;
        `opened`: with everything that is folded unfolded."""
        question = f"width={width}&pressed={pressed}&opened={int(opened)}"
        window = f"--window-size={width + 100},900"
        dom = await self._run(
            colours, window, "--virtual-time-budget=5000", "--dump-dom", f"{self._base}/measure.html?{question}"
        )
        (said,) = re.findall(r'<pre id="said">(.*?)</pre>', dom, re.DOTALL)
        measured: dict[str, Any] = json.loads(unescape(said))
        return measured

    async def _run(self, colours: Colours, *more: str) -> str:
        program = find_browser()
        assert program is not None, "there is no Chromium: make test-screens installs it"
        process = await asyncio.create_subprocess_exec(
            program,
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
            f"--user-data-dir={self._folder / 'profile'}",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            f"--log-net-log={self._net_log}",
            f"--blink-settings=preferredColorScheme={int(colours == 'light')}",
            *more,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(), LOOKS_FOR)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert 0 == process.returncode
        self._note_requests()
        return out.decode()

    def _note_requests(self) -> None:
        log = json.loads(self._net_log.read_text("utf-8"))
        begun = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
        known = {f"{self._base}/page.html", f"{self._base}/favicon.ico"}
        for event in log["events"]:
            said = event.get("params", {})
            if event["type"] == begun and said.get("initiator") == self._base and said.get("url") not in known:
                self.asked_for.append(said["url"])

    async def _answer(self, request: web.Request) -> web.Response:
        pages = {"/page.html": self._page, "/measure.html": MEASURES}
        if request.path not in pages:
            return web.Response(status=404)
        return web.Response(text=pages[request.path], content_type="text/html")

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Browser"]:
        """Serve the page for as long as it is looked at."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self._base = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()
