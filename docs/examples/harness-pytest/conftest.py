"""One amphora for all tests of a session."""

import pytest

from amphora import Amphora


@pytest.fixture(scope="session")
def amphora():
    running = Amphora()
    yield running
    running.stop()
