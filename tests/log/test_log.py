"""One pipeline for all that is logged; no secret gets through it, whoever logs and however."""

import asyncio
import io
import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.log import OWN_LOGGERS, configure_logging
from bot.redact import Redactor

SECRET = "kX9v\"Q2m/Lr7+TzB4'nWcß"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave logging as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in OWN_LOGGERS}
    with warnings.catch_warnings():
        yield
        logging.captureWarnings(False)
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def configured(level: str = "info", *, json_lines: bool = False, stream: io.StringIO | None = None) -> io.StringIO:
    """Logging to a stream, with one secret to keep."""
    stream = stream or io.StringIO()
    configure_logging(level, Redactor([SECRET]), json=json_lines, stream=stream)
    return stream


def objects(stream: io.StringIO) -> list[dict[str, Any]]:
    """The JSON lines that were written."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_lines_for_people() -> None:
    """A line tells time, level and event, then the fields; values that could be misread are quoted."""
    stream = configured()
    log = structlog.get_logger()
    log.info("delivery.sent", delivery=42, channel="news", title="It's out", url=None, took_for=0.25, empty="")
    line = stream.getvalue()
    assert re.match(TIME, line)
    assert re.sub(TIME, "TIME", line) == (
        "TIME info    delivery.sent delivery=42 channel=news title=\"It's out\" url=None took_for=0.25 empty=''\n"
    )


def test_lines_for_machines() -> None:
    """As JSON, an event is one object on one line, with time, level and event first."""
    stream = configured(json_lines=True)
    structlog.get_logger().warning("channel.paused", channel="news", why="401\nsecond line ß")
    (event,) = objects(stream)
    assert list(event) == ["time", "level", "event", "channel", "why"]
    assert re.fullmatch(TIME, event.pop("time"))
    assert event == {"level": "warning", "event": "channel.paused", "channel": "news", "why": "401\nsecond line ß"}


def test_libraries_take_the_same_way() -> None:
    """What a library logs through the standard module comes out in the same form, with the library's name."""
    stream = configured(json_lines=True)
    logging.getLogger("some.library").warning("gave up after %d tries on %s", 3, SECRET)
    (event,) = objects(stream)
    assert (event["level"], event["event"]) == ("warning", "gave up after 3 tries on ***")
    assert event["logger"] == "some.library"


@pytest.mark.parametrize(
    ("level", "ours", "theirs"),
    [
        ("debug", ["debug", "info", "warning", "error"], ["warning", "error"]),
        ("info", ["info", "warning", "error"], ["warning", "error"]),
        ("warning", ["warning", "error"], ["warning", "error"]),
        ("error", ["error"], ["error"]),
    ],
)
def test_levels(level: str, ours: list[str], theirs: list[str]) -> None:
    """Our own events and our modules' loggers come from the chosen level on, libraries from warning on at least."""
    stream = configured(level, json_lines=True)
    names = ["debug", "info", "warning", "error"]
    for name in names:
        getattr(structlog.get_logger(), name)("article.found")
        getattr(logging.getLogger("adapters.somewhere"), name)("ours")
        getattr(logging.getLogger("some.library"), name)("theirs")
    came: dict[str, list[str]] = {}
    for event in objects(stream):
        came.setdefault(event["event"], []).append(event["level"])
    assert came == {"article.found": ours, "ours": ours, "theirs": theirs}


async def test_requests_of_httpx_are_not_told() -> None:
    """httpx tells of every request, its address included, at info: that stays out even where we log at debug."""
    stream = configured("debug")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server, httpx.AsyncClient() as client:
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/bot123456789:AAFzQ0_abcdefghijklmnopqrstuv-wxyz1/getMe"
        assert (await client.get(url)).status_code == 204
    assert stream.getvalue() == ""


def fail_with_secret() -> None:
    """Raise an error whose text, cause and notes hold the secret."""
    try:
        dict[str, int]()[SECRET]
    except KeyError as cause:
        error = RuntimeError(f"refused: {SECRET}")
        error.add_note(f"while sending {SECRET!r}")
        raise error from cause


class Careless:
    """A thing that shows its secret."""

    def __repr__(self) -> str:
        return f"<Careless token={SECRET!r}>"


def log_in_every_way() -> int:
    """Log the secret in all the ways that there are; returns how many."""
    ours, theirs = structlog.get_logger(), logging.getLogger("some.library")
    ours.info("token.used", token=SECRET, nested={"a": [SECRET, {"b": SECRET.encode()}]}, thing=Careless())
    ours.bind(token=SECRET).warning(f"odd.{SECRET}", **{SECRET: 1})
    theirs.warning("plain %s, repr %r, bytes %s", SECRET, SECRET, SECRET.encode())
    theirs.error({"token": SECRET}, stack_info=True)
    logging.warning("to the root: %s", SECRET)  # noqa: LOG015  # as careless libraries do
    for number in range(2):
        try:
            fail_with_secret()
        except RuntimeError:
            if number:
                theirs.exception("request.failed")
            else:
                ours.exception("request.failed", token=SECRET)
    with structlog.contextvars.bound_contextvars(token=SECRET):
        ours.info("context.bound")
    warnings.warn(f"deprecated {SECRET}", UserWarning, stacklevel=1)
    thread = threading.Thread(target=lambda: ours.error("thread.failed", token=SECRET))
    thread.start()
    thread.join()
    return 10


