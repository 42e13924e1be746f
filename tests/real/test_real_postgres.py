"""The real PostgreSQL of the tests: it ends with the process that wanted it, and lets in who has the password."""

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.real.postgres.server import RealPostgres

ROOT = Path(__file__).parents[2]
WANTS = """
import sys
from tests.real.postgres.server import RealPostgres
with RealPostgres() as server:
    print(server.admin("SHOW data_directory")[0][0], flush=True)
    sys.stdin.read()
"""


def test_the_server_dies_with_the_process_that_wanted_it() -> None:
    """SIGKILL of a test run takes its server along, which cannot be told by anybody then."""
    command = [sys.executable, "-c", WANTS]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        data = Path(child.stdout.readline().strip())
        server = os.pidfd_open(int((data / "postmaster.pid").read_text().splitlines()[0]))
        child.send_signal(signal.SIGKILL)
    ended, _, _ = select.select([server], [], [], 20)
    os.close(server)
    assert [server] == ended
    shutil.rmtree(data.parent)


def test_the_server_asks_for_the_password(postgres: RealPostgres) -> None:
    """A test of a wrong password can fail: nobody is let in without the right one."""
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.url("postgres", password="wrong"))


def test_a_database_for_each_test(postgres: RealPostgres, new_database: str) -> None:
    """What one test writes no other sees, and the ordinary user is no superuser."""
    other = postgres.make_database("of_another_test")
    with psycopg.connect(new_database) as conn:
        conn.execute("CREATE TABLE mine (x int)")
        assert conn.execute("SHOW is_superuser").fetchone() == ("off",)
    with psycopg.connect(other) as conn:
        assert conn.execute("SELECT to_regclass('mine')").fetchone() == (None,)
    postgres.drop_database("of_another_test")
