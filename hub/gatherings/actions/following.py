"""What became of recommendations, and which session takes them up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.models import (
    WITH_AUTHOR,
    Contribution,
    Gathering,
    Progress,
    list_said,
)
from hub.people.models import Account
from hub.people.rules import clean_text
from hub.schedule.actions import plan

# Where a plan leaves it to the hub which session to take up, and where it takes up none.
LATEST, NONE = "latest", "none"
# When those who took part hear what became of a recommendation (UTC: morning in both countries),
# and how long it is still news.
NEWS_AT = time(8)
NEWS_KEEPS = timedelta(days=30)


async def set_progress(
    tx: AsyncSession,
    gathering: Gathering,
    recommendation_id: str,
    *,
    status: str,
    reason: str,
    account: Account | None,
    now: datetime,
) -> None:
    """Say what has become of an adopted recommendation: ``open``, ``doing``, ``done``, ``dropped``.

    ``account`` None: its owner says so, by the link they were sent. The log says that it was the
    owner, and nothing of who that is. Those who took part hear of it the day after, where it is
    done or dropped. Dropping needs a reason. The same again changes nothing. Raises NotFound,
    Refusal where the session goes on or the recommendation was not adopted, and what
    ``rules.check_progress`` does.
    Source: jif.md, "After".
    """
    if gathering.closed_at is None:
        raise Refusal("progress_not_closed")
    said = await list_said(tx, gathering.id)
    if recommendation_id not in {draft.id for draft in rules.drafts_of(said)}:
        raise NotFound("recommendation_not_found")
    if rules.decision_on(recommendation_id, said).result not in rules.ADOPTED:
        raise Refusal("progress_not_adopted")
    reason = clean_text(reason)[: rules.REASON_LIMIT]
    last = (await latest_progress(tx, [recommendation_id])).get(recommendation_id)
    old = last.status if last else "open"
    rules.check_progress(old, status, reason=reason)
    if (status, reason) == (old, last.reason if last else ""):
        return
    at = now
    if last is not None and last.at >= now:
        # Each is later than the one before, so that the latest is never in doubt.
        at = last.at + timedelta(microseconds=1)
    tx.add(
        Progress(
            contribution_id=recommendation_id,
            status=status,
            reason=reason,
            account_id=account.id if account else None,
            at=at,
        )
    )
    log_act(
        tx,
        gathering,
        account,
        kind="progress_set" if account else "progress_by_owner",
        now=now,
        target=recommendation_id,
        reason=reason,
    )
    data = {"contribution": recommendation_id, "status": status}
    if account is None:
        data["by"] = "owner"
    actor = account.id if account else None
    revision = record(tx, gathering, rules.Event("progress_set", now, data), actor=actor)
    if status in rules.ENDED and status != old:
        await _plan_news(tx, gathering, now=now)
    draft = await tx.get_one(Contribution, recommendation_id)
    draft.revision = revision
    await tx.flush()


async def _plan_news(tx: AsyncSession, gathering: Gathering, *, now: datetime) -> None:
    """One mail for all that was done or dropped in a day (UTC), the day after."""
    today = now.astimezone(UTC).date()
    tomorrow = datetime.combine(today + timedelta(days=1), NEWS_AT, tzinfo=UTC)
    await plan(
        tx,
        "tell_participants",
        gathering.id,
        round=today.toordinal(),
        due_at=tomorrow,
        until_at=tomorrow + NEWS_KEEPS,
        now=now,
        title=dict(gathering.title),
    )


async def latest_progress(
    tx: AsyncSession, recommendation_ids: Iterable[str], *, until: datetime | None = None
) -> dict[str, Progress]:
    """What became of recommendations, as known at ``until`` or now, by recommendation.

    One that nobody has said anything about is missing: it is open.
    """
    query = select(Progress).where(Progress.contribution_id.in_(list(recommendation_ids)))
    if until is not None:
        query = query.where(Progress.at <= until)
    found = await tx.scalars(query.order_by(Progress.at, Progress.id))
    return {progress.contribution_id: progress for progress in found}


async def find_followed(
    tx: AsyncSession, follows: str | None, *, case_id: str | None
) -> Gathering | None:
    """The session whose recommendations a planned one takes up.

    ``follows`` is its id, ``latest`` (the latest closed session of the same case, if any), or
    ``none``. Raises NotFound for an id of no closed session.
    """
    if not follows or follows == NONE:
        return None
    if follows == LATEST:
        if case_id is None:
            return None
        latest = select(Gathering).where(Gathering.state == "closed", Gathering.case_id == case_id)
        return await tx.scalar(
            latest.order_by(Gathering.closed_at.desc(), Gathering.id.desc()).limit(1)
        )
    found = await tx.get(Gathering, follows)
    if found is None or found.state != "closed":
        raise NotFound("session_not_found")
    return found


async def list_closed(
    tx: AsyncSession,
    *,
    session_id: str | None = None,
    case_id: str | None = None,
) -> list[Gathering]:
    """Closed sessions, the latest first; of one case, or one alone."""
    query = select(Gathering).where(Gathering.state == "closed")
    if session_id is not None:
        query = query.where(Gathering.id == session_id)
    if case_id is not None:
        query = query.where(Gathering.case_id == case_id)
    return list(await tx.scalars(query.order_by(Gathering.closed_at.desc(), Gathering.id.desc())))


async def list_said_about_recommendations(
    tx: AsyncSession, gathering_ids: Iterable[str]
) -> dict[str, list[Contribution]]:
    """What decides recommendations, by session, in the order it was said; one query for all."""
    kinds = ("recommendation", "stance", "amendment", "facilitation")
    found = await tx.scalars(
        select(Contribution)
        .where(
            Contribution.gathering_id.in_(list(gathering_ids)),
            Contribution.kind.in_(kinds),
            Contribution.seq.is_not(None),
            Contribution.removed_at.is_(None),
        )
        .order_by(Contribution.created_at, Contribution.seq, Contribution.id)
        .options(*WITH_AUTHOR)
    )
    by_session: dict[str, list[Contribution]] = {}
    for said in found:
        by_session.setdefault(said.gathering_id, []).append(said)
    return by_session
