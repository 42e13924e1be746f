"""The real program in a process that kills itself at its nth durable boundary: right before a commit, or right after.

python -m tests.kill.doomed before 7 run --log-json
"""

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from bot.cli import main

boundaries = count(1)


def doom(when: str, at: int) -> None:
    """From now on count commits, on whichever engine, and die at the one with the number `at`."""
    commit: Callable[[DefaultDialect, Any], None] = DefaultDialect.do_commit

    def do_commit(self: DefaultDialect, dbapi_connection: Any) -> None:
        here = next(boundaries) == at
        if here and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, dbapi_connection)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign] # every engine commits here


if __name__ == "__main__":
    doom(sys.argv[1], int(sys.argv[2]))
    sys.argv[1:3] = []
    main()
