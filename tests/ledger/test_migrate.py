"""A ledger is made, recognised, brought up to date, or refused with a sentence."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from bot.ledger.address import database_path
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.migrate import SCRIPTS, ensure_ledger, migrate
from bot.ledger.schema import metadata
from bot.ledger.trouble import LedgerError
from bot.ledger.version import APPLICATION_ID, HEAD, KNOWN
from tests.ledger.engines import ON_FILE
from tests.ledger.entries import planned

ROOT = Path(__file__).parents[2]


def url_of(path: Path) -> str:
    """The address of the ledger in this file."""
    return f"sqlite:///{path}"


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    """What plain sqlite3 says."""
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(query).fetchall()


def test_the_migrations_make_exactly_the_tables_of_the_schema(ledger: InlineLedger) -> None:
    """Nothing is in the one that is not in the other, columns, types, indexes and constraints included; the words that
    explain a column are for those who read the schema in the code."""

    def work(conn: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        found = compare_metadata(MigrationContext.configure(conn, opts=options), metadata)
        return [each for each in found if not (isinstance(each, list) and each[0][0] == "modify_comment")]

    assert ledger.read_now(work) == []


def test_a_new_ledger_is_marked_as_ours(path: Path) -> None:
    """The file says what it is, in the application id of SQLite and in Alembic's table."""
    assert ask(path, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert ask(path, "SELECT version_num FROM alembic_version") == [(HEAD,)]


def test_every_known_version_has_its_script_and_the_last_is_the_head() -> None:
    """The list that start-up compares with is that of the migrations in the package."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 # as the program does it

    scripts = ScriptDirectory(str(SCRIPTS))
    assert [script.revision for script in scripts.walk_revisions()] == list(reversed(KNOWN))
    assert scripts.get_current_head() == HEAD


def test_a_ledger_of_the_present_version_costs_one_query(path: Path) -> None:
    """Alembic is not imported and no child is started where nothing is to be done."""
    script = (
        "import sys\n"
        "events = []\n"
        "sys.addaudithook(lambda name, _: events.append(name) if name in ('subprocess.Popen', 'os.fork') else None)\n"
        "from bot.ledger.migrate import ensure_ledger\n"
        "print(ensure_ledger(sys.argv[1]), 'alembic' in sys.modules, events)\n"
    )
    command = [sys.executable, "-c", script, url_of(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None False []"


def test_programs_that_start_together_on_a_new_ledger_all_get_it(tmp_path: Path) -> None:
    """Two processes at once: one makes the ledger, the other waits, and it is whole."""
    path = tmp_path / "handbill.db"
    script = "import sys; from bot.ledger.migrate import ensure_ledger; print(ensure_ledger(sys.argv[1]))"
    command = [sys.executable, "-c", script, url_of(path)]
    children = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    ended = [(*child.communicate(), child.returncode) for child in children]
    assert ended == [("None\n", "", 0)] * 2
    assert ask(path, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]


def test_a_newer_ledger_is_refused(path: Path) -> None:
    """A ledger that a later release has written is not touched."""
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerError, match=r"written by a newer Handbill \(version 9999; this one knows \d+\)"):
        ensure_ledger(url_of(path))


@pytest.mark.parametrize("table", ["books", "alembic_version"])
def test_somebody_elses_database_is_refused(tmp_path: Path, table: str) -> None:
    """A file with other tables, even one that another program keeps with Alembic, is named and left as it was."""
    path = tmp_path / "books.db"
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(f"CREATE TABLE {table} (version_num TEXT)")
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=r"is not a Handbill ledger.*HANDBILL_DATABASE_URL"):
        ensure_ledger(url_of(path))
    assert path.read_bytes() == before


def test_what_cannot_be_opened_is_said_in_a_sentence(tmp_path: Path) -> None:
    """A folder that is missing, a folder in the file's place, a file that is no database."""
    (tmp_path / "folder.db").mkdir()
    (tmp_path / "notes.db").write_text("These are my notes, and they are longer than one might think." * 20)
    for name in ("missing/handbill.db", "folder.db", "notes.db"):
        with pytest.raises(LedgerError, match=r"cannot be opened .*: see that its folder exists"):
            ensure_ledger(url_of(tmp_path / name))


LATER = f"{int(HEAD) + 1:04}"

NEXT = f'''"""A later version."""

import sqlalchemy as sa
from alembic import op

revision = "{LATER}"
down_revision = "{HEAD}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", sa.Column("mood", sa.Text()))
    op.execute("UPDATE articles SET mood = 'fine'")
'''


@pytest.fixture
def next_scripts(tmp_path: Path) -> Path:
    """The migrations as a next release might have them: one more."""
    scripts = tmp_path / "migrations"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / f"v{LATER}_next.py").write_text(NEXT)
    return scripts


def test_an_old_ledger_is_copied_and_then_migrated(path: Path, ledger: InlineLedger, next_scripts: Path) -> None:
    """The copy beside it is the ledger as it was, as private as it was; the ledger is the next version's."""
    planned(ledger, "1")
    ledger.close()
    path.chmod(0o600)
    said = migrate(url_of(path), scripts=next_scripts, head=LATER)
    copy = path.with_name(f"handbill.db.before-{LATER}-was-{HEAD}")
    assert said == f"The ledger was brought from version {HEAD} to {LATER}; it was copied to {copy} before."
    assert ask(path, "SELECT title, mood FROM articles") == [("Title 1", "fine")]
    assert ask(copy, "SELECT version_num, title FROM alembic_version, articles") == [(HEAD, "Title 1")]
    assert ask(copy, "PRAGMA integrity_check") == [("ok",)]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert migrate(url_of(path), scripts=next_scripts, head=LATER) == ""


def test_a_migration_that_fails_changes_nothing(path: Path, ledger: InlineLedger, next_scripts: Path) -> None:
    """Half of a migration is taken back: the ledger is still the old version, with everything in it."""
    planned(ledger, "1")
    ledger.close()
    script = next_scripts / "versions" / f"v{LATER}_next.py"
    script.write_text(NEXT + '    op.execute("UPDATE no_such_table SET x = 1")\n')
    with pytest.raises(Exception, match="no such table"):
        migrate(url_of(path), scripts=next_scripts, head=LATER)
    assert ask(path, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    columns = [row[1] for row in ask(path, "PRAGMA table_info(articles)")]
    assert "mood" not in columns
    assert ensure_ledger(url_of(path)) is None


def test_a_migration_that_has_nothing_to_do_does_nothing(path: Path) -> None:
    """The second of two programs that start together finds the ledger up to date and leaves every byte."""
    before = path.read_bytes()
    assert migrate(url_of(path)) == ""
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///handbill.db", Path("handbill.db")),
        ("sqlite:////var/lib/handbill.db", Path("/var/lib/handbill.db")),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("postgresql+psycopg://u:p@h/db", None),
    ],
)
def test_where_the_file_is(url: str, expected: Path | None) -> None:
    """Only an SQLite ledger on disk has a file to lock and to copy."""
    assert database_path(url) == expected


@ON_FILE
def test_the_pragmas_that_protect_us_are_on(ledger: InlineLedger) -> None:
    """Every connection writes ahead, waits for the disk at each commit, and holds to foreign keys."""

    def work(conn: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [conn.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]

    assert ledger.read_now(work) == ["wal", 2, 1, 10_000]
    assert ledger.write_now(work) == ["wal", 2, 1, 10_000]
    second = InlineLedger(open_engine(str(ledger.engine.url)))
    assert second.read_now(work) == ["wal", 2, 1, 10_000]
    second.close()
