"""Every mistake is one sentence with the key, the value and the mend, and all come at once."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

import pytest

from adapters.base import Platform
from bot.settings import Settings, SettingsError, load_settings
from bot.settings.problems import listed
from bot.sources.reading import SourceKind

Load = Callable[..., Settings]
Mistakes = Callable[..., list[str]]

DURATION = 'write it like "90" or "30s" (seconds), "5m", "48h", "2d" or "1h30m".'
ADDRESS = (
    "this is not an address of the web: "
    "write it in full, such as https://news.example/feed.xml, with a comma inside it as %2C."
)
SERVER = "postgresql://handbill@db.example:5432/handbill"
LEDGER = f"the ledger is an SQLite file, such as sqlite:///handbill.db, or a PostgreSQL database, such as {SERVER}."
IN_CODE = (
    "a user or password with one of @ : / ? # or a space in it is written in code "
    "(@ is %40, : is %3A, / is %2F, ? is %3F, # is %23)."
)
KINDS = listed((f"'{kind}'" for kind in (*get_args(SourceKind), "webhook")), "or")
LIKE = f"write it like {SERVER}."


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("POLL_EVERY", "5 parsecs", f'is "5 parsecs": this is not a duration: {DURATION}'),
        ("POLL_EVERY", "0", f'is "0": sources cannot be asked without pause: {DURATION}'),
        (
            "CONTACT",
            "call me",
            'is "call me": this is neither an address of the web nor of mail: write it like https://news.example/about.',
        ),
        (
            "FETCH__CA_FILE",
            "/nowhere/ca.pem",
            'is "/nowhere/ca.pem": this file cannot be read: No such file or directory.',
        ),
        ("FETCH__PROXY", "proxy:3128", f'is "proxy:3128": {ADDRESS}'),
        ("SETTLE", "-5s", f'is "-5s": this is not a duration: {DURATION}'),
        ("MAX_AGE", "9999999d", f'is "9999999d": this is longer than a hundred years: {DURATION}'),
        ("BACKFILL", "all", 'is "all": it is a whole number.'),
        ("BACKFILL", "-1", 'is "-1": it should be greater than or equal to 0.'),
        (
            "LOG_LEVEL",
            "warn",
            "is \"warn\": it is one of 'debug', 'info', 'warning' or 'error'; did you mean warning?",
        ),
        ("SOURCES", "news.example/feed.xml", f'is "news.example/feed.xml": {ADDRESS}'),
        ("SOURCES", "https://a.example/x, ftp://b.example/", f'is "ftp://b.example/": {ADDRESS}'),
        ("SOURCES", "https://:80/feed", f'is "https://:80/feed": {ADDRESS}'),
        ("SOURCES", "https://a.example:99999/", f'is "https://a.example:99999/": {ADDRESS}'),
        ("DATABASE_URL", "handbill.db", f'is "handbill.db": {LEDGER}'),
        ("DATABASE_URL", "sqlite:///:memory:", f'is "sqlite:///:memory:": {LEDGER}'),
        ("DATABASE_URL", "sqlite://", f'is "sqlite://": {LEDGER}'),
        ("DATABASE_URL", "postgresql://me:hu@sh@db/news", f'is "postgresql://me:***@db/news": {IN_CODE}'),
        ("DATABASE_URL", "postgresql://me:1234/5678@db/news", f'is "postgresql://me:***@db/news": {IN_CODE}'),
        ("DATABASE_URL", "postgres://me:hush?hush@db/news", f'is "postgres://me:***@db/news": {IN_CODE}'),
        ("DATABASE_URL", "postgresql://me:hush#hush@db/news", f'is "postgresql://me:***@db/news": {IN_CODE}'),
        ("DATABASE_URL", "postgresql://me:hush@db", f'is "postgresql://me:***@db": it names no database: {LIKE}'),
        ("DATABASE_URL", "postgresql://db:0/news", f'is "postgresql://db:0/news": it names no port: {LIKE}'),
        ("DATABASE_URL", "postgresql:///news", f'is "postgresql:///news": it names no server: {LIKE}'),
        (
            "DATABASE_URL",
            "postgresql://db/a/b",
            f'is "postgresql://db/a/b": a database has one name, without /: {LIKE}',
        ),
        (
            "DATABASE_URL",
            "postgresql+asyncpg://me:hush@db/news",
            f'is "postgresql+asyncpg://me:***@db/news": this is not the address of a PostgreSQL database: {LIKE}',
        ),
        (
            "DATABASE_URL",
            "postgresql://db:port/news",
            f'is "postgresql://db:port/news": this is not the address of a PostgreSQL database: {LIKE}',
        ),
        (
            "DATABASE_URL",
            "postgresql://me@db/news?password=hush-hush",
            'is "postgresql://me@db/news?password=***": the password stands before the host, '
            "as in user:password@db.example.",
        ),
        (
            "DATABASE_URL",
            "postgresql://me@db/news?sslmod=require",
            'is "postgresql://me@db/news?sslmod=require": it cannot say sslmod: did you mean sslmode?',
        ),
        (
            "FETCH__ALLOW_NETWORKS",
            "10.0.0.0/8,10.0.0.1/8",
            'is "10.0.0.1/8": this is not a network (10.0.0.1/8 has host bits set): '
            "write it like 127.0.0.0/8 or fd00::/8.",
        ),
        ("SORCES", "x", "is not a setting: did you mean HANDBILL_SOURCES?"),
        ("FETCH__ALLOW_NETWORK", "x", "is not a setting: did you mean HANDBILL_FETCH__ALLOW_NETWORKS?"),
        ("PAPER_SERVER", "x", "is not a setting: did you mean HANDBILL_PAPER__SERVER?"),
        ("PAPIER__SERVER", "x", "is not a setting: did you mean HANDBILL_PAPER__SERVER?"),
        (
            "WIRE__XYZZY",
            "x",
            "is not a setting: there is HANDBILL_WIRE__CHAT and HANDBILL_WIRE__APP_PASSWORD.",
        ),
        ("WIRE", "{}", "is not a setting: there is HANDBILL_WIRE__CHAT and HANDBILL_WIRE__APP_PASSWORD."),
        ("WIRE__CHAT__DEEP", "x", "is not a setting: there is HANDBILL_WIRE__CHAT and HANDBILL_WIRE__APP_PASSWORD."),
    ],
)
def test_one_mistake_one_sentence(mistakes: Mistakes, name: str, value: str, sentence: str) -> None:
    """A single wrong variable makes a single sentence."""
    assert mistakes(**{f"HANDBILL_{name}": value}) == [f"HANDBILL_{name} {sentence}"]


def test_half_configured_platform(mistakes: Mistakes) -> None:
    """Each required setting that is missing gets a sentence, which says what made the platform count as configured."""
    assert mistakes(HANDBILL_PAPER__TONE="grave") == [
        f"HANDBILL_PAPER__{name} is missing: Paper needs it where HANDBILL_PAPER__TONE is set; "
        "set it as well, or remove the others to do without Paper."
        for name in ("SERVER", "TOKEN")
    ]


def test_a_platform_s_own_sentences(mistakes: Mistakes) -> None:
    """What a platform's model refuses is said in its words, after the key; a secret's value is masked in them."""
    assert mistakes(
        HANDBILL_PAPER__SERVER="nowhere", HANDBILL_PAPER__TOKEN="inky fingers", HANDBILL_PAPER__PER_MINUTE="0"
    ) == [
        "HANDBILL_PAPER__SERVER is \"nowhere\": 'nowhere' is not a host; write it like paper.example.",
        "HANDBILL_PAPER__TOKEN (its value is not shown): *** has a space in it; copy it again.",
        'HANDBILL_PAPER__PER_MINUTE is "0": it should be greater than or equal to 1.',
    ]


def test_all_mistakes_at_once(mistakes: Mistakes, tmp_path: Path) -> None:
    """Mistakes in the environment, in `.env`, in every part of the TOML file, and between them are told together."""
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "picture").write_bytes(b"\x89PNG\xff")
    toml = """
        settle = "soon"
        poll_evry = "3m"
        [fetch]
        allow_netwrks = []
        [wire]
        chat = "@news"
        [[sources]]
        nam = "x"
        url = 7
        [[channels]]
        name = "a"
        platform = "papr"
        [[channels]]
        name = "b"
        server = "paper.example"
        [[channels]]
        platform = "paper"
        server = "paper.example"
        token = "inky-fingers"
        colour = "red"
        [[channels]]
        name = "d"
        platform = "wire"
        chat = "@d"
        app_password = { env = "NOT_SET" }
        [[channels]]
        name = "e"
        platform = "wire"
        chat = "@e"
        app_password = { file = "nowhere" }
        [[channels]]
        name = "f"
        platform = "wire"
        chat = "@f"
        app_password = { file = "empty" }
        [[channels]]
        name = "g"
        platform = "wire"
        chat = "@g"
        app_password = { file = "picture" }
        [[channels]]
        name = "h"
        platform = "wire"
        chat = "@h"
        app_password = { file = "a", env = "b" }
        [[channels]]
        name = "i"
        platform = "wire"
        chat = "@i"
    """
    dotenv = "HANDBILL_LOG_LEVEL=loud\nHANDBILL_SETTLE\n= =\n"
    refer = (
        "a secret does not stand in this file: "
        'write { env = "NAME" } with the name of a variable, or { file = "path" }.'
    )
    assert mistakes(toml, dotenv, HANDBILL_BACKFILL="x", HANDBILL_PAPER__SERVER="paper.example") == [
        '.env, line 3: this cannot be read: write NAME=value, or NAME="value" with quotes.',
        "HANDBILL_SETTLE (in .env): there is no value: write HANDBILL_SETTLE=value.",
        'handbill.toml: [wire]: the accounts stand in [[channels]] tables, each with platform = "wire".',
        "handbill.toml: poll_evry is not a setting: did you mean poll_every?",
        "handbill.toml: fetch.allow_netwrks is not a setting: did you mean allow_networks?",
        'HANDBILL_BACKFILL is "x": it is a whole number.',
        f'handbill.toml: settle is "soon": this is not a duration: {DURATION}',
        "HANDBILL_LOG_LEVEL (in .env) is \"loud\": it is one of 'debug', 'info', 'warning' or 'error'.",
        "HANDBILL_PAPER__TOKEN is missing: Paper needs it where HANDBILL_PAPER__SERVER is set; "
        "set it as well, or remove the others to do without Paper.",
        "handbill.toml: nam in [[sources]] #1 is not a setting: did you mean name?",
        'handbill.toml: url in [[sources]] #1 is 7: it is text in quotes, such as "…".',
        'handbill.toml: platform in [[channels]] #1 ("a") is "papr": there is no such platform; did you mean paper?',
        'handbill.toml: platform in [[channels]] #2 ("b") is missing: it is one of paper or wire.',
        'handbill.toml: name in [[channels]] #3 is missing: give the channel a name, such as name = "news".',
        "handbill.toml: colour in [[channels]] #3 is not a setting: there is server, token, tone and per_minute.",
        f"handbill.toml: token in [[channels]] #3 (its value is not shown): {refer}",
        'handbill.toml: app_password.env in [[channels]] #4 ("d") is "NOT_SET": '
        "this variable is not set, or empty, in the environment and in .env; set it to the secret.",
        'handbill.toml: app_password.file in [[channels]] #5 ("e") is "nowhere": '
        "this file cannot be read (No such file or directory); name one that holds the secret.",
        'handbill.toml: app_password.file in [[channels]] #6 ("f") is "empty": '
        "this file is empty; put the secret into it.",
        'handbill.toml: app_password.file in [[channels]] #7 ("g") is "picture": '
        "this file is not text; put the secret into it.",
        f'handbill.toml: app_password in [[channels]] #8 ("h") (its value is not shown): {refer}',
        'handbill.toml: app_password in [[channels]] #9 ("i") is missing: [[channels]] #9 ("i") needs it.',
    ]


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (
            '[sources]\nurl = "https://a.example"',
            "handbill.toml: sources: it is written as tables, each under a line [[sources]].",
        ),
        (
            'channels = ["a"]',
            "handbill.toml: channels: it is written as tables, each under a line [[channels]].",
        ),
        ('fetch = "x"', "handbill.toml: fetch: it is a table with settings of its own."),
        ("settle = { s = 1 }", f"handbill.toml: settle is {{'s': 1}}: this is not a duration: {DURATION}"),
        ("settle = true", f"handbill.toml: settle is True: this is not a duration: {DURATION}"),
        ("settle = nan", f"handbill.toml: settle is nan: this is not a duration: {DURATION}"),
        (
            "fetch.allow_networks = 7",
            'handbill.toml: fetch.allow_networks is 7: it is a list, such as ["…"].',
        ),
        (
            "settle",
            "handbill.toml: this is not TOML: Expected '=' after a key in a key/value pair (at end of document); "
            "mend that place.",
        ),
        (
            '[[sources]]\nurl = "https://a.example"\nlanguage = "german!"',
            'handbill.toml: language in [[sources]] #1 is "german!": '
            "this is not a language code: write it like en, de-AT or zh-Hant.",
        ),
        (
            '[[sources]]\nurl = "https://a.example"\nkind = "podcast"',
            f'handbill.toml: kind in [[sources]] #1 is "podcast": it is one of {KINDS}.',
        ),
    ],
)
def test_shapes_in_toml(mistakes: Mistakes, toml: str, sentence: str) -> None:
    """A value of the wrong shape, or a file that is not TOML, is told as plainly as any other mistake."""
    assert mistakes(toml) == [sentence]


def test_config_that_is_not_there(
    platforms: Mapping[str, Platform], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A TOML file that was named has to exist and to be text; the sentence says who named it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture").write_bytes(b"\x89PNG\xff")
    named = {
        "--config": {"environ": {}, "config": Path("none")},
        "HANDBILL_CONFIG": {"environ": {"HANDBILL_CONFIG": "picture"}},
    }
    said = []
    for arguments in named.values():
        with pytest.raises(SettingsError) as caught:
            load_settings(platforms, env_file=None, **arguments)  # type: ignore[arg-type]
        said += [problem.sentence for problem in caught.value.problems]
    assert said == [
        '--config is "none": the file cannot be read (No such file or directory); name one that exists.',
        'HANDBILL_CONFIG is "picture": the file is not UTF-8 text; save it as such.',
    ]


def test_dotenv_that_is_not_text(mistakes: Mistakes, tmp_path: Path) -> None:
    """A `.env` that is not text is refused in a sentence."""
    (tmp_path / ".env").write_bytes(b"HANDBILL_SETTLE=\xff")
    assert mistakes() == [".env: the file cannot be read (it is not UTF-8 text)."]


PAPER = {"HANDBILL_PAPER__TOKEN": "inky-fingers", "HANDBILL_QUIET_TIME": "30s"}


def test_a_quiet_time_that_is_too_short(mistakes: Mistakes) -> None:
    """The quiet time may not be shorter than what a configured platform needs, which the sentence tells."""
    assert mistakes(HANDBILL_PAPER__SERVER="paper.example", **PAPER) == [
        'HANDBILL_QUIET_TIME is "30s": after an unknown outcome Paper has to be left alone for 1m at least, or a post '
        "could come out twice; leave it out or set 1m or more (shorter is for servers on this machine only)."
    ]


def test_a_short_quiet_time_on_this_machine(load: Load) -> None:
    """Towards servers on this machine the quiet time may be as short as one likes; other platforms do not matter."""
    assert load(HANDBILL_PAPER__SERVER="127.0.0.1", **PAPER).quiet_time == 30.0
    wire = {"HANDBILL_WIRE__CHAT": "@news", "HANDBILL_WIRE__APP_PASSWORD": "open-sesame"}
    assert load(HANDBILL_QUIET_TIME="10s", **wire).quiet_time == 10.0


@pytest.mark.parametrize("name", ["PROBE_GAP", "CALL_DEADLINE", "BACKOFF"])
def test_every_wait_of_the_protocol_has_a_floor(mistakes: Mistakes, load: Load, name: str) -> None:
    """Shorter than what protects from posting twice, or a platform from us: only towards servers on this machine."""
    account = {"HANDBILL_PAPER__TOKEN": "inky-fingers", "HANDBILL_PAPER__SERVER": "paper.example"}
    (sentence,) = mistakes(**account, **{f"HANDBILL_{name}": "1s"})
    assert sentence.startswith(f'HANDBILL_{name} is "1s": ')
    assert sentence.endswith("(shorter is for servers on this machine only).")
    load(**account | {"HANDBILL_PAPER__SERVER": "127.0.0.1", f"HANDBILL_{name}": "1s"})
