"""Sessions over HTTP: the JSON face of the same actions as the pages."""

from fastapi import APIRouter

from hub.gatherings.api import bot, cards, hands, joining, records, saying, sessions

router = APIRouter()
for part in (sessions, hands, saying, bot, cards, joining, records):
    router.include_router(part.router)
router.include_router(sessions.moves)
