"""Sessions over HTTP: the JSON face of the same actions as the pages."""

from fastapi import APIRouter

from hub.gatherings.api import (
    bot,
    cards,
    consents,
    dialogues,
    following,
    formats,
    hands,
    invitations,
    joining,
    me,
    moderation,
    questions,
    records,
    research,
    saying,
    sessions,
    terms,
)

router = APIRouter()
# The marks on a post match any word: whatever else is done to a post comes before.
for part in (
    formats, sessions, hands, bot, dialogues, moderation, saying, cards, joining,
    invitations, consents, questions, records, research, following, terms, me,
):  # fmt: skip
    router.include_router(part.router)
moves = sessions.moves
