"""Asking owners, and telling those who took part what became of the recommendations.

Both are timed work (``hub.schedule``): everything is read anew when the time comes.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.following import actions, rules
from hub.gatherings import rules as gathering_rules
from hub.gatherings.doorway import read_recommendations
from hub.gatherings.models import Contribution, Gathering, Progress, find_gathering
from hub.gatherings.screens import Screens
from hub.language.actions import terms_of, translate_all
from hub.language.models import list_terms_in_use
from hub.language.text import Language
from hub.language.translator import Service
from hub.mail.actions import queue_mail
from hub.mail.rules import zone_of
from hub.people.actions import list_contacts
from hub.people.models import latest_consents
from hub.people.rules import LANGUAGES
from hub.schedule.actions import is_late
from hub.schedule.jobs import Handlers, Outcome
from hub.schedule.models import Task

# Whose record is not public yet: look again after this long.
LOOK_AGAIN = timedelta(days=1)
BATCH = 100


async def translate_reasons(screens: Screens, translator: Service) -> int:
    """Translate what was said of recommendations, by machine; how many.

    Rooms come first. What is too short to tell its language stays as it is.
    """
    done, after = 0, ""
    while True:
        async with screens.database.reading() as tx:
            waiting = await actions.list_untranslated(tx, limit=BATCH, after=after)
            rooms = {each.gathering_id for each in waiting}
            added = await list_terms_in_use(tx, rooms)
            names: dict[str, list[str]] = {room: [] for room in rooms}
            for seat in await actions.list_seated(tx, rooms):
                names[seat.gathering_id].append(seat.name)
        if not waiting:
            return done
        after = waiting[-1].progress_id
        made = [each for each in waiting if each.source is None]
        texts = {each.progress_id: "" for each in made}
        both: tuple[tuple[Language, Language], ...] = (("sv", "en"), ("en", "sv"))
        for source, target in both:
            mine = [each for each in waiting if each.source == source]
            if not mine:
                continue
            found = await translate_all(
                translator,
                [each.text for each in mine],
                source=source,
                target=target,
                database=screens.database,
                scopes=[each.gathering_id for each in mine],
                names=[names[each.gathering_id] for each in mine],
                terms=[terms_of(added, each.gathering_id) for each in mine],
                urgent=False,
            )
            kept = [(e, t.text) for e, t in zip(mine, found, strict=True) if t.status != "failed"]
            texts |= {each.progress_id: text for each, text in kept}
            made += [each for each, _ in kept]
        if made:
            async with screens.database.transaction() as tx:
                done += await actions.put_reasons(tx, made, texts)


def handlers() -> Handlers:
    """The functions of this room for timed work, all inside the transaction of their row."""
    return {"ask_owner": ask_owner, "tell_participants": tell_participants}, {}


async def ask_owner(tx: AsyncSession, task: Task, now: datetime) -> Outcome:
    """Ask the owner of a recommendation (``task.about``) what became of it, and plan the next time.

    Not where it is done or dropped, taken back or hidden, where the owner wants no mail, or where
    they told us within the last month.
    """
    owner = await actions.find_owner_of(tx, task.about)
    said = await tx.get(Contribution, task.about)
    gathering = await find_gathering(tx, owner.gathering_id) if owner else None
    if owner is None or said is None or gathering is None:
        return Outcome("dropped", "no_longer")
    if said.removed_at is not None or said.hidden_at is not None:
        # Taken back, nobody needs the address; hidden, it may be shown again.
        if said.removed_at is not None:
            await tx.delete(owner)
        return Outcome("dropped", "no_longer")
    [found] = [r for r in await read_recommendations(tx, [gathering]) if r["id"] == said.id] or [{}]
    status = found.get("status")
    if status is None:
        return Outcome("dropped", "no_longer")
    if status in gathering_rules.ENDED:
        actions.erase_address(tx, owner)
        return Outcome("dropped", "already_done")
    kept = actions.read_kept(tx, owner)
    if owner.stopped_at is not None or not kept.email:
        return Outcome("dropped", "nobody")
    if owner.answered_at is not None and now - owner.answered_at < rules.LATELY:
        again_at = rules.next_ask(owner.answered_at, zone=owner.zone)
        task.until_at = again_at + rules.KEEPS
        return Outcome(again_at=again_at)
    await queue_mail(
        tx,
        "owner_asked",
        to=kept.email,
        language=owner.language,
        facts={
            **_titles(gathering),
            "url": f"/owners/{kept.secret}",
            "day": str(found["when"] or ""),
            "n": str(task.round + 1),
            "unsubscribe": f"/owners/{kept.secret}/no-more",
            "late": "yes" if is_late(task, now) else "",
        },
        now=now,
        about=said.id,
        until_at=now + rules.KEEPS,
        quiet_zone=owner.zone,
    )
    owner.asked_at = now
    due_at = rules.next_ask(now, zone=owner.zone)
    await actions.plan_ask(tx, gathering, said.id, due_at=due_at, now=now)
    return Outcome(count=1)


async def tell_participants(tx: AsyncSession, task: Task, now: datetime) -> Outcome:
    """Tell those who took part in a session (``task.about``) what was done or dropped in a day.

    ``task.round`` is the day (UTC) as a number. Told are those who said yes to being followed up
    and to being contacted, and left an address; and only when the record is public, since the link
    goes there. What was taken up again since is left out.
    """
    gathering = await find_gathering(tx, task.about)
    if gathering is None:
        return Outcome("dropped", "no_longer")
    if gathering.published_at is None:
        return Outcome(again_at=now + LOOK_AGAIN)
    news = await _ended_on(tx, gathering, date.fromordinal(task.round))
    if not news:
        return Outcome("dropped", "no_longer")
    consents = await latest_consents(tx, gathering.id)
    told = [
        contact
        for contact in await list_contacts(tx, [gathering.id])
        if (consent := consents.get(contact.participant.id)) and consent.choices.get("follow")
    ]
    if not told:
        return Outcome("dropped", "nobody")
    for contact in told:
        language = contact.participant.language
        await queue_mail(
            tx,
            "recommendation_news",
            to=contact.email,
            language=language,
            facts={
                **_titles(gathering),
                "url": f"/recommendations?session={gathering.id}",
                "n": str(len(news)),
                "unsubscribe": f"/news/{actions.news_secret(tx, contact.participant.id)}/no-more",
                "late": "yes" if is_late(task, now) else "",
            },
            now=now,
            about=contact.participant.id,
            until_at=task.until_at,
            quiet_zone=zone_of(language),
        )
    return Outcome(count=len(told))


def _titles(gathering: Gathering) -> dict[str, str]:
    return {
        f"title_{each}": str(gathering.title.get(each) or actions.title_of(gathering))
        for each in LANGUAGES
    }


async def _ended_on(tx: AsyncSession, gathering: Gathering, day: date) -> set[str]:
    """The recommendations that were done or dropped on a day, and still are."""
    start = datetime.combine(day, time(), tzinfo=UTC)
    changed = set(
        await tx.scalars(
            select(Progress.contribution_id)
            .join(Contribution, Contribution.id == Progress.contribution_id)
            .where(
                Contribution.gathering_id == gathering.id,
                Progress.status.in_(gathering_rules.ENDED),
                Progress.at >= start,
                Progress.at < start + timedelta(days=1),
            )
        )
    )
    now = await read_recommendations(tx, [gathering]) if changed else []
    return {r["id"] for r in now if r["id"] in changed and r["status"] in gathering_rules.ENDED}
