"""Who is responsible for personal data here, as the organiser wrote it in a file of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
import yaml

log = structlog.get_logger(__name__)
FILE = "organiser.yaml"
LANGUAGES = ("sv", "en")
Text = dict[str, str]


@dataclass(frozen=True)
class Organiser:
    """Texts in both languages; ``officer`` and ``basis`` are empty where there is none."""

    name: Text
    contact: Text
    officer: Text
    basis: Text


def read_organiser(folder: Path) -> Organiser | None:
    """What ``organiser.yaml`` says; None where there is none, or it cannot be read.

    ``name`` and ``contact`` are needed, ``officer`` (the data protection officer) and ``basis``
    (the legal basis) are not. Each is a text, or one in each language.
    Source: privacy-and-access.md, "Two different consents": other organisers state their own.
    """
    path = folder / FILE
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        log.warning("organiser not read", file=FILE, problem=type(error).__name__)
        return None
    fields = data if isinstance(data, dict) else {}
    name, contact = _text(fields.get("name")), _text(fields.get("contact"))
    if not name or not contact:
        log.warning("organiser not read", file=FILE, problem="name or contact is missing")
        return None
    return Organiser(name, contact, _text(fields.get("officer")), _text(fields.get("basis")))


def _text(value: Any) -> Text:
    """In both languages; empty where there is nothing."""
    if isinstance(value, str) and value.strip():
        return dict.fromkeys(LANGUAGES, value.strip())
    if isinstance(value, dict):
        found = {each: str(value.get(each) or "").strip() for each in LANGUAGES}
        return found if any(found.values()) else {}
    return {}
