"""For the whole suite: no secret in any output, the tally of the conformance suite, properties that are not timed."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from bot.ledger.migrate import ensure_ledger
from tests.nest import Nest
from tests.real.postgres.server import RealPostgres
from tests.secrecy import pytest_runtest_makereport
from tests.simulation.world import World

# Properties are not timed: on a busy machine a slow example is no finding.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

__all__ = ["pytest_runtest_makereport"]

MEMORY = Path("/dev/shm")
"""Where a file is in memory (Linux: https://man7.org/linux/man-pages/man7/shm_overview.7.html)."""
ROOM = 2 * 2**30
"""Bytes. What tests that have passed wrote is removed at once; this is more than any has at a time."""


def pytest_configure() -> None:
    """No test cuts the power: where there is room in memory, the ledgers of tests do not wait for a disk. What
    `TMPDIR` or pytest's own variable says is kept."""
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


TALLY = "conformance"
"""The property in which a test reports (platform, what became of a delivery), once for each delivery."""
SETTLED = "settled"
"""What is said of a delivery that needed no person."""


@pytest.fixture(scope="session")
def new_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger of the present version, made once; tests copy it."""
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    ensure_ledger(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated(new_ledger: Path) -> bytes:
    """That ledger's bytes."""
    return new_ledger.read_bytes()


@pytest.fixture
def world(tmp_path: Path, migrated: bytes) -> World:
    """A world in virtual time, with an empty ledger and no platforms yet."""
    (tmp_path / "ledger.db").write_bytes(migrated)
    return World(tmp_path)


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """What the program logs, instead of printing it."""
    with structlog.testing.capture_logs() as events:
        yield events


@pytest.fixture(scope="session")
def postgres() -> Iterator[RealPostgres]:
    """One real PostgreSQL for the whole run, started when it is wanted first."""
    with RealPostgres() as server:
        yield server


@pytest.fixture(scope="session")
def nest() -> Iterator[Nest]:
    """One for the whole run, started when it is wanted first."""
    with Nest() as ready:
        yield ready


WITH_TARGETS = {"kill", "pds", "races", "second_opinion", "simulation", "slow", "soak"}
"""Markers whose tests have a target of their own already."""
SMOKE = {"test_channels.py", "test_cli_status.py", "test_end_to_end_once.py"}
"""The files whose tests on a server belong to the default suite as well."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs the real PostgreSQL is run by `make test-postgres`, and but for a few by no other target."""
    for item in items:
        if _wants_server(item) and item.path.name not in SMOKE and not any(map(item.get_closest_marker, WITH_TARGETS)):
            item.add_marker(pytest.mark.postgres)


def _wants_server(item: pytest.Item) -> bool:
    """It asks for the server, or for that engine of several."""
    call = getattr(item, "callspec", None)
    named = "postgresql" in call.params.values() if call is not None else False
    return named or "postgres" in getattr(item, "fixturenames", ())


_numbers = count(1)


@pytest.fixture
def new_database(postgres: RealPostgres) -> Iterator[str]:
    """The address of an empty ledger of the present version on that server, for this test alone."""
    name = f"ledger_{next(_numbers)}"
    yield postgres.make_database(name)
    postgres.drop_database(name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which share of each platform's deliveries was settled by itself, and how many wait for a person."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    found = [value for report in reports for name, value in report.user_properties if name == TALLY]
    counts = Counter((str(platform), str(became)) for platform, became in found)
    if not counts:
        return
    terminalreporter.section("deliveries after every fault, as readers saw them")
    for platform in dict.fromkeys(platform for platform, _ in counts):
        became = sorted(each for name, each in counts if name == platform)
        said = ", ".join(f"{each}: {counts[platform, each]}" for each in became)
        share = 100 * counts[platform, SETTLED] / sum(counts[platform, each] for each in became)
        terminalreporter.line(f"{platform:<30} {share:5.1f} % settled without a person ({said})")
