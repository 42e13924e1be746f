"""The rules of who may know whom, read out of the source text: a breach is named by file and line."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.core.imports import Module, Tree, read_tree, within

ROOT = Path(__file__).parents[1]

COMPOSITION_ROOT = ("bot.wiring", "bot.cli")
DEMO = ("bot.demo", "bot.cli.demo")
"""The demo is a stage play with three fake platforms: it alone may see the sandbox, and name a platform."""

PLATFORM_LIBRARIES = {"telegram": "telegram", "mastodon": "mastodon", "bluesky": "atproto_client"}
"""Adapter package → the library that it alone may import."""
PLATFORM_NAMES = re.compile(r"telegram|mastodon|bluesky|bsky|atproto|tweet|toot", re.IGNORECASE)

PURE = (
    *("bot.model", "bot.plan", "bot.retry", "bot.schedule", "bot.links", "bot.duration", "bot.render", "bot.picture"),
    *("bot.focal", "bot.alt", "bot.pace", "bot.segments"),
    "bot.ledger.texts",
    *("bot.nearest", "bot.marks", "bot.templates.names", "bot.templates.wrong", "bot.templates.links"),
    *(
        "bot.templates.forms",
        "bot.templates.filters",
        "bot.templates.language",
        "bot.templates.compiled",
        "bot.templates.chosen",
    ),
    *("bot.sources.tags", "bot.sources.linked_data", "bot.sources.canonical", "bot.sources.page"),
    *("bot.sources.robots_txt", "bot.facts", "bot.sources.push", "bot.signed", "bot.websub"),
    *("bot.sources.entry", "bot.sources.dates", "bot.sources.headers", "bot.sources.plain", "bot.sources.markup"),
    *("bot.sources.sniff", "bot.sources.wordpress_posts", "bot.sources.sitemap_xml", "bot.sources.older"),
    *("bot.sources.document", "bot.sources.rss", "bot.sources.atom", "bot.sources.jsonfeed", "bot.sources.addresses"),
    *("bot.sources.wishes", "bot.sources.withdrawal"),
    *("adapters.base", "adapters.outcomes", "adapters.post", "adapters.text", "adapters.unmarked", "adapters.address"),
    *("adapters.shaping", "adapters.hashtags", "adapters.characters", "adapters.cutting"),
    *("adapters.rules", "adapters.language", "adapters.tracking"),
    *("adapters.bluesky.tid", "adapters.bluesky.compose", "adapters.bluesky.budget", "adapters.bluesky.listing"),
    *("adapters.bluesky.less", "adapters.bluesky.choices", "adapters.bluesky.thumb"),
    *("adapters.bluesky.shown", "adapters.mastodon.shown", "adapters.telegram.shown"),
    *("adapters.bluesky.outcomes", "adapters.bluesky.session", "adapters.mastodon.compose", "adapters.mastodon.length"),
    *("adapters.mastodon.content", "adapters.mastodon.entities", "adapters.mastodon.outcomes"),
    *("adapters.mastodon.budget", "adapters.mastodon.seeking"),
    *("adapters.mastodon.standing", "adapters.telegram.compose", "adapters.telegram.verdict"),
    *("adapters.telegram.standing", "adapters.telegram.probe", "adapters.telegram.less", "bot.late", "bot.findings"),
    *("bot.newer", "bot.wait", "bot.flood", "bot.rhythm", "bot.moves", "bot.turns"),
    *("bot.sources.archive.page", "bot.sources.archive.days", "bot.sources.archive.mentions"),
    *(
        "bot.sources.archive.parts",
        "bot.sources.archive.items",
        "bot.sources.archive.shapes",
        "bot.sources.archive.told",
    ),
    *("bot.sources.archive.titles", "bot.sources.archive.pictures", "bot.sources.archive.groups"),
    *("bot.sources.archive.parse", "bot.sources.archive.steady", "bot.sources.archive.nesting"),
    "bot.sources.archive.words",
)
"""Modules that only decide."""
PURE_MAY_IMPORT = frozenset(
    name
    for line in (
        "babel babel.dates base64 bisect codecs collections collections.abc contextlib dataclasses datetime difflib",
        "email.utils enum fractions traceback zoneinfo",
        "functools hashlib hmac html html.entities http io ipaddress itertools json math re statistics sys typing",
        "unicodedata urllib.parse warnings ada_url jinja2 jinja2.sandbox lxml PIL selectolax.lexbor wcwidth",
        "wcwidth.table_grapheme zlib",
    )
    for name in line.split()
)
"""Nothing here reads a file, a socket, a clock or dice by being asked for what pure modules ask of it, but for tables
that Babel and zoneinfo come with."""
PURE_MAY_ALSO_TAKE: Mapping[str, frozenset[str]] = {
    "bot.doors": frozenset({"Dice", "Fetched"}),  # the shape of a door that is passed in, and what came through one
    "bot.sources.reading": frozenset({"Selectors", "Unreadable"}),  # what is asked for, and that it is not there
    "adapters.wire": frozenset(
        {"Wire", "Phase", "LONGEST_WAIT", "retry_after", "server_time"}
    ),  # what was seen of a call
    "pydantic": frozenset({"BaseModel", "BeforeValidator", "Field"}),  # adapters.shaping: a part of settings
    "importlib": frozenset({"resources"}),  # bot.templates.chosen: the packaged templates
    "mastodon._url_regex": frozenset({"URL_REGEX_SOURCE"}),  # the library's table of what is a link
}
IMPURE_USES = re.compile(
    r"open|print|input|exec|eval|.+\.(now|utcnow|today|getenv|environ|read_bytes|write_text|write_bytes)"
)

DOORS: Mapping[str, tuple[str, ...]] = {
    # imported module → the modules that may import it
    "sqlalchemy": ("bot.ledger",),
    "sqlite3": ("bot.ledger",),
    "psycopg": ("bot.ledger.bell",),  # else only SQLAlchemy loads it, for a ledger on a server
    "alembic": ("bot.ledger.migrate", "bot.ledger.migrations"),
    "aiohttp": ("bot.sources.fetch", "bot.web", "adapters.sandbox"),
    "httpx": ("adapters.wire", "adapters.bluesky.xrpc"),
    "requests": ("adapters.wire_blocking",),
    "urllib3": ("adapters.wire_blocking",),
    "urllib.request": (),
    "http.client": (),
    "socket": ("bot.sources.fetch", "bot.ledger.silence", "bot.sender", "adapters.wire_blocking", "adapters.sandbox"),
    "ssl": ("bot.sources.fetch", "adapters.wire", "adapters.wire_blocking"),
    "time": ("bot.clock", "adapters.sandbox"),
    "random": ("bot.clock", "adapters.sandbox"),
    "secrets": ("bot.clock", *DEMO, "adapters.sandbox"),
    "uuid": (),
    "concurrent": ("bot.threads", "bot.ledger.db"),
    "multiprocessing": (),
    "threading": ("bot.redact", "bot.wiring", "adapters.threads", "adapters.wire", "adapters.wire_blocking"),
    "subprocess": ("bot.ledger.migrate", "bot.sources.fallback"),
    "signal": ("bot.wiring", *DEMO),
    "fcntl": ("bot.sender", "bot.ledger.migrate"),
    "jinja2": ("bot.templates", "bot.skin"),
    "babel": ("bot.templates.filters",),
    "zoneinfo": ("bot.templates.filters",),
    "importlib": (
        "bot.templates.chosen",
        "adapters.sandbox.telegram_parsers",
    ),  # packaged templates; a parser that may be there
}
LENT: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    # what may be taken elsewhere too: loops hand work functions to the ledger's door, and know its errors
    "sqlalchemy": {
        "Connection": (
            *(
                "bot.arrival",
                "bot.doors",
                "bot.app",
                "bot.channel",
                "bot.infer",
                "bot.intent",
                "bot.look",
                "bot.pacing",
                "bot.poll",
            ),
            "bot.enrich",
            *("bot.settle", "bot.audit", "bot.cli", "bot.missed", "bot.inbox", "bot.sourcing"),
            "bot.watcher",
        )
    },
    "sqlalchemy.exc": {
        "DBAPIError": ("bot.cli",),
    },
    "socket": {
        "gaierror": ("adapters.reach",),
    },
    "ssl": {
        "SSLCertVerificationError": ("adapters.reach",),
        "SSLError": ("adapters.reach",),
    },
}

USES: Mapping[re.Pattern[str], tuple[str, ...]] = {
    # what is used (a full match) → the modules that may use it
    re.compile(r"os\.(environ|getenv|putenv)(\..*)?"): ("bot.settings", "bot.ledger.migrate", *DEMO),
    re.compile(r"datetime\.(datetime|date)\.(now|utcnow|today)"): ("bot.clock",),
    re.compile(r"asyncio\.sleep"): ("bot.clock", *DEMO, "adapters.sandbox"),
    re.compile(r"asyncio\.(timeout|timeout_at|wait_for)"): (
        "bot.clock",
        "bot.sources.fetch",
        "adapters.wire",
        "adapters.sandbox",
    ),
    re.compile(r"asyncio\.to_thread|.*\.run_in_executor"): ("bot.threads", "bot.ledger.db"),
    re.compile(r".*\.(call_later|call_at)"): ("adapters.sandbox",),
    re.compile(r"threading\.(Thread|Timer)"): ("bot.wiring", "adapters.threads"),
    re.compile(r"(.*\.)?(execute|executemany|executescript|exec_driver_sql)"): ("bot.ledger",),
    re.compile(r"importlib\.(import_module|util|reload).*|__import__"): ("adapters.sandbox.telegram_parsers",),
}

NOT_NAMES = frozenset({"utils", "util", "common", "helpers", "helper", "manager", "service", "misc", "lib"})


# ── the rules ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _seen(tree: Tree, of: Callable[[Module], bool], forbidden: Callable[[str], bool], why: str) -> Iterator[str]:
    for module in tree.values():
        if of(module):
            for each in module.imports:
                if forbidden(each.name if each.part is None else f"{each.name}.{each.part}"):
                    yield f"{each.at}: {module.name} imports {each.name}: {why}"


def adapters_know_nothing_of_the_core(tree: Tree) -> Iterator[str]:
    """Adapters never import bot."""
    why = "adapters never import bot"
    yield from _seen(tree, lambda module: within(module.name, "adapters"), lambda name: within(name, "bot"), why)


def the_core_knows_the_contract_only(tree: Tree) -> Iterator[str]:
    """Bot sees the contract; the composition root sees the registry besides, and the demo the sandbox."""
    for module in tree.values():
        if not within(module.name, "bot"):
            continue
        allowed = ["adapters.base", "adapters.outcomes", "adapters.post", "adapters.shaping", "adapters.hashtags"]
        allowed += ["adapters.text", "adapters.tracking", "adapters.language"]
        allowed += ["adapters.registry"] * within(module.name, *COMPOSITION_ROOT)
        allowed += ["adapters.sandbox"] * within(module.name, *DEMO)
        for each in module.imports:
            if within(each.name, "adapters") and not within(each.name, *allowed):
                yield f"{each.at}: {module.name} imports {each.name}, and may only see {', '.join(allowed)}"


def the_sandbox_is_a_second_reading(tree: Tree) -> Iterator[str]:
    """The sandbox imports neither bot nor the adapters that it judges."""
    for module in tree.values():
        if within(module.name, "adapters.sandbox"):
            for each in module.imports:
                if within(each.name, "bot", "adapters") and not within(each.name, "adapters.sandbox"):
                    yield f"{each.at}: {module.name} imports {each.name}: the sandbox reads the rules by itself"
        elif within(module.name, "adapters"):
            for each in module.imports:
                if within(each.name, "adapters.sandbox"):
                    yield f"{each.at}: {module.name} imports {each.name}: an adapter never sees the sandbox"


def a_library_stays_in_its_adapter(tree: Tree) -> Iterator[str]:
    """A platform's library is imported only inside the package of its own adapter; adapters do not know each other."""
    for module in tree.values():
        for platform, library in PLATFORM_LIBRARIES.items():
            own, libraries = f"adapters.{platform}", (library, library.partition("_")[0], f"{library}_core")
            if within(module.name, own):
                continue
            for each in module.imports:
                if within(each.name, *libraries):
                    yield f"{each.at}: {module.name} imports {each.name}: only {own} may"
                elif within(each.name, own) and module.name != "adapters.registry":
                    yield f"{each.at}: {module.name} imports {each.name}: only the registry may"


