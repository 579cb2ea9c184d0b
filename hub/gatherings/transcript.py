"""What was said in a session as plain values, of which only what has changed is read again.

The rules and the chatbot look at all that was said, at every change and every other second. As
objects of the database that takes a quarter of a millisecond for each post, every time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import is_view
from hub.gatherings.models import Contribution, Gathering, Translation, is_said
from hub.gatherings.rules import Said, key_of
from hub.people.models import Participant
from hub.people.rules import group_of


class Machine(NamedTuple):
    """How a contribution stands in the other language, and since when."""

    status: str
    since: datetime
    doubtful: bool
    disputes: tuple[str, ...]


@dataclass(frozen=True)
class Spoken:
    """A contribution as the rules see it (``said``), with what else the chatbot looks at."""

    said: Said
    seq: int | None
    language: str
    looks_like: str | None
    text: str
    translation: Machine | None


@dataclass(frozen=True)
class Transcript:
    """All that stands at a revision of a session, in the order in which it was said."""

    revision: int
    spoken: Mapping[str, Spoken] = field(default_factory=dict)

    @property
    def said(self) -> tuple[Said, ...]:
        """As the rules see it."""
        return tuple(each.said for each in self.spoken.values())


class Transcripts:
    """The latest transcript of each session that was asked for in this process."""

    def __init__(self) -> None:
        self._kept: dict[str, Transcript] = {}

    def forget(self) -> None:
        """Keep nothing: somebody has taken words back."""
        self._kept.clear()

    async def read(self, tx: AsyncSession, gathering: Gathering) -> Transcript:
        """The transcript as this transaction sees it.

        What has changed since the one that is kept is read, all where that does not add up. Of a
        change that may yet be undone nothing is kept.
        """
        kept = self._kept.get(gathering.id)
        if kept is not None and kept.revision == gathering.revision:
            return kept
        found = None
        if kept is not None and kept.revision < gathering.revision:
            found = await _brought_up_to_date(tx, gathering, kept)
        if found is None:
            there, _ = await _changed(tx, gathering.id, after=-1)
            found = Transcript(gathering.revision, _in_order(there))
        if is_view(tx):
            self._kept[gathering.id] = found
        return found


async def _brought_up_to_date(
    tx: AsyncSession, gathering: Gathering, kept: Transcript
) -> Transcript | None:
    """With what has changed since; None where something went without a trace."""
    there, gone = await _changed(tx, gathering.id, after=kept.revision)
    spoken = {id_: each for id_, each in kept.spoken.items() if id_ not in gone} | there
    count = await tx.scalar(select(func.count()).where(*is_said(gathering.id)))
    if count != len(spoken):
        return None
    return Transcript(gathering.revision, _in_order(spoken))


def _in_order(spoken: Mapping[str, Spoken]) -> dict[str, Spoken]:
    def moment(item: tuple[str, Spoken]) -> tuple[datetime, int, str]:
        return item[1].said.created_at, item[1].seq or 0, item[0]

    return dict(sorted(spoken.items(), key=moment))


async def _changed(
    tx: AsyncSession, gathering_id: str, *, after: int
) -> tuple[dict[str, Spoken], set[str]]:
    """What stands of all that changed since a revision, and the ids of what does not."""
    c, t = Contribution, Translation
    rows = await tx.execute(
        select(
            c.id, c.kind, c.phase, c.principle, c.participant_id, Participant.role, c.reply_to,
            c.fields, c.created_at, c.text, c.seq, c.hidden_at, c.language, c.looks_like,
            and_(*is_said(gathering_id)).label("stands"), t.status, t.updated_at, t.doubt,
            t.disputes,
        )
        .outerjoin(Participant, Participant.id == c.participant_id)
        .outerjoin(t, t.contribution_id == c.id)
        .where(c.gathering_id == gathering_id, c.revision > after)
        .order_by(c.id, t.language)
    )  # fmt: skip
    there: dict[str, Spoken] = {}
    gone: set[str] = set()
    for row in rows:
        if not row.stands:
            gone.add(row.id)
        elif row.id not in there:
            there[row.id] = _spoken(row)
    return there, gone


def _spoken(row: Any) -> Spoken:
    said = Said(
        id=row.id,
        kind=row.kind,
        phase=key_of(row.phase, row.principle),
        author=row.participant_id,
        group=group_of(row.role),
        reply_to=row.reply_to,
        fields=row.fields,
        created_at=row.created_at,
        words=len(row.text.split()),
        shared=row.seq is not None,
        hidden=row.hidden_at is not None,
    )
    return Spoken(said, row.seq, row.language, row.looks_like, row.text, _machine(row))


def _machine(row: Any) -> Machine | None:
    if row.status is None:
        return None
    disputes = tuple(str(d.get("word", "")) for d in row.disputes)
    return Machine(row.status, row.updated_at, bool(row.doubt), disputes)
