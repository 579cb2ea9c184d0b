"""Once a day the end of the audit log is written to the hub's own log.

That log is kept elsewhere: whoever has an old line of it can tell that nothing was cut off since,
also where somebody has put the whole database back to an earlier state.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import structlog
from sqlalchemy import select

from hub.audit.models import AuditHead
from hub.clock import Clock
from hub.db import Database

log = structlog.get_logger(__name__)
# How often it is looked whether a new day (UTC) has begun.
HEAD_SECONDS: Final = 60 * 60


class HeadLog:
    """Remembers for which day the end of the audit log was written to the log."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._told: date | None = None

    async def run(self) -> None:
        """Write the number and the seal of the last entry, the first time in a day."""
        today = self._clock.now().date()
        if self._told == today:
            return
        async with self._database.reading() as tx:
            head = await tx.scalar(select(AuditHead).where(AuditHead.id == 1))
        if head is not None:
            log.info("audit log ends", number=head.number, seal=head.seal)
        self._told = today