def pure_modules_only_decide(tree: Tree) -> Iterator[str]:
    """Pure modules import what is harmless and each other, and call nothing that reaches out."""
    for name in PURE:
        if name not in tree:
            yield f"{name} is on the list of pure modules and does not exist"
            continue
        for each in tree[name].imports:
            lent = PURE_MAY_ALSO_TAKE.get(each.name, frozenset())
            if each.name not in PURE_MAY_IMPORT and each.name not in PURE and each.part not in lent:
                yield f"{each.at}: {name} is pure and imports {each.part or 'all'} of {each.name}"
        for use in tree[name].uses:
            if IMPURE_USES.fullmatch(use.name):
                yield f"{use.at}: {name} is pure and uses {use.name}"


def each_resource_has_one_door(tree: Tree) -> Iterator[str]:
    """The database, the web, the environment, time, chance, threads and processes each have their doors."""
    for module in tree.values():
        for each in module.imports:
            lent = LENT.get(each.name, {}).get(each.part or "", ())
            for resource, doors in DOORS.items():
                if within(each.name, resource) and not within(module.name, *doors, *lent):
                    yield f"{each.at}: {module.name} imports {each.name}: only {', '.join(doors) or 'nobody'} may"
        for pattern, doors in USES.items():
            if within(module.name, *doors):
                continue
            for use in module.uses:
                if pattern.fullmatch(use.name):
                    yield f"{use.at}: {module.name} uses {use.name}: only {', '.join(doors) or 'nobody'} may"


