from __future__ import annotations

import pytest

from truth.acme import Acme, built


@pytest.fixture(scope="session")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Acme:
    """The demo company, built once a process."""
    return built(tmp_path_factory)
