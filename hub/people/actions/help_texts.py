"""Where to turn when somebody is in danger: what the one who runs this hub wrote."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Fault, Invalid
from hub.people.models import Account, HelpText
from hub.people.rules import LANGUAGES, clean_text, is_blank

HELP_TEXT_LIMIT: Final = 2000


async def read_help_text(tx: AsyncSession) -> dict[str, str]:
    """By language; a language that nothing was written in is left out: the catalogue's holds."""
    return {row.language: row.text for row in await tx.scalars(select(HelpText))}


async def set_help_text(
    tx: AsyncSession, texts: Mapping[str, str], *, account: Account, now: datetime
) -> None:
    """Keep the text in each language; an empty one goes back to the catalogue's.

    Raises Invalid with a pointer for each text that is too long.
    """
    cleaned = {language: clean_text(texts.get(language, "")).strip() for language in LANGUAGES}
    faults: dict[str, str] = {
        f"/text/{language}": Fault("longer_than", limit=HELP_TEXT_LIMIT, length=len(text))
        for language, text in cleaned.items()
        if len(text) > HELP_TEXT_LIMIT
    }
    if faults:
        raise Invalid(faults)
    for language, text in cleaned.items():
        found = await tx.get(HelpText, language)
        if is_blank(text):
            if found is not None:
                await tx.delete(found)
            continue
        if found is None:
            found = HelpText(language=language)
            tx.add(found)
        found.text, found.changed_at, found.changed_by = text, now, account.id
    await tx.flush()