def the_server_is_loaded_when_it_is_asked_for(tree: Tree) -> Iterator[str]:
    """The web server is imported by the composition root alone, and not at start."""
    for module in tree.values():
        for each in module.imports:
            if within(each.name, "bot.web") and not within(module.name, "bot.web"):
                if module.name != "bot.wiring":
                    yield f"{each.at}: {module.name} imports {each.name}: only bot.wiring may"
                elif each.when == "start":
                    yield f"{each.at}: {module.name} imports {each.name} at start: also where nobody wants a server"


def the_core_names_no_platform(tree: Tree) -> Iterator[str]:
    """No word of a platform stands in bot/, not even in a comment; the demo is the exception."""
    for module in tree.values():
        if within(module.name, "bot") and not within(module.name, *DEMO):
            for number, line in enumerate(module.text.splitlines(), start=1):
                if found := PLATFORM_NAMES.search(line):
                    yield f"{module.path}:{number}: bot/ names no platform: {found[0]}"


def nothing_goes_in_circles(tree: Tree) -> Iterator[str]:
    """What is imported at start has no circle."""
    graph = {
        module.name: {
            each.name
            for each in module.imports
            if each.when == "start" and each.name in tree and each.name != module.name
        }
        for module in tree.values()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"a circle: {' imports '.join(reversed(error.args[1]))}"


def every_module_says_what_it_is(tree: Tree) -> Iterator[str]:
    """A docstring each, a name that says something, absolute imports."""
    for module in tree.values():
        if not ast.get_docstring(module.tree):
            yield f"{module.path}:1: {module.name} has no docstring"
        if NOT_NAMES & set(module.name.split(".")):
            yield f"{module.path}:1: {module.name} is a name that says nothing"
        for each in module.imports:
            if each.name.startswith("."):
                yield f"{each.at}: {module.name} imports {each.name} relatively"


Rule = Callable[[Tree], Iterator[str]]

RULES: tuple[Rule, ...] = (
    adapters_know_nothing_of_the_core,
    the_core_knows_the_contract_only,
    the_sandbox_is_a_second_reading,
    a_library_stays_in_its_adapter,
    pure_modules_only_decide,
    each_resource_has_one_door,
    the_server_is_loaded_when_it_is_asked_for,
    the_core_names_no_platform,
    nothing_goes_in_circles,
    every_module_says_what_it_is,
)


@pytest.fixture(scope="session")
def program() -> Tree:
    """The program as it is."""
    return read_tree(ROOT)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.__name__))
