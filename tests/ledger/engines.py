"""For tests of a ledger that are about one engine only."""

import pytest

ON_FILE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
ON_SERVER = pytest.mark.parametrize("url", ["postgresql"], indirect=True)
