"""An account and its lanes, worked by one process at a time: the one that holds its lease.

take the lease ─▶ write what is still to be written, recover ─▶ lanes and audit ─▶ stop, lost, or wanted ─▶ give back
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from bot.audit import Auditor
from bot.deliver import Lane
from bot.doors import Doors, Lease, LeaseLost
from bot.pace import Pacer
from bot.patience import say

log = structlog.get_logger()

TAKE_EVERY = 2.0
"""Seconds between tries to take an account that another process works, and between looks whether one wants ours."""


class Account:
    """The lanes of one account. `run` goes on for life; `held` is for one round."""

    def __init__(self, name: str, lanes: Sequence[Lane], doors: Doors, auditor: Auditor) -> None:
        self.name = name
        self.lanes = lanes
        self.auditor = auditor
        self.stopping = False
        self._doors = doors
        self._stop = asyncio.Event()
        self._log = log.bind(account=name)

    def stop(self) -> None:
        """Start nothing new."""
        self.stopping = True
        self._stop.set()
        for lane in self.lanes:
            lane.stop()

    async def run(self) -> None:
        """Work whenever the lease is to be had, until `stop`."""
        while not self.stopping:
            try:
                async with self.held() as lease:
                    if lease is not None:
                        await self._work(lease)
            except LeaseLost as lost:
                self._log.warning("account.lost", reason=str(lost))
            except Exception as error:
                say(error, log=self._log, event="account.failed")
            await self._rest()

    @asynccontextmanager
    async def held(self, *, fair: bool = True) -> AsyncIterator[Lease | None]:
        """The lease, with every lane ready to work under it; None while another process has it. `fair`: or is to have
        it, for the sake of even shares."""
        lease = await self._doors.leases.take(f"account:{self.name}", fair=fair)
        if lease is None:
            yield None
            return
        pacer = Pacer()
        try:
            for lane in self.lanes:
                await lane.begin(lease, pacer)
            yield lease
        finally:
            await self._doors.leases.give_back(lease)

    async def _work(self, lease: Lease) -> None:
        """Until told to stop, until the lease is lost, or until another process is to have it."""
        # On a ledger of one process's own it is no news.
        (self._log.info if lease.contested else self._log.debug)("account.taken")
        for lane in self.lanes:
            lane.stopping = self.stopping
        tasks = {asyncio.create_task(lane.run()) for lane in self.lanes}
        watching = asyncio.create_task(self._until_wanted(lease))
        auditing = asyncio.create_task(self.auditor.run(lease))
        try:
            await asyncio.wait({*tasks, watching, auditing}, return_when=asyncio.FIRST_COMPLETED)
            for lane in self.lanes:
                lane.stop()
            await asyncio.wait(tasks)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            raise
        finally:
            watching.cancel()
            auditing.cancel()  # it only reads: what is broken off is read another time
            await asyncio.wait({auditing})
        for task in (*tasks, auditing):
            if not task.cancelled():
                task.result()

    async def _until_wanted(self, lease: Lease) -> None:
        while not self._doors.leases.wanted_elsewhere(lease):
            await self._doors.clock.sleep(TAKE_EVERY)
        self._log.info("account.handed_over")

    async def _rest(self) -> None:
        if self.stopping:
            return
        try:
            async with self._doors.clock.deadline(TAKE_EVERY):
                await self._stop.wait()
        except TimeoutError:
            return
