"""One office a transport for all tests of this folder: starting and stopping one takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.handlers import office
from tests.handlers.office import Office


@pytest.fixture(scope="session", params=["socket", "http"])
def at_work(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The bot at work, once over Socket Mode and once over HTTP."""
    with office.opened(tmp_path_factory.mktemp("office"), request.param) as opened:
        yield opened
