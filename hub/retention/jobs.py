"""Announcing deletions and doing those that are due: rows that are claimed one by one."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from hub.gatherings.doorway import read_record
from hub.gatherings.models import Gathering
from hub.gatherings.screens import Screens
from hub.retention import actions, rules
from hub.retention.models import Purge
from hub.summaries.actions import forget_posts

log = structlog.get_logger(__name__)


async def keep_retention(screens: Screens) -> int:
    """Announce what will be due and delete what is. Returns how many purges were done.

    Each is done in one transaction with the claim of its row, so that one that was interrupted
    is done again from the start, and none is done twice.
    """
    now = screens.clock.now()
    async with screens.database.reading() as tx:
        news = await actions.has_news(tx, now=now)
    if news:
        async with screens.database.transaction() as tx:
            await actions.announce(tx, now=now)
    async with screens.database.reading() as tx:
        due = await actions.list_due(tx, now=now)
    done = 0
    for purge in due:
        try:
            done += await _purge(screens, purge, now)
        except Exception:
            # The others must not wait for it: this one stays due.
            log.exception("purge failed", purge=purge.id, kind=purge.kind)
    if done:
        await screens.database.wipe()
    return done


async def _purge(screens: Screens, purge: Purge, now: datetime) -> bool:
    if purge.kind == "posts":
        return await screens.carry_out(purge.subject, partial(_purge_posts, screens, purge, now))
    async with screens.database.transaction() as tx:
        if not await actions.claim_purge(tx, purge, now=now):
            return False
        if purge.kind == "keys":
            days = (await actions.read_rules(tx))["keys"].days
            count = await actions.erase_keys(tx, purge.subject, days=days, now=now)
        elif purge.kind == "invitations":
            count = await actions.erase_invitations(tx, purge.subject)
        else:
            count = await actions.erase_week(tx, purge.kind, rules.week_in(purge.subject))
        await actions.note_done(tx, purge, count=count, now=now)
    return True


async def _purge_posts(
    screens: Screens, purge: Purge, now: datetime, tx: AsyncSession, gathering: Gathering
) -> bool:
    if not await actions.claim_purge(tx, purge, now=now):
        return False
    # Drawn from the posts while they are there: it was made public, and stays so.
    published = gathering.published_at is not None
    kept = await read_record(screens, tx, gathering.id) if published else None
    await forget_posts(tx, gathering)
    count = await actions.erase_posts(tx, gathering, kept=kept, now=now)
    await actions.note_done(tx, purge, count=count, now=now)
    return True
