"""The real packages, loaded once for the suite, and small helpers around them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.language import packages as shelf
from hub.language.packages import Package
from hub.language.translator import Translator


@pytest.fixture(scope="session")
def bundled_dir() -> Path:
    """Where the packages that come with the hub lie."""
    place = shelf.bundled_place()
    assert list(place.glob("*.argosmodel")), "the bundled packages are missing"
    return place


@pytest.fixture(scope="session")
def shared_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the bundled packages are unpacked once."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def translator(shared_models: Path, bundled_dir: Path) -> Iterator[Translator]:
    """A started translator with both directions."""
    started = Translator(shared_models, bundled_dir)
    asyncio.run(started.start())
    yield started
    asyncio.run(started.close())


@pytest.fixture(scope="session")
def unpacked(translator: Translator) -> dict[str, Package]:
    """The bundled packages as folders, by direction. To copy from, not to change."""
    return {package.direction: package for package in translator.packages()}


@pytest.fixture
def installed_copy(tmp_path: Path, unpacked: dict[str, Package]) -> Path:
    """An own models folder with the sv-en package installed in it."""
    models_dir = tmp_path / "own-models"
    shutil.copytree(unpacked["sv-en"].path, models_dir / "translate-sv_en")
    return models_dir
