"""`handbill channels`, `pause` and `resume`: how the channels are, and a person's hand on them."""

# ruff: noqa: PLC0415 # heavy imports wait inside the commands

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.base import (
    GOES_BY_ITSELF,
    NEEDS_PERSON,
    AsJson,
    Config,
    fail,
    ledger_exists,
    opened_ledger,
    prepare_to_show,
    print_json,
)
from bot.model import State

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.ledger.pauses import Stop
    from bot.ledger.reports import DeliveryRow
    from bot.settings import Settings

Names = Annotated[list[str] | None, typer.Argument(metavar="CHANNEL", show_default=False)]

_COUNTED = (State.PENDING, State.UNCERTAIN, State.HELD, State.FAILED)


def channels(config: Config = None, as_json: AsJson = False) -> None:
    """Show how every channel is: working, paused by a person, down (why, and when it is tried again) or removed.

    Exit codes: 0 all work; 1 one is down; 3 one is paused by a person; 2 settings.
    """
    settings, _ = prepare_to_show(config)
    from bot.cli.standing import read_channels, standing_of
    from bot.clock import SystemClock
    from bot.ledger.pauses import list_stops

    with opened_ledger(settings) as ledger:
        known, stops = ledger.read_now(lambda conn: (read_channels(conn, settings, all_removed=True), list_stops(conn)))
    if as_json:
        for channel in known:
            print_json(_as_json(channel, stops))
    else:
        _show(known, stops, SystemClock().now())
    standings = {standing_of(channel, stops)[0] for channel in known}
    if "down" in standings:
        raise typer.Exit(NEEDS_PERSON)
    if "paused" in standings:
        raise typer.Exit(GOES_BY_ITSELF)


def _as_json(channel: dict[str, Any], stops: Sequence["Stop"]) -> dict[str, Any]:
    from bot.cli.standing import standing_of

    standing, since = standing_of(channel, stops)
    told = {name: channel[name] for name in ("name", "platform", "who", "url")}
    return {
        **told,
        "state": standing,
        "since": since.isoformat() if since else None,
        "reason": channel["paused_reason"],
        "next_try_at": channel["probe_at"].isoformat() if channel["probe_at"] else None,
        "look_first": channel["look_first"],
        "counts": {state.value: channel["counts"].get(state.value, 0) for state in _COUNTED},
    }


def _show(known: Sequence[dict[str, Any]], stops: Sequence["Stop"], now: "datetime") -> None:
    from bot.cli.show import Page, narrow, plain, text_column
    from bot.cli.standing import warnings_of, words_of

    page = Page()
    for warning in warnings_of([stop for stop in stops if stop.channel is None], now):
        page.item("!", warning, "bold yellow")
        page.line("")
    if not known:
        page.line("No channel is configured: `handbill check` says what each platform needs.")
        return
    rows = []
    for channel in known:
        named = f"{channel['name']} ({channel['platform']})"
        name = channel["name"] if channel["name"] == channel["platform"] else named
        counted = ", ".join(
            f"{channel['counts'][state.value]} {state.value}" for state in _COUNTED if state.value in channel["counts"]
        )
        rows.append((plain(name), plain(channel["who"] or ""), words_of(channel, stops, now), counted or "nothing"))
    columns = [narrow("Channel"), text_column("Who", 2), text_column("State", 3), text_column("Open or failed", 2)]
    page.table(columns, rows)


# ── by hand ───────────────────────────────────────────────────────────────────────────────────────────────────────


def pause(
    names: Names = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every channel, those of the future too.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Stop posting to these channels, or to all: no visible call begins after this has returned.

    Everything is kept and found as before, alerts go on, and so does asking about what is uncertain.
    A call that is on the wire already cannot be taken back: it is shown.

    Exit codes: 0 done; 2 nothing was changed.
    """
    from bot.ledger import pauses

    def work(conn: "Connection", ids: Sequence[int], now: "datetime") -> str:
        if everything:
            news = pauses.stop_all(conn, now=now)
            return "Everything is paused." if news else "Everything was paused already."
        news_to = pauses.stop(conn, ids, now=now)
        return f"Paused: {', '.join(names or [])}{'' if news_to else ' (already)'}."

    said, ledger_rows = _decide(names, everything, config, work, verb="pause")
    if as_json:
        print_json({"done": said, "on_the_wire": [row.as_json() for row in ledger_rows]})
        return
    end = "--all" if everything else " ".join(names or [])
    typer.echo(f"{said} Nothing new is sent; `handbill resume {end}` ends it.")
    if ledger_rows:
        from bot.cli.rows import about

        typer.echo("On the wire already, and not to be taken back:")
        for row in ledger_rows:
            typer.echo(f"  {about(row)}")


def resume(
    names: Names = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="End `pause --all`.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Let these channels go on, or end `pause --all`; what is down by itself is tried at once.

    --all leaves channels paused that were paused by name: it names them.

    Exit codes: 0 done; 2 nothing was changed.
    """
    from bot.ledger import pauses

    def work(conn: "Connection", ids: Sequence[int], now: "datetime") -> str:
        if everything:
            was = pauses.let_all_go_on(conn, now=now)
            said = "Everything goes on." if was else "Not everything was paused."
        else:
            count = pauses.let_go_on(conn, ids, now=now)
            said = f"{'Resumed' if count else 'Not paused by a person'}: {', '.join(names or [])}."
        left = pauses.list_stops(conn)
        if left and left[0].channel is None:
            said += " Everything is still paused: `handbill resume --all` ends that."
        elif left:
            still = " ".join(stop.channel or "" for stop in left)
            said += f" Still paused by name: `handbill resume {still}` ends that."
        return f"{said} What is down by itself is tried at once."

    said, _ = _decide(names, everything, config, work, verb="resume")
    if as_json:
        print_json({"done": said})
    else:
        typer.echo(said)


def _decide(
    names: Sequence[str] | None,
    everything: bool,
    config: Config,
    work: "Callable[[Connection, Sequence[int], datetime], str]",
    *,
    verb: str,
) -> tuple[str, Sequence["DeliveryRow"]]:
    """Do it in one transaction; then, in another, what was on the wire when it was done."""
    from bot.clock import SystemClock
    from bot.ledger.address import shown
    from bot.ledger.reports import list_log

    if bool(names) == everything:
        fail(f"Name the channels to {verb}, or say --all: `handbill channels` shows them.")
    settings, _ = prepare_to_show(config)
    if not ledger_exists(settings):
        fail(f"There is no ledger yet ({shown(settings.database_url)}), and nothing that sends from it.")
    with opened_ledger(settings) as ledger:
        now = SystemClock().now()
        said = ledger.write_now(lambda conn: work(conn, _ids(conn, settings, names or [], now), now))
        sending = ledger.read_now(lambda conn: list_log(conn, states=[State.SENDING]))
    return said, [row for row in sending if everything or row.channel in (names or [])]


def _ids(conn: "Connection", settings: "Settings", names: Sequence[str], now: "datetime") -> list[int]:
    """The rows of these names; of one that no sender has met yet, a new one. Ends the process on an unknown name."""
    from bot.ledger.channels import find_label, register_channel
    from bot.ledger.postgres import take_turn

    platforms = {channel.name: channel.platform for channel in settings.channels}
    unknown = [name for name in names if name not in platforms]
    if unknown:
        fail(*(f"There is no channel {name}: `handbill channels` shows which there are." for name in unknown))
    take_turn(conn)  # a sender may be registering the same name right now
    return [
        find_label(conn, platforms[name], name)
        or register_channel(conn, platform=platforms[name], name=name, now=now).id
        for name in names
    ]
