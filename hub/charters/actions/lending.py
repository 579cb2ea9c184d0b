"""What a dialogue takes up: a copy of a charter's words, so that it talks about the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import rules
from hub.charters.models import find_charter
from hub.errors import Invalid


async def take_up(
    tx: AsyncSession, charter_id: str, principles: Sequence[str] | None
) -> dict[str, Any]:
    """The copy of a charter that a dialogue on these principles (None: all) keeps.

    In the order of ``principles``; ``n`` is the place in the charter, from 1. Raises Invalid at
    ``/charter`` or ``/principles``.
    """
    charter = await find_charter(tx, charter_id)
    if charter is None:
        raise Invalid({"/charter": "charter_unknown"})
    state = rules.read_state(charter.state)
    places = {p.id: (n, p) for n, p in enumerate(state.principles, 1)}
    wanted = list(dict.fromkeys(principles if principles is not None else places))
    if any(principle_id not in places for principle_id in wanted):
        raise Invalid({"/principles": "principle_unknown"})
    if not wanted:
        raise Invalid({"/principles": "principles_missing"})
    return {
        "id": state.id,
        "title": dict(state.title),
        "version": state.version["number"] if state.version else None,
        "source_language": state.source_language,
        "may_publish_translation": rules.may_show(state),
        "principles": [_copy(*places[principle_id]) for principle_id in wanted],
    }


def _copy(n: int, principle: rules.Principle) -> dict[str, Any]:
    return {
        "id": principle.id,
        "n": n,
        "texts": {
            language: {**text.words, "status": text.status, "origin": text.origin}
            for language, text in principle.texts.items()
        },
        "glossary_terms": list(principle.glossary_terms),
    }
