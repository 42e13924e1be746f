"""A copy of the ledger made beside a writer, and such a copy put back."""

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.ledger import pauses
from bot.ledger.backup import PAGES_AT_ONCE, back_up, restore
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.doubts import find_restored_at
from bot.ledger.schema import articles, deliveries
from bot.ledger.switches import PAUSED, find_switch, throw
from bot.ledger.trouble import LedgerError
from tests.ledger.entries import NOW, channel, entry, feed, later, look, planned


def _quietly(_left: int, _pages: int) -> None:
    """Nobody watches."""


def _titles(path: Path) -> list[str]:
    with closing(InlineLedger(open_engine(f"sqlite:///{path}"))) as ledger:
        return ledger.read_now(lambda conn: list(conn.execute(select(articles.c.title)).scalars()))


def test_a_copy_is_of_one_moment(path: Path, ledger: InlineLedger, tmp_path: Path) -> None:
    """What is committed between two steps of the copying is not in the copy, does not wait, and does not hold it up."""
    rows = ledger.write_now(lambda conn: [channel(conn)])
    big = feed(*(entry(str(number), summary="words " * 2000) for number in range(400)))
    ledger.write_now(lambda conn: look(conn, big, rows))
    seen: list[int] = []

    def meanwhile(left: int, pages: int) -> None:
        assert pages > PAGES_AT_ONCE
        seen.append(left)
        number = len(seen)
        ledger.write_now(lambda conn: look(conn, feed(entry(f"late {number}")), rows))

    back_up(path, tmp_path / "copy.db", meanwhile)
    assert seen == sorted(seen, reverse=True)
    assert (len(seen) > 1, 0) == (True, seen[-1])
    assert {f"Title {number}" for number in range(400)} == set(_titles(tmp_path / "copy.db"))
    assert len(_titles(path)) == 400 + len(seen)


def test_a_copy_is_private_and_whole(path: Path, ledger: InlineLedger, tmp_path: Path) -> None:
    """One file that only its owner can read, without a log beside it."""
    planned(ledger, "1")
    target = tmp_path / "copies" / "copy.db"
    target.parent.mkdir()
    back_up(path, target, _quietly)
    assert (0o600, ["copy.db"]) == (
        stat.S_IMODE(target.stat().st_mode),
        [each.name for each in target.parent.iterdir()],
    )


def test_nothing_is_overwritten(path: Path, tmp_path: Path) -> None:
    """A file that is there stays as it is; a folder that is not there is said to be missing."""
    target = tmp_path / "mine.txt"
    target.write_text("mine")
    with pytest.raises(LedgerError, match="is there already, and is not overwritten"):
        back_up(path, target, _quietly)
    assert target.read_text() == "mine"
    with pytest.raises(LedgerError, match="cannot be made"):
        back_up(path, tmp_path / "nowhere" / "copy.db", _quietly)


def test_a_copy_of_a_damaged_ledger_is_none(path: Path, ledger: InlineLedger, tmp_path: Path) -> None:
    """What does not hold together is not kept as a backup, and the operator is told."""
    planned(ledger, *(str(number) for number in range(300)))
    ledger.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\x99" * 20000)
    with pytest.raises(LedgerError, match=r"damaged|could not be copied"):
        back_up(path, tmp_path / "copy.db", _quietly)
    assert not (tmp_path / "copy.db").exists()


def test_restoring_keeps_the_present_ledger_and_doubts_what_is_open(
    path: Path, ledger: InlineLedger, tmp_path: Path
) -> None:
    """The backup is in place, marked; the ledger that was there is kept whole under a name with the time."""
    planned(ledger, "1")
    back_up(path, tmp_path / "copy.db", _quietly)
    rows = ledger.read_now(lambda conn: list(conn.execute(select(deliveries.c.channel_id)).scalars()))
    ledger.write_now(lambda conn: look(conn, feed(entry("2")), rows))
    ledger.close()
    kept = restore(tmp_path / "copy.db", path, _quietly, now=NOW)
    assert kept == tmp_path / "handbill.db.replaced-2026-11-23T09-00-00Z"
    assert (["Title 1"], ["Title 1", "Title 2"]) == (_titles(path), _titles(kept))
    with closing(InlineLedger(open_engine(f"sqlite:///{path}"))) as now:
        assert now.read_now(find_restored_at) == NOW
        assert now.read_now(lambda conn: list(conn.execute(select(deliveries.c.look_first)).scalars())) == [1]
    assert _titles(tmp_path / "copy.db") == ["Title 1"]
    left = {each.name for each in tmp_path.iterdir() if not each.name.startswith("handbill.db.replaced")}
    assert left <= {"copy.db", "handbill.db", "handbill.db-wal", "handbill.db-shm"}