def test_the_program_keeps_the_rule(rule: Rule, program: Tree) -> None:
    """Nobody imports, calls or names what the design keeps from them."""
    assert len(program) > 100
    assert [] == list(rule(program)), rule.__doc__


PLANTED: tuple[tuple[Rule, Mapping[str, str], str], ...] = (
    (
        adapters_know_nothing_of_the_core,
        {"adapters/x.py": "def f():\n    from bot.model import State"},
        "adapters/x.py:2",
    ),
    (the_core_knows_the_contract_only, {"bot/x.py": "import adapters.registry"}, "bot/x.py:1"),
    (the_core_knows_the_contract_only, {"bot/wiring.py": "from adapters.sandbox import server"}, "bot/wiring.py:1"),
    (the_core_knows_the_contract_only, {"bot/cli/x.py": "\nfrom adapters.telegram import PLATFORM"}, "bot/cli/x.py:2"),
    (
        the_sandbox_is_a_second_reading,
        {"adapters/sandbox/x.py": "from adapters import text"},
        "adapters/sandbox/x.py:1",
    ),
    (the_sandbox_is_a_second_reading, {"adapters/x.py": "import adapters.sandbox.server"}, "adapters/x.py:1"),
    (a_library_stays_in_its_adapter, {"adapters/wire.py": "from mastodon import Mastodon"}, "adapters/wire.py:1"),
    (a_library_stays_in_its_adapter, {"adapters/bluesky/x.py": "import telegram.error"}, "adapters/bluesky/x.py:1"),
    (the_server_is_loaded_when_it_is_asked_for, {"bot/wiring.py": "from bot.web import open"}, "bot/wiring.py:1"),
    (the_server_is_loaded_when_it_is_asked_for, {"bot/x.py": "def f():\n    import bot.web.open"}, "bot/x.py:2"),
    (pure_modules_only_decide, {"bot/plan.py": "import asyncio"}, "bot/plan.py:1"),
    (pure_modules_only_decide, {"bot/plan.py": "from datetime import datetime as d\nd.now()"}, "bot/plan.py:2"),
    (pure_modules_only_decide, {"bot/retry.py": "from bot.doors import Clock"}, "bot/retry.py:1"),
    (pure_modules_only_decide, {"adapters/text.py": "open('x')"}, "adapters/text.py:1"),
    (each_resource_has_one_door, {"bot/x.py": "from sqlalchemy import select"}, "bot/x.py:1"),
    (each_resource_has_one_door, {"bot/deliver.py": "conn().execute('x')"}, "bot/deliver.py:1"),
    (each_resource_has_one_door, {"bot/x.py": "from time import monotonic"}, "bot/x.py:1"),
    (each_resource_has_one_door, {"bot/x.py": "import asyncio as a\nx = a.sleep"}, "bot/x.py:2"),
    (each_resource_has_one_door, {"bot/x.py": "from os import environ\nenviron['A']"}, "bot/x.py:2"),
    (each_resource_has_one_door, {"bot/sources/x.py": "import aiohttp"}, "bot/sources/x.py:1"),
    (each_resource_has_one_door, {"adapters/x.py": "import importlib"}, "adapters/x.py:1"),
    (the_core_names_no_platform, {"bot/x.py": "\nx = 'MastoDon'"}, "bot/x.py:2"),
    (nothing_goes_in_circles, {"bot/x.py": "import bot.y", "bot/y.py": "from bot import x"}, "a circle"),
    (every_module_says_what_it_is, {"bot/x.py": "x = 1"}, "bot/x.py:1"),
    (every_module_says_what_it_is, {"bot/utils.py": "'Odds and ends.'"}, "bot/utils.py:1"),
    (every_module_says_what_it_is, {"bot/x.py": "'X.'\nfrom . import y"}, "bot/x.py:2"),
)


