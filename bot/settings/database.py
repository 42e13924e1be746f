"""The address of the ledger, as an operator writes it: an SQLite file, or a database on a PostgreSQL server."""

import re
from urllib.parse import parse_qsl, urlsplit

from bot.settings.problems import suggestion

FILE = "sqlite:///handbill.db"
SERVER = "postgresql://handbill@db.example:5432/handbill"
_EITHER = f"the ledger is an SQLite file, such as {FILE}, or a PostgreSQL database, such as {SERVER}"

_SERVER = re.compile(r"postgres(?:ql)?(?:\+psycopg)?://", re.IGNORECASE)
_PARAMETERS = frozenset(
    (
        *("host", "hostaddr", "port", "service", "passfile", "options", "target_session_attrs", "require_auth"),
        *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslnegotiation", "sslsni", "channel_binding"),
        *("gssencmode", "krbsrvname"),
    )
)
"""What libpq can be told besides (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS);
timeouts, keep-alives and the application's name are ours to say."""


def read_database_url(text: str) -> str:
    """The address in its one form. Raises ValueError with half a sentence that says what is wrong."""
    text = text.strip()
    if match := _SERVER.match(text):
        return "postgresql://" + _on_server(text[match.end() :])
    if text.lower().startswith("postgres"):
        raise ValueError(f"this is not the address of a PostgreSQL database: write it like {SERVER}")
    path = text.removeprefix("sqlite:///")
    if path in {text, "", ":memory:"} or "?" in path or path.endswith("/"):
        raise ValueError(_EITHER)
    return text


def _on_server(rest: str) -> str:
    place, _, query = rest.partition("?")
    if place.count("@") > 1 or "@" in query or "@" in place.partition("/")[2] or "#" in rest or re.search(r"\s", rest):
        raise ValueError(
            "a user or password with one of @ : / ? # or a space in it is written in code (@ is %40, : is %3A, "
            "/ is %2F, ? is %3F, # is %23)"
        )
    try:
        parts = urlsplit(f"//{rest}")
        port = parts.port
        told = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    except ValueError:
        raise ValueError(f"this is not the address of a PostgreSQL database: write it like {SERVER}") from None
    for name in told:
        if "password" in name:
            raise ValueError("the password stands before the host, as in user:password@db.example")
        if name not in _PARAMETERS:
            raise ValueError(f"it cannot say {name}: {suggestion(name, sorted(_PARAMETERS))}")
    if "service" not in told:
        if not (parts.hostname or {"host", "hostaddr"} & told.keys()):
            raise ValueError(f"it names no server: write it like {SERVER}")
        if not parts.path.strip("/") or port == 0:
            raise ValueError(f"it names no {'port' if port == 0 else 'database'}: write it like {SERVER}")
    if "/" in parts.path[1:]:
        raise ValueError(f"a database has one name, without /: write it like {SERVER}")
    return rest
