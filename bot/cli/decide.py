"""`handbill resolve` and `handbill retry`: what only a person can decide about a delivery."""

# ruff: noqa: PLC0415 # heavy imports wait inside the commands

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from bot.cli.base import USAGE, AsJson, Config, fail, opened_ledger, prepare_to_show, print_json, say_aside
from bot.model import Event, State

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.ledger.db import InlineLedger
    from bot.ledger.reports import DeliveryRow

_SENT = dict.fromkeys((State.UNCERTAIN, State.HELD), Event.RESOLVED_SENT)
_NOT_SENT = {State.UNCERTAIN: Event.RESOLVED_NOT_SENT, State.HELD: Event.RELEASED}
_DROP = dict.fromkeys((State.UNCERTAIN, State.HELD, State.PENDING), Event.DROPPED)
_RETRY = {**dict.fromkeys((State.FAILED, State.SKIPPED, State.CANCELLED), Event.RETRIED), State.SENT: Event.REVIVED}
"""Which event a person's word stands for, by the state that it is said about; the table of states has the last word."""


def resolve(
    delivery: Annotated[int | None, typer.Argument(metavar="ID", show_default=False)] = None,
    *,
    sent: Annotated[str | None, typer.Option(metavar="URL", help="It is out: the address of the post.")] = None,
    not_sent: Annotated[bool, typer.Option("--not-sent", help="It is not out: send it.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Leave it, whether it is out or not.")] = False,
    held: Annotated[
        str | None, typer.Option(metavar="CHANNEL", help="All that is held on this channel, instead of an ID.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say what became of a delivery whose outcome nobody knows; without ID, list them.

    Look at the channel first, whether the post is there.

    --drop also leaves a failed delivery as it is, and stops a pending one.

    Exit codes: 0 done; 2 nothing was changed.
    """
    said = [
        words for words, given in (("--sent", sent is not None), ("--not-sent", not_sent), ("--drop", drop)) if given
    ]
    if held is not None:
        _decide_held(held, said, config, delivery=delivery, as_json=as_json)
        return
    if delivery is None:
        if said:
            fail(f"{said[0]} of which delivery? `handbill resolve` lists those that wait, with their IDs.")
        _list_waiting(config, as_json=as_json)
        return
    if len(said) != 1:
        fail(f"Say what became of delivery {delivery}, one of the three: --sent URL, --not-sent or --drop.")
    if sent is not None and not _is_address(sent):
        fail(f"{sent} is not the address of a post: give it whole, like https://social.example/@news/1.")
    settings, _ = prepare_to_show(config)
    with opened_ledger(settings) as ledger:
        if sent is not None:
            done = _decide(ledger, delivery, _SENT, "a person found it on the channel", url=sent)
        elif not_sent:
            done = _decide(ledger, delivery, _NOT_SENT, "a person says that it is not out")
        else:
            done = _decide(ledger, delivery, _DROP, "a person dropped it")
    _report([done], as_json=as_json)


def retry(
    deliveries: Annotated[list[int] | None, typer.Argument(metavar="ID", show_default=False)] = None,
    *,
    even_if_out: Annotated[
        bool,
        typer.Option("--even-if-out", help="Also what was dropped while nobody knew whether it is out, or vanished."),
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Send after all what failed, was skipped or was dropped; without ID, list what failed.

    What was out and has vanished is sent once more only with --even-if-out.

    Exit codes: 0 done; 2 something was not changed.
    """
    settings, _ = prepare_to_show(config)
    with opened_ledger(settings) as ledger:
        if deliveries:
            wanted, why = dict.fromkeys(deliveries), "a person asked for it"
            done = [_decide(ledger, each, _RETRY, why, even_if_out=even_if_out) for each in wanted]
        else:
            _list_failed(ledger, as_json=as_json)
            return
    _report(done, as_json=as_json)


def _decide_held(
    channel: str, said: Sequence[str], config: Path | None, *, delivery: int | None, as_json: bool
) -> None:
    """One word on all that is held on a channel; where one is out, that is said first, of it alone."""
    from bot.ledger.reports import list_log

    if delivery is not None or said not in (["--not-sent"], ["--drop"]):
        fail("With --held say either --not-sent (send them all) or --drop (leave them all), and no ID.")
    settings, _ = prepare_to_show(config)
    with opened_ledger(settings) as ledger:
        rows = ledger.read_now(lambda conn: list_log(conn, states=[State.HELD], channel=channel))
        if not rows:
            fail(f"Nothing is held on {channel}: `handbill resolve` lists what waits for a person.")
        if said == ["--drop"]:
            done = [_decide(ledger, row.id, _DROP, "a person dropped it") for row in rows]
        else:
            done = [_decide(ledger, row.id, _NOT_SENT, "a person says that it is not out") for row in rows]
    _report(done, as_json=as_json)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a person's word on one delivery."""

    row: "DeliveryRow | None"
    """As it is now; None: there is no such delivery."""
    ok: bool
    said: str


def _decide(
    ledger: "InlineLedger",
    delivery_id: int,
    events: Mapping[State, Event],
    reason: str,
    *,
    url: str | None = None,
    even_if_out: bool = False,
) -> Done:
    from bot.cli.rows import about
    from bot.clock import SystemClock
    from bot.ledger import backlog, person, queue
    from bot.ledger.alerts import clear_alert
    from bot.ledger.reports import find_row
    from bot.settle import cause_of

    now, cause = SystemClock().now(), cause_of(delivery_id)

    def work(conn: "Connection") -> Done:
        row = find_row(conn, delivery_id)
        if row is None:
            return Done(None, False, f"There is no delivery {delivery_id}: `handbill log` shows them with their IDs.")
        if events is _DROP and row.state is State.FAILED:  # it stays what it is; only nobody is reminded of it
            clear_alert(conn, cause, now=now)
            return Done(row, True, f"{about(row)} stays failed, and nothing more is said of it.")
        gone = row.state is State.SENT and row.presence == queue.VANISHED
        if events is _DROP and gone:
            clear_alert(conn, cause, now=now)
            return Done(row, True, f"{about(row)} stays as it is, vanished, and nothing more is said of it.")
        if row.state not in events or (row.state is State.SENT and not gone):
            return Done(row, False, _why_not(row))
        if events is _RETRY and not even_if_out and (gone or queue.may_be_out(conn, delivery_id)):
            return Done(row, False, _may_be_out(row))
        delivery, why = backlog.get_delivery(conn, delivery_id), reason
        if gone:
            why = f"{reason}: the post at {row.url or 'a place without an address'} had vanished"
        person.decide(conn, delivery, events[row.state], cause=cause, reason=why, now=now, url=url)
        decided = find_row(conn, delivery_id) or row
        return Done(decided, True, _now_it_is(decided, now))

    try:
        return ledger.write_now(work)
    except queue.NotOurs:
        said = f"Somebody was faster: see `handbill log {delivery_id}` for what delivery {delivery_id} is now."
        return Done(None, False, said)


def _now_it_is(row: "DeliveryRow", now: "datetime") -> str:
    from bot.cli.rows import about
    from bot.cli.show import plain, when

    if row.state is State.SENT:
        return f"{about(row)} is sent: {plain(row.url or '')}"
    if row.state is State.CANCELLED:
        return f"{about(row)} is cancelled: it stays as it is."
    if row.removed:
        return f"{about(row)} is pending, but its channel is not in the settings: it goes out when it is there again."
    due = "now" if row.due_at is None else when(max(row.due_at, now), now)
    return f"{about(row)} is to go out {due}: by `handbill run` where it is running, else by the next `handbill once`."


def _may_be_out(row: "DeliveryRow") -> str:
    from bot.cli.rows import about

    if row.state is State.SENT:
        return (
            f"{about(row)} was out and has vanished; if that is wrong, sending it would post it twice: look at the "
            f"channel first; if it is not there, `handbill retry {row.id} --even-if-out` sends it once more."
        )
    return (
        f"{about(row)} was dropped while nobody knew whether it is out, and sending it could post it twice: look at "
        f"the channel first; if it is not there, `handbill retry {row.id} --even-if-out` sends it."
    )


def _why_not(row: "DeliveryRow") -> str:
    """What a delivery in this state is, and what can be done about it instead."""
    from bot.cli.rows import about, moment, what_to_do
    from bot.clock import SystemClock

    due = moment(row, SystemClock().now())
    if row.presence == "vanished":
        return f"{about(row)} was out and has vanished. {what_to_do(row)}"
    return (
        f"{about(row)} "
        + {
            State.SENT: f"is out already{f' ({row.url})' if row.url else ''}, and is never sent twice.",
            State.SENDING: "is being sent right now: wait for what comes of it.",
            State.PENDING: f"goes out by itself {due}; `handbill resolve {row.id} --drop` stops it.",
            State.UNCERTAIN: f"is uncertain, and to send it again could post it twice. {what_to_do(row)}",
            State.HELD: f"is held: {what_to_do(row)}",
            State.FAILED: f"has failed, so it is not out: {what_to_do(row)}",
            State.SKIPPED: f"is skipped: `handbill retry {row.id}` sends it after all.",
            State.CANCELLED: f"is cancelled: `handbill retry {row.id}` sends it after all.",
        }[row.state]
    )


def _report(done: Sequence[Done], *, as_json: bool) -> None:
    for each in done:
        if as_json and each.row is not None and each.ok:
            print_json(each.row.as_json())
        elif each.ok:
            typer.echo(each.said)
        else:
            say_aside(each.said)
    if not all(each.ok for each in done):
        raise typer.Exit(USAGE)


def _list_waiting(config: Path | None, *, as_json: bool) -> None:
    from bot.ledger.reports import list_undecided

    settings, _ = prepare_to_show(config)
    with opened_ledger(settings) as ledger:
        rows = ledger.read_now(list_undecided)
    _list(rows, "Nothing waits for a decision.", as_json=as_json)


def _list_failed(ledger: "InlineLedger", *, as_json: bool) -> None:
    from bot.ledger.reports import list_failed

    _list(ledger.read_now(list_failed), "Nothing has failed.", as_json=as_json)


def _list(rows: Sequence["DeliveryRow"], nothing: str, *, as_json: bool) -> None:
    from bot.cli.rows import show_waiting
    from bot.cli.show import Page

    if as_json:
        for row in rows:
            print_json(row.as_json())
    elif rows:
        show_waiting(Page(), rows)
    else:
        typer.echo(nothing)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(letter.isspace() for letter in text)