@pytest.mark.parametrize(("rule", "files", "where"), PLANTED)
def test_a_breach_is_seen(rule: Rule, files: Mapping[str, str], where: str, tmp_path: Path) -> None:
    """Each rule finds a breach that is planted for it, and says where."""
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert [breach for breach in rule(read_tree(tmp_path)) if breach.startswith(where)]


def test_what_the_demo_and_types_may_do_is_no_breach(tmp_path: Path) -> None:
    """A circle that only the type checker sees is none, and the demo may name platforms and see the sandbox."""
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "x.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import bot.y")
    (tmp_path / "bot" / "y.py").write_text("import bot.x")
    (tmp_path / "bot" / "demo.py").write_text("from adapters.sandbox import bluesky")
    tree = read_tree(tmp_path)
    for rule in (nothing_goes_in_circles, the_core_names_no_platform, the_core_knows_the_contract_only):
        assert [] == list(rule(tree))


def _loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh process has loaded after `statement`."""
    script = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_registry_loads_no_platform_library() -> None:
    """A process that has read the registry, as every command does, has loaded none of the three libraries."""
    loaded = _loaded_by("import adapters.registry")
    assert "adapters" in loaded
    assert set() == loaded & {*PLATFORM_LIBRARIES.values(), "atproto", "atproto_core", "httpx", "requests", "aiohttp"}


def test_the_composition_root_loads_no_platform_library_and_no_migrations() -> None:
    """The daemon pays for a library only once it opens a channel of its kind, and never for Alembic."""
    loaded = _loaded_by("import bot.wiring")
    assert {"bot", "sqlalchemy", "aiohttp"} <= loaded
    assert set() == loaded & {*PLATFORM_LIBRARIES.values(), "atproto", "atproto_core", "alembic", "feedparser"}
