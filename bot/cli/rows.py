"""Deliveries and attempts for people. Imported only by commands that show some."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from adapters.outcomes import Presence
from bot.cli.show import Page, narrow, plain, state_text, text_column, when
from bot.clock import SystemClock
from bot.ledger.reports import DeliveryRow
from bot.model import State

Cells = tuple[Text, Text, Text, Text]

SEEN: Mapping[Presence, str] = {
    "confirmed": "confirmed: it was read back",
    "accepted": "accepted: the platform took it, and does not let us read it back; noted",
    "vanished": "vanished: it was not there any more when it was read back",
}
"""What the audit's one look at a sent post has found, in words."""


def show_rows(page: Page, rows: Sequence[DeliveryRow]) -> None:
    """Deliveries as a table. For a person an article has a line of its own; piped, every line is complete."""
    now = SystemClock().now()
    cells: list[Cells] = [
        (Text(str(row.id)), Text(plain(row.channel)), state_text(row.state, moment(row, now)), Text(outcome_of(row)))
        for row in rows
    ]
    if page.is_terminal:
        _show_grouped(page, rows, cells)
        return
    columns = [narrow(name) for name in ("ID", "Article", "Channel", "State", "Post")]
    page.table(columns, [(each[0], Text(name_of(row)), *each[1:]) for row, each in zip(rows, cells, strict=True)])


def _show_grouped(page: Page, rows: Sequence[DeliveryRow], cells: Sequence[Cells]) -> None:
    widths = [max(each[place].cell_len for each in cells) for place in range(3)]
    article = None
    for row, each in zip(rows, cells, strict=True):
        if row.article_id != article:
            if article is not None:
                page.line("")
            page.line(name_of(row), "bold")
            article = row.article_id
        if row.state is State.SENT and row.url:
            page.row_with_link(each, widths)
        else:
            page.table([*(narrow("", width) for width in widths), text_column("")], [each], headed=False)


def show_one(page: Page, row: DeliveryRow) -> None:
    """All there is to know of one delivery."""
    now = SystemClock().now()
    state = f"{row.state.value} {moment(row, now)}".rstrip()
    page.heading(f"Delivery {row.id}: {name_of(row)}")
    for name, value in (
        ("article", row.link),
        ("channel", f"{row.channel} ({row.platform})" if row.channel != row.platform else row.channel),
        ("state", state),
        ("reason", row.reason),
        ("post", row.url),
        ("audit", f"{SEEN[row.presence]} {when(row.presence_at, now)}" if row.presence else None),
    ):
        if value:
            page.item(f"{name:<8}", plain(value), "dim")


def show_waiting(page: Page, rows: Sequence[DeliveryRow], most: int | None = None) -> None:
    """Deliveries that wait for a person: each with its reason and what can be done. Of many, the first `most`."""
    for row in rows[:most]:
        show_one(page, row)
        page.item(f"{'to do':<8}", what_to_do(row), "bold")


def show_attempts(page: Page, attempts: Sequence[Mapping[str, Any]]) -> None:
    """Every attempt at one delivery, with the platform's answer."""
    if not attempts:
        page.line("Nothing has been tried yet.")
        return
    page.line("")
    columns = [narrow("No."), narrow("Step"), narrow("Began (UTC)"), narrow("Took"), narrow("Outcome"), text_column("")]
    page.table(columns, [_attempt(each) for each in attempts])


def _attempt(attempt: Mapping[str, Any]) -> tuple[str, ...]:
    began, ended = attempt["started_at"], attempt["ended_at"]
    took = f"{(ended - began).total_seconds():.1f} s" if ended else ""
    outcome = attempt["outcome"].replace("_", " ") if attempt["outcome"] else "no answer yet"
    if attempt["status"]:
        outcome += f" ({attempt['status']})"
    return (
        str(attempt["number"]),
        attempt["step"],
        f"{began:%Y-%m-%d %H:%M:%S}",
        took,
        outcome,
        plain(attempt["message"] or ""),
    )


def attempt_as_json(attempt: Mapping[str, Any]) -> dict[str, Any]:
    """One attempt for machines."""
    names = ("number", "step", "outcome", "status", "message")
    times = {name: attempt[name].isoformat() if attempt[name] else None for name in ("started_at", "ended_at")}
    return {**{name: attempt[name] for name in names}, **times}


def moment(row: DeliveryRow, now: datetime) -> str:
    """When it goes on, or when it came to its state: "in 4 min", "2 h ago"."""
    if row.due_at is not None:
        return when(max(row.due_at, now), now)
    past = row.state not in (State.PENDING, State.SENDING) and row.settled_at is not None
    return when(row.settled_at, now) if past else ""


def outcome_of(row: DeliveryRow) -> str:
    """The address of the post where it is out, else the reason."""
    return plain((row.url if row.state is State.SENT else None) or row.reason or "")


def name_of(row: DeliveryRow) -> str:
    """The article's title, or its link where it has none."""
    return plain(row.title) or plain(row.link)


def about(row: DeliveryRow) -> str:
    """A delivery in a sentence: "Delivery 7 (“Title” on news)"."""
    return f"Delivery {row.id} (“{name_of(row)}” on {plain(row.channel)})"


def what_to_do(row: DeliveryRow) -> str:
    """What a person can do with a delivery that waits for one."""
    if row.state is State.HELD:
        return f"handbill resolve {row.id} --not-sent (let it go out), --drop, or --sent URL where it is out already"
    if row.state is State.FAILED:
        return f"handbill retry {row.id}, or handbill resolve {row.id} --drop to leave it"
    if row.state is State.SENT:
        return (
            f"Look at {plain(row.channel)}, then: handbill retry {row.id} --even-if-out to post it once more, or "
            f"handbill resolve {row.id} --drop to leave it"
        )
    return f"Look at {plain(row.channel)}, then: handbill resolve {row.id} --sent URL | --not-sent | --drop"
