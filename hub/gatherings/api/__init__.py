"""Sessions over HTTP: the JSON face of the same actions as the pages."""

from fastapi import APIRouter

from hub.gatherings.api import (
    bot,
    cards,
    dialogues,
    following,
    formats,
    hands,
    joining,
    questions,
    records,
    saying,
    sessions,
    terms,
)

router = APIRouter()
# The marks on a post match any word: whatever else is done to a post comes before.
for part in (
    formats, sessions, hands, bot, dialogues, saying, cards, joining, questions, records,
    following, terms,
):  # fmt: skip
    router.include_router(part.router)
router.include_router(sessions.moves)
