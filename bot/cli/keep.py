"""`handbill backup`, `restore` and `prune`: keeping the ledger."""

# ruff: noqa: PLC0415 # heavy imports wait inside the commands

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.base import AsJson, Config, fail, ledger_errors, opened_ledger, prepare_to_show, print_json
from bot.duration import parse_duration

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.ledger.backup import Progress
    from bot.ledger.reports import Waiting
    from bot.settings import Settings

SHORTEST_MEMORY = 2 * 86400.0
"""Seconds: the longest window of any platform's limits is a day, and attempts are what it is counted by."""


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; none is overwritten.", show_default=False)],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Copy the ledger to FILE, consistent and checked, while everything goes on.

    Only its owner can read the copy. `handbill restore FILE` puts it back.

    Exit codes: 0 done; 2 there is no copy.
    """
    settings, _ = prepare_to_show(config)
    from bot.ledger.backup import back_up
    from bot.ledger.migrate import look

    ledger = _file_of(settings, "pg_dump --format=custom --file=FILE")
    if not ledger.exists():
        fail(f"There is no ledger yet ({settings.database_url}).")
    with ledger_errors(settings):
        version = look(settings.database_url)
        with _shown("Copying the ledger …") as progress:
            back_up(ledger, file, progress)
    size = file.stat().st_size
    if as_json:
        print_json({"file": str(file), "bytes": size, "version": version})
    else:
        typer.echo(f"The ledger was copied to {file}: {_size(size)}, version {version}, checked.")


def restore(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", show_default=False)] = None,
    *,
    only_mark: Annotated[
        bool, typer.Option("--only-mark", help="The ledger was put back by other means (a snapshot, pg_restore).")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the ledger's place, so that nothing that went out since is posted again.

    No sender may be running. The present ledger is kept beside it. What may be out already is looked for
    before it is sent; where the platform does not tell, it is held for you.

    Exit codes: 0 done; 2 nothing was changed.
    """
    if (file is None) != only_mark:
        fail("Name the backup to restore, or say --only-mark where the ledger itself was put back by other means.")
    settings, _ = prepare_to_show(config)
    from bot.clock import SystemClock
    from bot.ledger.reports import summarise
    from bot.wiring import Busy, sole_sender

    now, kept = SystemClock().now(), None
    ledger = (
        None if file is None else _file_of(settings, "pg_restore --clean --dbname=DATABASE FILE", then="--only-mark")
    )
    try:
        with ledger_errors(settings), sole_sender(settings, "handbill restore"):
            if file is not None and ledger is not None:
                from bot.ledger.backup import restore as put_back

                with _shown("Copying the backup …") as progress:
                    kept = put_back(file, ledger, progress, now=now)
            with opened_ledger(settings) as book:
                if only_mark:
                    book.write_now(lambda conn: _mark(conn, now))
                waiting = book.read_now(summarise)
    except Busy as error:
        fail(str(error))
    if as_json:
        print_json({"kept": str(kept) if kept else None, "open": waiting.by_itself, "undecided": waiting.undecided})
        return
    for sentence in _what_happens_next(file, kept, waiting):
        typer.echo(sentence)


def _mark(conn: "Connection", now: "datetime") -> None:
    """Mark a ledger as it stands. Raises Busy where workers are at it: they would send from it before it is marked."""
    from bot.doors import Holder
    from bot.ledger.doubts import doubt_all
    from bot.ledger.workers import list_at_work
    from bot.wiring import Busy

    for each in list_at_work(conn):
        raise Busy(Holder(each.pid, each.host, each.command, each.started_at))
    doubt_all(conn, "it was put back by other means", now=now)


def _what_happens_next(file: Path | None, kept: Path | None, waiting: "Waiting") -> list[str]:
    said = ["The ledger is marked as restored." if file is None else f"{file} is the ledger now, marked as restored."]
    if kept is not None:
        said.append(f"The one that was there is kept as {kept}.")
    said += [
        f"Open in it: {waiting.by_itself}. At the next start these, and what the sources show that may have gone out "
        "since the backup, are looked for on the platform before they are sent.",
        "Where the platform does not tell what is out they are held for you: `handbill resolve` lists them.",
    ]
    if waiting.stops and waiting.stops[0].channel is None:
        said.append("Everything is paused, as it was before: `handbill resume --all` ends that.")
    return [*said, "Now start `handbill run` again, and look at `handbill status`."]


def _file_of(settings: "Settings", instead: str, then: str = "") -> Path:
    """The ledger's file. Ends the process where the ledger is on a server, with the server's own means."""
    from bot.ledger.address import database_path

    path = database_path(settings.database_url)
    if path is None:
        if not then:
            fail(f"This ledger is on a database server, whose own tool does this: `{instead}`.")
        fail(
            "This ledger is on a database server, whose own tool does this: end every `handbill run`, then "
            f"`{instead}`, then `handbill restore {then}`."
        )
    return path


@contextmanager
def _shown(words: str) -> "Iterator[Progress]":
    """Progress of a copy, on a terminal only."""
    from bot.cli.show import steps

    with steps(words) as advance:
        yield lambda left, total: advance(total - left, total)


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{count / 2**10:.0f} kB"


def prune(
    older_than: Annotated[
        str, typer.Option("--older-than", help="How long ago a delivery must have come to its end.")
    ] = "90d",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    vacuum: Annotated[
        bool,
        typer.Option("--vacuum", help="Write the file anew, smaller: senders wait, and it takes as much room again."),
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Forget attempts, payloads and pictures of deliveries that ended long ago, and alerts that are over.

    What keeps an article from being posted twice stays for ever. Works beside the daemon. The room in the file
    is used again by what comes next; only --vacuum makes the file smaller.

    Exit codes: 0 done; 2 nothing was changed.
    """
    try:
        seconds = parse_duration(older_than)
    except ValueError as error:
        fail(f"--older-than: {error}")
    if seconds < SHORTEST_MEMORY:
        fail("--older-than: what is younger than two days is still needed, for pacing at least.")
    settings, _ = prepare_to_show(config)
    from bot.clock import SystemClock
    from bot.ledger import prune as pruning

    before = SystemClock().now() - timedelta(seconds=seconds)
    with opened_ledger(settings) as ledger, ledger_errors(settings):
        would = ledger.read_now(lambda conn: pruning.count(conn, before))
        done = would
        if not dry_run:
            done = pruning.Pruned()
            with _shown("Forgetting …") as progress:
                for step in pruning.prune(ledger, before):
                    done += step
                    progress(max(0, would.deliveries - done.deliveries), max(1, would.deliveries))
            if vacuum:
                pruning.vacuum(ledger)
        free = ledger.read_now(pruning.free_bytes)
    if as_json:
        print_json({**asdict(done), "dry_run": dry_run, "free_bytes": free})
        return
    typer.echo(
        f"{'Would go' if dry_run else 'Gone'}: {done.attempts} attempts, {done.payloads} payloads and {done.media} "
        f"pictures of {done.deliveries} deliveries, {done.alerts} alerts."
    )
    if free is not None and not dry_run:
        hint = "" if vacuum else " `--vacuum` gives it back to the disk, while senders wait."
        typer.echo(f"Free inside the file, for what comes next: {_size(free)}.{hint if free else ''}")
