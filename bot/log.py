"""One pipeline for every log line, ours and the libraries', whose last step masks secrets in the finished line.

Events are `noun.past` with fields (`delivery.sent`, `channel="news"`); what libraries log comes out as they word it.
"""

import logging
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor

from bot.redact import Redactor
from bot.settings.environment import color_refused

OWN_LOGGERS = ("handbill", "bot", "adapters")
"""These speak at the level that the operator chose; libraries at warning or above, because below it they tell of every
request, some with the token in its address."""

_FIRST = ("time", "level", "event")
_LAST = ("stack", "exception")
_COLORS = {"debug": "\033[2m", "warning": "\033[33m", "error": "\033[31m", "critical": "\033[31;1m"}
_RESET = "\033[0m"


def configure_logging(level: str, redactor: Redactor, *, json: bool, stream: TextIO, color: bool | None = None) -> None:
    """Send structlog's events, the logging of every library and Python's warnings to `stream`, redacted.

    `level` is "debug", "info", "warning" or "error". `color` None: on a terminal, unless NO_COLOR forbids it. May be
    called again.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    colored = stream.isatty() and not color_refused() if color is None else color
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
        # Plain: rich's tracebacks show local variables, and break lines in the middle of a secret.
        structlog.processors.format_exc_info,
    ]
    formatter = _RedactingFormatter(
        redactor,
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            _ordered,
            structlog.processors.JSONRenderer() if json else _line_renderer(colored, redactor),
        ],
    )
    handler = _Handler(stream, redactor)
    handler.setFormatter(formatter)
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(max(threshold, logging.WARNING))
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(threshold)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[*shared, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: logging.getLogger(OWN_LOGGERS[0]),
        cache_logger_on_first_use=False,
    )


class _RedactingFormatter(ProcessorFormatter):
    """Renders a record, then masks the secrets in the outcome, so that no spelling of a field can slip by."""

    def __init__(self, redactor: Redactor, **chain: Any) -> None:
        super().__init__(**chain)
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.redact(super().format(record))


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to the stream; what cannot be rendered is told in redacted form too, unlike logging's own way."""

    def __init__(self, stream: TextIO, redactor: Redactor) -> None:
        super().__init__(stream)
        self._redactor = redactor

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the name is logging's
        line = f"log.failed logger={record.name} at={record.pathname}:{record.lineno}\n{traceback.format_exc()}"
        try:
            self.stream.write(self._redactor.redact(line))
            self.flush()
        except (OSError, ValueError):
            # The stream itself is gone (closed, or nobody reads it): there is no place left to tell it.
            return


def _ordered(_logger: object, _method: str, event: EventDict) -> EventDict:
    """What a reader looks for first comes first, long texts last; times are written as machines read them."""
    middle = {
        key: _time(value) if isinstance(value, datetime) else value
        for key, value in event.items()
        if key not in {*_FIRST, *_LAST}
    }
    return {
        **{key: event[key] for key in _FIRST if key in event},
        **middle,
        **{key: event[key] for key in _LAST if key in event},
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _line_renderer(color: bool, redactor: Redactor) -> Callable[[object, str, EventDict], str]:
    """For people: time, level, event, key=value on one line; stack and traceback below it."""

    def text(value: object) -> str:
        # Before it is tamed, which would leave a spelling of its own of a secret with control characters.
        return _tame(redactor.redact(str(value)))

    def render(_logger: object, _method: str, event: EventDict) -> str:
        level = str(event.pop("level"))
        mark, reset = (_COLORS.get(level, ""), _RESET) if color and level in _COLORS else ("", "")
        head = f"{str(event.pop('time'))[:19]}Z {mark}{level:<7}{reset} {text(event.pop('event'))}"
        below = [text(event.pop(key)) for key in _LAST if key in event]
        return "\n".join([" ".join([head, *_pairs(event)]), *below])

    return render


def _pairs(fields: Mapping[str, object]) -> list[str]:
    return [f"{key}={_value(value)}" for key, value in fields.items()]


def _value(value: object) -> str:
    """A field as a person reads it: bare where that is unmistakable, else as Python writes it."""
    text = value if isinstance(value, str) else str(value)
    plain = text != "" and text.isprintable() and not any(char in text for char in " \"'=")
    return text if plain or (not isinstance(value, str) and text.isprintable()) else repr(text)


def _tame(text: str) -> str:
    """Free text without what could act on a terminal: titles come from strangers. Lines stay lines."""
    return "".join(char if char.isprintable() or char in "\n\t" else repr(char)[1:-1] for char in text)