def test_restoring_where_there_is_nothing(path: Path, tmp_path: Path) -> None:
    """On a new machine there is no ledger to keep."""
    back_up(path, tmp_path / "copy.db", _quietly)
    new = tmp_path / "new.db"
    assert restore(tmp_path / "copy.db", new, _quietly, now=NOW) is None
    assert (0o600, []) == (stat.S_IMODE(new.stat().st_mode), _titles(new))


def test_a_pause_of_everything_outlives_the_restoring(path: Path, ledger: InlineLedger, tmp_path: Path) -> None:
    """What a person has paused before restoring is not set going by it."""
    back_up(path, tmp_path / "copy.db", _quietly)
    ledger.write_now(lambda conn: throw(conn, PAUSED, "by a person", now=later(5)))
    ledger.close()
    restore(tmp_path / "copy.db", path, _quietly, now=NOW)
    with closing(InlineLedger(open_engine(f"sqlite:///{path}"))) as now:
        assert now.read_now(lambda conn: find_switch(conn, PAUSED)) == "by a person"


def test_pauses_are_as_a_person_has_set_them_last(path: Path, ledger: InlineLedger, tmp_path: Path) -> None:
    """A channel that was paused after the backup stays paused, and one that was let go on since is not paused again."""
    first, second = ledger.write_now(lambda conn: (channel(conn, "first"), channel(conn, "second")))
    ledger.write_now(lambda conn: pauses.stop(conn, [first], now=later(1)))
    back_up(path, tmp_path / "copy.db", _quietly)
    ledger.write_now(lambda conn: pauses.let_go_on(conn, [first], now=later(2)))
    ledger.write_now(lambda conn: pauses.stop(conn, [second], now=later(3)))
    ledger.close()
    restore(tmp_path / "copy.db", path, _quietly, now=NOW)
    with closing(InlineLedger(open_engine(f"sqlite:///{path}"))) as now:
        assert now.read_now(pauses.list_stops) == (pauses.Stop("second", later(3)),)


def test_what_cannot_be_restored(path: Path, tmp_path: Path, ledger: InlineLedger) -> None:
    """Nothing, an empty file, somebody else's database, a newer ledger, a damaged one, the ledger itself: each is
    refused with a sentence, and the present ledger stays as it is."""
    planned(ledger, "1")
    empty, other, newer, broken = (tmp_path / f"{name}.db" for name in ("empty", "other", "newer", "broken"))
    empty.touch()
    with closing(sqlite3.connect(other)) as conn:
        conn.execute("CREATE TABLE posts (x)")
        conn.commit()
    back_up(path, newer, _quietly)
    shutil.copy(newer, broken)
    with closing(sqlite3.connect(newer)) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
        conn.commit()
    with broken.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\x99" * 4096 * 6)
    for backup, why in (
        (tmp_path / "none.db", "There is no file"),
        (empty, "is an empty database"),
        (other, "is not a Handbill ledger"),
        (newer, "was written by a newer Handbill"),
        (broken, "damaged|cannot be opened"),
        (path, "is the present ledger itself"),
    ):
        with pytest.raises(LedgerError, match=why):
            restore(backup, path, _quietly, now=NOW)
    assert _titles(path) == ["Title 1"]
    assert [] == [each.name for each in tmp_path.iterdir() if "restoring" in each.name or "replaced" in each.name]


def test_a_ledger_that_is_open_elsewhere_is_not_replaced(path: Path, ledger: InlineLedger, tmp_path: Path) -> None:
    """Whoever has the file open would go on writing to what is no longer the ledger: the operator is told to end it."""
    planned(ledger, "1")
    back_up(path, tmp_path / "copy.db", _quietly)
    with closing(sqlite3.connect(path, timeout=0.1)) as other:
        other.execute("SELECT count(*) FROM deliveries").fetchone()
        with pytest.raises(LedgerError, match=r"Another program has .* open"):
            restore(tmp_path / "copy.db", path, _quietly, now=NOW)
    assert _titles(path) == ["Title 1"]
    assert not (tmp_path / "handbill.db.restoring").exists()
