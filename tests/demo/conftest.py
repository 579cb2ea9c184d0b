"""A fake hub to play to, and the script itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from hub.demo.script import Script, load_script

from .fake_hub import FakeHub, load_format

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def script() -> Script:
    return load_script()


@pytest.fixture(scope="session")
def form() -> dict[str, Any]:
    return load_format(ROOT, "jif-90")


@pytest_asyncio.fixture
async def fake(form: dict[str, Any]) -> AsyncIterator[tuple[FakeHub, str]]:
    hub = FakeHub(form, refuse_every=40)
    url = await hub.serve()
    yield hub, url
    await hub.stop()
