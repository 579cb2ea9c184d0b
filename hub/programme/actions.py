"""Changes to case studies. Never commits, never renders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Invalid, NotFound, Refusal
from hub.people.rules import LANGUAGES, clean_text, is_blank
from hub.programme.models import Case, find_case
from hub.search import actions as search

TEXTS = ("name", "sector", "objective", "methods")
SHIPPED = Path(__file__).parent / "cases.yaml"


def read_case(data: Mapping[str, Any]) -> dict[str, Any]:
    """A case's columns. Raises Invalid with a pointer for each fault; only the name is required."""
    faults: dict[str, str] = {}
    columns: dict[str, Any] = {}
    for field in TEXTS:
        given = data.get(field) or {}
        columns[field] = {
            language: clean_text(str(given.get(language, "")))[:1000]
            if isinstance(given, Mapping)
            else ""
            for language in LANGUAGES
        }
    for language in LANGUAGES:
        if is_blank(columns["name"][language]):
            faults[f"/name/{language}"] = "text_missing"
    columns["country"] = data.get("country", "SE")
    if columns["country"] not in ("SE", "UK"):
        faults["/country"] = "country_unknown"
    columns["vulnerable"] = data.get("vulnerable") is True
    if faults:
        raise Invalid(faults)
    return columns


async def add_case(
    tx: AsyncSession, case_id: str, data: Mapping[str, Any], *, now: datetime
) -> Case:
    """A new case under a short id of small letters, digits and hyphens."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", case_id):
        raise Invalid({"/id": "id_unreadable"})
    if await find_case(tx, case_id):
        raise Refusal("case_exists")
    case = Case(id=case_id, updated_at=now, demonstration=False, **read_case(data))
    tx.add(case)
    await tx.flush()
    return case


async def change_case(
    tx: AsyncSession, case_id: str, data: Mapping[str, Any], *, now: datetime
) -> Case:
    case = await find_case(tx, case_id)
    if case is None:
        raise NotFound("case_not_found")
    for name, value in read_case(data).items():
        setattr(case, name, value)
    # ``front.indexing`` puts in the new words.
    await search.remove(tx, "case", case_id)
    case.updated_at = now
    await tx.flush()
    return case


async def load_shipped_cases(tx: AsyncSession, *, now: datetime, demonstration: bool) -> int:
    """Add the programme's nine cases where they are missing; what was edited is left alone."""
    known = set(await tx.scalars(select(Case.id)))
    shipped = yaml.safe_load(SHIPPED.read_text("utf-8"))
    new = [data for data in shipped if data["id"] not in known]
    for data in new:
        tx.add(Case(id=data["id"], updated_at=now, demonstration=demonstration, **read_case(data)))
    await tx.flush()
    return len(new)
