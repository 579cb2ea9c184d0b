"""The hub's time: now(), and timed jobs by APScheduler used as a ticker in memory.

What is due lives in rows that a job claims (see db.claim), so several processes may tick and a
restart loses nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = structlog.get_logger(__name__)


class Clock:
    """Tells the time, possibly faster than the wall (``speed`` > 1, for demonstrations)."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._wall = time.time()
        self._mono = time.monotonic()

    def now(self) -> datetime:
        """The present moment in UTC."""
        if self.speed == 1.0:
            return datetime.now(UTC)
        elapsed = (time.monotonic() - self._mono) * self.speed
        return datetime.fromtimestamp(self._wall, UTC) + timedelta(seconds=elapsed)


@dataclass(frozen=True)
class Every:
    """A job and how often it is asked whether something is due."""

    seconds: float
    name: str
    run: Callable[[], Awaitable[object]]


class Ticker:
    """Runs jobs every so often, and at once when woken. One run of a job at a time."""

    def __init__(self, jobs: list[Every]) -> None:
        self.jobs = {job.name: job for job in jobs}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            executors={"default": AsyncIOExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        for job in self.jobs.values():
            self._scheduler.add_job(
                self._tick, "interval", args=[job.name], seconds=job.seconds, id=job.name
            )
        self._scheduler.start()

    async def stop(self) -> None:
        """Stop ticking, and let what runs be cancelled: due rows are taken up at next start."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self, name: str) -> None:
        """Run the job now; where it runs already, once more when it is done."""
        if name in self._running:
            self._again.add(name)
        elif self._scheduler.running:
            self._running[name] = asyncio.create_task(self._run(self.jobs[name]), name=name)

    async def _tick(self, name: str) -> None:
        self.wake(name)

    async def _run(self, job: Every) -> None:
        try:
            while True:
                self._again.discard(job.name)
                try:
                    await job.run()
                except Exception:
                    # A job must never stop ticking: what it could not do stays due.
                    log.exception("job failed", job=job.name)
                if job.name not in self._again:
                    return
        finally:
            self._running.pop(job.name, None)