@pytest.mark.parametrize("json_lines", [True, False])
def test_no_way_lets_a_secret_through(json_lines: bool) -> None:
    """Fields, nested values, reprs, messages, arguments, tracebacks with causes and notes, stacks, contexts, warnings,
    threads: each is written, and in none is the secret, nor any piece of it that could be put together."""
    stream = configured(json_lines=json_lines)
    warnings.simplefilter("always")
    count = log_in_every_way()
    written = stream.getvalue()
    assert len(re.findall(r'^\{"time"' if json_lines else f"^{TIME} ", written, re.MULTILINE)) == count
    assert "***" in written
    assert not re.search("kX9v|Q2m|Lr7|TzB4|nWc", written)
    assert written.count("Traceback (most recent call last)") == 4


@given(secret=st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=6, max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_kind_of_secret_gets_through(secret: str) -> None:
    """Whatever characters a secret is made of, control characters included, it does not come out of the pipeline."""
    for json_lines in (True, False):
        stream = io.StringIO()
        configure_logging("info", Redactor([secret]), json=json_lines, stream=stream, color=False)
        structlog.get_logger().info("token.used", token=secret)
        logging.getLogger("x").error("failed with %s", secret)
        lines = re.sub(TIME, "", stream.getvalue())
        assert lines.count("***") >= 2
        assert secret not in lines


def test_a_line_that_cannot_be_rendered(capsys: pytest.CaptureFixture[str]) -> None:
    """A call to the log that is wrong in itself is told where the rest is told, redacted, and disturbs nothing."""
    stream = configured()
    logging.getLogger("some.library").error("wrong %d", SECRET)
    structlog.get_logger().info("delivery.sent", thing=Broken())
    structlog.get_logger().info("delivery.sent", delivery=1)
    written = stream.getvalue()
    assert written.count("log.failed logger=") == 2
    assert "TypeError: %d format" in written
    assert "RuntimeError: no words for ***" in written
    assert written.endswith("delivery.sent delivery=1\n")
    assert "kX9v" not in written
    assert capsys.readouterr() == ("", "")


class Broken:
    """A thing that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError(f"no words for {SECRET}")


def test_a_stream_that_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    """When nobody reads the log any more, the program goes on without a word."""
    stream = configured()
    stream.close()
    structlog.get_logger().info("delivery.sent", token=SECRET)
    assert capsys.readouterr() == ("", "")


def test_strangers_cannot_act_on_the_terminal() -> None:
    """Control characters in a title or in a library's message are spelt out: no line is forged, no colour changed."""
    stream = configured()
    structlog.get_logger().info("article.found", title="a\n2026-01-01T00:00:00Z error forged\x1b[2J")
    logging.getLogger("some.library").error("beep\a \x9b31m")
    first, second = stream.getvalue().splitlines()
    assert first.endswith(r"title='a\n2026-01-01T00:00:00Z error forged\x1b[2J'")
    assert second.endswith(r"beep\x07 \x9b31m logger=some.library")


def test_half_a_character_is_no_trouble() -> None:
    """A title with a lone surrogate is written, not refused by the stream's encoding."""
    raw = io.BytesIO()
    for json_lines in (True, False):
        stream = io.TextIOWrapper(raw, "utf-8", write_through=True)
        configure_logging("info", Redactor(), json=json_lines, stream=stream)
        structlog.get_logger().info("article.found", title="half \ud83d")
        stream.detach()
    assert raw.getvalue().count(b"\\ud83d") == 2
    assert b"log.failed" not in raw.getvalue()


def test_colour_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colour is for terminals, unless NO_COLOR is set; files and pipes get none."""
    colored = []
    for stream, no_color in ((Terminal(), ""), (Terminal(), "1"), (io.StringIO(), "")):
        monkeypatch.setenv("NO_COLOR", no_color)
        configured(stream=stream)
        structlog.get_logger().error("delivery.failed")
        colored.append("\x1b[31merror" in stream.getvalue())
    assert colored == [True, False, False]


def test_configuring_again_replaces() -> None:
    """A second configuration takes the place of the first, for loggers that were made before it as well."""
    first = configured()
    log = structlog.get_logger()
    log.info("one.done")
    second = configured("error")
    log.info("two.done")
    log.error("three.done")
    logging.getLogger("some.library").error("four")
    assert len(first.getvalue().splitlines()) == 1
    assert len(second.getvalue().splitlines()) == 2


async def test_what_asyncio_complains_of_is_logged() -> None:
    """An error in a callback, which asyncio only logs, comes out redacted."""
    stream = configured()
    done = asyncio.Event()

    def fail() -> None:
        raise RuntimeError(SECRET)

    asyncio.get_running_loop().call_soon(fail)
    asyncio.get_running_loop().call_soon(done.set)
    await done.wait()
    assert "RuntimeError: ***" in stream.getvalue()
    assert "kX9v" not in stream.getvalue()


def test_standard_streams_are_not_touched() -> None:
    """Configuring the log writes nowhere but to its stream, and leaves stdout and stderr as they are."""
    before = sys.stdout, sys.stderr
    configured()
    assert (sys.stdout, sys.stderr) == before
