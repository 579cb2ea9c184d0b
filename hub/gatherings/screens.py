"""After a commit: what everyone watching sees. And the single door for changes to a gathering."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, TypeVar

import structlog
from fastapi import Depends
from prometheus_client import Counter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from hub.charters.models import Outcome, list_outcomes_of
from hub.clock import Clock
from hub.db import Database, is_view
from hub.errors import NotFound
from hub.gatherings import actions, rules, views
from hub.gatherings.models import (
    WITH_AUTHOR,
    Contribution,
    Gathering,
    access_contribution,
    access_gathering,
    contributions_changed,
    count_more_time,
    find_gathering,
    findings_changed,
    list_contributions,
    list_hands,
    list_private,
    list_revisions,
)
from hub.gatherings.standing import Standings
from hub.gatherings.transcript import Transcripts
from hub.live import FORMATS, LANGUAGES, Live, Told, desk_of, room_of
from hub.people.models import Participant, Seat, list_names, list_seats, note_seen
from hub.programme.models import find_case, list_findings
from hub.render import Renderer
from hub.search import actions as search

log = structlog.get_logger(__name__)
T = TypeVar("T")
PRESENT_SECONDS = 45
# A burst of posts moves the exit of a phase on the screens once.
PROGRESS_SECONDS = 1.0
# A crowd that turns to the next step at once reads what was said once; it is kept no longer, so
# that words which are erased are soon nowhere.
CROWD_SECONDS = 2.0
# What people's words change of the stage.
PROGRESS = (
    "exit_met",
    "exit",
    "principles",
    "principle_text",
    "settling",
    "ratings",
    "outcome",
    "tags",
    "untranslatable",
    "no_more",
)
# A post takes up to a millisecond to draw.
DRAWN_AT_ONCE = 20
RENDERED = Counter("hub_fragments_rendered_total", "Fragments rendered, by language", ["language"])
CHANGES = Counter("hub_changes_total", "Changes to sessions that were committed")


@dataclass(frozen=True)
class Presence:
    """Who is here now: everybody connected, and everybody who loaded a page lately."""

    online: int
    by_language: dict[str, int]
    by_role: dict[str, int]
    groups: dict[str, str | None]


@dataclass
class Read:
    """What was said up to a revision of a session, as far as somebody has asked for it."""

    revision: int
    shared: list[dict[str, Any]] | None = None


class Screens:
    """Shows changes to everyone watching, each rendered once per language."""

    def __init__(
        self, database: Database, clock: Clock, renderer: Renderer, *, base_url: str
    ) -> None:
        self.database, self.clock, self.renderer = database, clock, renderer
        self.base_url = base_url
        self.live: Live | None = None
        self.on_change: Callable[[], None] = lambda: None
        # Whether nothing here translates from a language into another.
        self.lacks: actions.Lacks = lambda _source, _target: False
        # Something that everybody may read changed.
        self.on_published: Callable[[], None] = lambda: None
        # What other rooms do where words are taken back, in the same transaction.
        self.erasers: list[actions.Eraser] = []
        # And where somebody no longer says yes to be quoted.
        self.unquoters: list[actions.Unquoter] = []
        # What they hold on a person, for the person's own data.
        self.tellers: list[actions.Teller] = []
        # Sessions that somebody asked for since the presence job last looked.
        self.touched: set[str] = set()
        # When participants last asked by HTTP, since the presence job last looked.
        self.seen: dict[str, datetime] = {}
        # When a facilitator last asked for a session by HTTP, since the guard last looked.
        self.hosts: dict[str, datetime] = {}
        self._writing: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._showing: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        # How many were said to be in each session, on the screens of this process.
        self._told: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # How far the running phase was when the screens were last told, by session.
        self._progress: dict[str, str] = {}
        self._progressing: set[str] = set()
        # What readers of the same moment share, by session.
        self._read: dict[str, Read] = {}
        self.transcripts = Transcripts()
        # None: never, for tests that count changes.
        self.progress_seconds: float | None = PROGRESS_SECONDS

    async def carry_out(
        self, gathering_id: str, change: Callable[[AsyncSession, Gathering], Awaitable[T]]
    ) -> T:
        """The one way to change a gathering: lock, act, commit, then show.

        The answer does not wait for the screens: they are shown by a task of their own.
        """
        async with self._writing[gathering_id], self.database.transaction() as tx:
            gathering = await access_gathering(tx, gathering_id, lock=True)
            before = gathering.revision
            result = await change(tx, gathering)
            after = gathering.revision
            is_public = after != before and gathering.published_at is not None
            if is_public:
                # What is found of its published record is what stands: nothing taken back is in
                # it. ``front.indexing`` puts in again what is left.
                await search.remove(tx, "record", gathering_id)
        if after != before:
            CHANGES.inc()
            self._later(self.show(gathering_id, before))
            if self.live is not None:
                self.live.nudge(gathering_id)
            if is_under_way(gathering) and gathering.stage_revision < after:
                self._progress_soon(gathering_id)
            self.on_change()
            if is_public:
                self.on_published()
        return result

    def _later(self, showing: Awaitable[None]) -> None:
        task = asyncio.ensure_future(showing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait until all that was committed here has been shown."""
        while self._tasks:
            await asyncio.gather(*list(self._tasks), return_exceptions=True)

    async def caught_up(self, *, seconds: float) -> None:
        """Wait until what is on its way to the screens now is there, `seconds` at most."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)

    async def show(self, gathering_id: str, before: int | None = None) -> None:
        """Push what changed since the last push to the screens of this process; once for a burst.

        ``before`` is the revision that nothing later was shown of, where no screen is known.
        """
        if self.live is None:
            return
        async with self._showing[gathering_id]:
            read: dict[int, Changes | None] = {}
            try:
                for language, form in self._wanted(gathering_id):
                    told = self.live.told(gathering_id, language, form)
                    after = told.upto if told else before
                    if after is None:
                        continue
                    if after not in read:
                        read[after] = await self.changes(gathering_id, after)
                    changes = read[after]
                    if changes is not None and changes.upto > after:
                        await self._push(changes, language, form, told or Told(after, after))
            except Exception:
                # Nobody loses anything: ``make_good`` sees it, and who misses a push asks for it.
                log.exception("push failed", session=gathering_id)

    async def _push(self, changes: Changes, language: str, form: str, told: Told) -> None:
        assert self.live is not None
        if changes.stage is not None:
            self._progress[changes.session] = progress_of(changes.stage)
        told.looked_at = changes.upto
        if form == "html":
            changes = self._news(changes, language, told)
            if changes.is_empty:
                # A translation changes nothing for those who read the original: only the
                # facilitator's panels tell of it.
                head = {"session": changes.session, "after": changes.after, "upto": changes.upto}
                desk = desk_of(changes.session, language)
                await self.live.emit("changes", {**head, "html": ""}, room=desk)
                return
        told.upto = changes.upto
        room = room_of(changes.session, language, form)
        await self.live.emit("changes", self.payload(changes, language, form), room=room)

    def _news(self, changes: Changes, language: str, told: Told) -> Changes:
        """The changes without the posts that look to these readers as they did before."""
        new = []
        for view in changes.contributions:
            drawn = sha256(self.renderer.post(language, view).encode()).digest()
            if told.posts.get(view["id"]) != drawn:
                told.keep(view["id"], drawn)
                new.append(view)
        return replace(changes, contributions=new)

    def _wanted(self, gathering_id: str) -> list[tuple[str, str]]:
        """In which languages and forms pushes of a session may have readers."""
        return [
            (language, form)
            for language in LANGUAGES
            for form in FORMATS
            if self.live is not None and self.live.wants(gathering_id, language, form)
        ]

    def _progress_soon(self, gathering_id: str) -> None:
        if self.progress_seconds is not None and gathering_id not in self._progressing:
            self._progressing.add(gathering_id)
            self._later(self._progress_later(gathering_id, self.progress_seconds))

    async def _progress_later(self, gathering_id: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._progressing.discard(gathering_id)
        try:
            await self.tell_progress(gathering_id)
        except NotFound:
            """It is gone, and nobody looks at it any more."""
        except Exception:
            # The next post tells it.
            log.exception("progress failed", session=gathering_id)

    async def tell_progress(self, gathering_id: str) -> None:
        """Show how far the running phase has come, where what was said has moved it.

        It is a change of its own, once for a burst: to work it out everything said is read, and
        nobody should wait for that to see a post.
        """
        async with self.database.reading() as tx:
            gathering = await find_gathering(tx, gathering_id)
            if gathering is None or not is_under_way(gathering):
                self._progress.pop(gathering_id, None)
                return
            now = progress_of(await self.stage(tx, gathering))
        before = self._progress.get(gathering_id)
        self._progress[gathering_id] = now
        if before == now or (before is None and not self._wanted(gathering_id)):
            return

        async def change(_tx: AsyncSession, gathering: Gathering) -> None:
            gathering.revision += 1
            gathering.stage_revision = gathering.revision

        await self.carry_out(gathering_id, change)

    async def make_good(self) -> None:
        """Show the screens of this process what others changed and could not tell it.

        What is told between processes is lost while Redis is away, and with a process that ends
        between its commit and its push; a command tells nobody. The rows know.
        """
        live = self.live
        if live is None or not live.sessions():
            return
        async with self.database.reading() as tx:
            revisions = await list_revisions(tx, live.sessions())
        for gathering_id, revision in revisions.items():
            looked_at = live.looked_at(gathering_id)
            if looked_at is not None and looked_at < revision:
                await self.show(gathering_id)

    def visited(self, gathering_id: str, seat: Participant | None = None) -> None:
        """Somebody asked for a session by HTTP: it is alive, and so are they.

        Without a seat only those who run sessions get as far as this.
        """
        self.touched.add(gathering_id)
        if seat is None:
            self.hosts[gathering_id] = self.clock.now()
        elif seat.paused_at is None:
            self.seen[seat.id] = self.clock.now()

    # --- what changed ---

    async def changes(
        self, gathering_id: str, after: int, *, private_of: str | None = None
    ) -> Changes | None:
        """All that changed after a revision, read in one view of the database."""
        async with self.database.reading() as tx:
            gathering = await find_gathering(tx, gathering_id)
            if gathering is None:
                return None
            changed = await contributions_changed(tx, gathering_id, after=after)
            private = (
                await list_private(tx, gathering_id, private_of, after=after) if private_of else []
            )
            moved = gathering.stage_revision > after
            queue_moved = gathering.queue_revision > after
            return Changes(
                session=gathering_id,
                after=after,
                upto=gathering.revision,
                contributions=await self.contribution_views(tx, gathering, changed),
                private=await self.contribution_views(tx, gathering, private, own=True),
                own_hidden=await self._own_hidden(tx, gathering, changed, private_of),
                stage=await self.stage(tx, gathering) if moved else None,
                queue=await self.queue(tx, gathering_id) if queue_moved else None,
                findings=await self._findings(tx, gathering_id, after),
            )

    async def _own_hidden(
        self, tx: AsyncSession, gathering: Gathering, changed: list[Contribution], mine: str | None
    ) -> list[dict[str, Any]] | None:
        """Somebody's hidden posts, where a post of theirs has changed."""
        if mine is None or not any(c.participant_id == mine for c in changed):
            return None
        return await self.own_hidden(tx, gathering, mine)

    async def own_hidden(
        self, tx: AsyncSession, gathering: Gathering, participant_id: str
    ) -> list[dict[str, Any]]:
        """The posts of a participant that a facilitator hides, as they themselves see them."""
        found = await actions.list_hidden(tx, gathering.id, author_id=participant_id)
        shared = [c for c in found if c.seq is not None]
        return await self.contribution_views(tx, gathering, shared, own=True)

    async def _findings(
        self, tx: AsyncSession, gathering_id: str, after: int
    ) -> list[dict[str, Any]] | None:
        if not await findings_changed(tx, gathering_id, after=after):
            return None
        return await self.finding_views(tx, gathering_id)

    async def finding_views(self, tx: AsyncSession, gathering_id: str) -> list[dict[str, Any]]:
        return [views.finding_view(f) for f in await list_findings(tx, gathering_id)]

    def payload(self, changes: Changes, language: str, form: str) -> dict[str, Any]:
        """A push, or the answer to ``GET /changes``: as items, or as the page's fragment."""
        head = {"session": changes.session, "after": changes.after, "upto": changes.upto}
        if form == "html":
            return {**head, "html": self.fragment(changes, language)}
        return {**head, "items": changes.items()}

    def fragment(self, changes: Changes, language: str) -> str:
        RENDERED.labels(language).inc()
        return self.renderer.render(
            "gatherings/_changes.html",
            language,
            session={"id": changes.session},
            contributions=[*changes.contributions, *changes.private],
            own_hidden=changes.own_hidden,
            stage=changes.stage,
            findings=changes.findings,
            queue=changes.queue,
        )

    async def draw(self, language: str, contributions: Sequence[dict[str, Any]]) -> None:
        """Draw posts for a page that comes next, and let others have the loop in between."""
        for number, view in enumerate(contributions):
            self.renderer.post(language, view)
            if number % DRAWN_AT_ONCE == DRAWN_AT_ONCE - 1:
                await asyncio.sleep(0)

    async def catch_up(
        self, gathering_id: str, after: int, language: str, form: str
    ) -> dict[str, Any] | None:
        changes = await self.changes(gathering_id, after)
        if changes is not None and form == "html":
            await self.draw(language, changes.contributions)
        return self.payload(changes, language, form) if changes else None

    # --- views that need the database ---

    async def contribution_views(
        self,
        tx: AsyncSession,
        gathering: Gathering,
        contributions: list[Contribution],
        *,
        own: bool = False,
    ) -> list[dict[str, Any]]:
        """Views of contributions, with what they answer and how decisions stand."""
        if not contributions:
            return []
        known = {c.id: c for c in contributions}
        standings = await self._standings(tx, gathering, contributions)
        wanted = views.references_of(contributions) | standings.references_of(contributions)
        missing = wanted - set(known)
        if missing:
            found = await tx.scalars(
                select(Contribution)
                .where(Contribution.id.in_(missing), Contribution.gathering_id == gathering.id)
                .options(*WITH_AUTHOR)
            )
            known |= {c.id: c for c in found}
        return [
            views.contribution_view(c, re=known, for_author=own) | standings.facts_of(c, known)
            for c in contributions
        ]

    async def _standings(
        self, tx: AsyncSession, gathering: Gathering, contributions: list[Contribution]
    ) -> Standings:
        """How themes and proposals stand, where there is one of them among these."""
        if not any(c.kind in rules.REVISED for c in contributions):
            return Standings([], {})
        said = await self.said(tx, gathering)
        return Standings(said, await list_names(tx, gathering.id))

    async def presence(self, tx: AsyncSession, gathering_id: str) -> Presence:
        """Who is here; facilitators are not counted, nor is anybody who is on a break."""
        return self._presence(gathering_id, await list_seats(tx, gathering_id))

    def _presence(self, gathering_id: str, seats: list[Seat]) -> Presence:
        seen = self.live.people(gathering_id) if self.live else []
        connected = {s.person: s.language for s in seen if s.is_participant}
        since = self.clock.now() - timedelta(seconds=PRESENT_SECONDS)
        here = [
            p
            for p in seats
            if p.paused_at is None
            and (
                p.without_device
                or p.id in connected
                or max(p.seen_at, self.seen.get(p.id, p.seen_at)) >= since
            )
        ]
        by_language: dict[str, int] = defaultdict(int)
        by_role: dict[str, int] = defaultdict(int)
        for p in here:
            by_language[p.language] += 1
            by_role[p.role or "unsaid"] += 1
        return Presence(len(here), dict(by_language), dict(by_role), {p.id: p.group for p in here})

    async def exit(
        self, tx: AsyncSession, gathering: Gathering, form: rules.Format
    ) -> rules.Exit | None:
        """Whether the running phase has done its work; None where none runs."""
        if not is_under_way(gathering) or gathering.phase_index is None:
            return None
        phase = form.phases[gathering.phase_index]
        seats = await list_seats(tx, gathering.id)
        return rules.exit_of(form, await self._room(tx, gathering, phase, seats))

    async def _room(
        self, tx: AsyncSession, gathering: Gathering, phase: rules.Phase, seats: list[Seat]
    ) -> rules.Room:
        cards, now = await list_findings(tx, gathering.id), self.clock.now()
        room = rules.Room(
            phase=phase.key,
            present=self._presence(gathering.id, seats).groups,
            said=await self.said(tx, gathering),
            cards=len(cards),
            cards_shown=sum(1 for c in cards if c.shown_at),
            time_up=gathering.stage.time_is_up(now),
        )
        if phase.principle is None:
            return room
        row = await actions.find_outcome(tx, gathering.id, phase.principle)
        skipped, content = await actions.marks_of(tx, gathering)
        since = await actions.quiet_since(tx, gathering)
        return replace(
            room,
            principle=phase.principle,
            put=actions.put_of(gathering, phase.principle),
            dissent=bool(row and row.dissent),
            skipped=skipped,
            content=content,
            quiet_seconds=(now - since).total_seconds() if since else 0.0,
        )

    async def _dialogue(
        self,
        tx: AsyncSession,
        gathering: Gathering,
        room: rules.Room | None,
        outcomes: list[Outcome],
    ) -> dict[str, Any]:
        """What the room sees of the principle that is talked about; None where there is none."""
        principle = actions.principle_in(gathering, room.principle if room else None)
        if room is None or principle is None:
            return {"principle_text": None, "settling": None, "ratings": None, "outcome": None}
        row = next((o for o in outcomes if o.principle_id == principle["id"]), None)
        facts = actions.facts_of(gathering, row, principle["id"], room.said)
        text = await actions.text_of(tx, gathering, principle["id"], facts.settling, room.said)
        rated = {who for _, who in rules.ratings_on(principle["id"], room.said)}
        return {
            "principle_text": views.principle_text_view(principle)
            | views.reading_aids_view(
                gathering.charter_copy or {},
                principle,
                await actions.list_session_terms(tx, gathering.id),
            ),
            "settling": views.settling_view(
                facts.settling, text, dissent=room.dissent, principle=principle["id"]
            ),
            "ratings": views.raters_view(
                facts.raters,
                answered=len(rated & set(room.present)),
                present=len(room.present),
            ),
            "outcome": views.outcome_view(row, allowed=facts.allowed) if row else None,
            "tags": {
                "seen": [tag for tag in rules.FIT_TAGS if tag in rules.tags_seen(room)],
                "skipped": [tag for tag in rules.FIT_TAGS if tag in room.skipped],
            },
            "untranslatable": rules.untranslatable_terms(principle["id"], room.said),
            "no_more": len(set(room.content) & set(room.present)),
        }

    async def stage(self, tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        form, index = gathering.form, gathering.phase_index
        outcomes = await self._outcomes(tx, gathering)
        # All that was said is read once, for the exit and for what a dialogue shows.
        needed = index is not None and (is_under_way(gathering) or gathering.charter_copy)
        seats = await list_seats(tx, gathering.id)
        room = await self._room(tx, gathering, form.phases[index or 0], seats) if needed else None
        exit_ = rules.exit_of(form, room) if room and is_under_way(gathering) else None
        view = views.stage_view(
            gathering,
            form,
            exit_,
            now=self.clock.now(),
            speed=self.clock.speed,
            outcomes=outcomes,
        )
        if gathering.charter_copy:
            view |= await self._dialogue(tx, gathering, room, outcomes)
        people = [p for p in seats if p.paused_at is None]
        return {
            **view,
            "paused_why": await actions.why_paused(tx, gathering),
            "ready": sum(1 for p in people if p.ready_at),
            "people": len(people),
            "more_time": await count_more_time(tx, gathering),
        }

    async def _outcomes(self, tx: AsyncSession, gathering: Gathering) -> list[Outcome]:
        """What a dialogue has come to so far; nothing for others, with no query."""
        return await list_outcomes_of(tx, gathering.id) if gathering.charter_copy else []

    async def session(
        self, tx: AsyncSession, gathering: Gathering, *, full: bool = True
    ) -> dict[str, Any]:
        """The session as the API and the pages show it; without presence where not ``full``."""
        form = gathering.form
        case = await find_case(tx, gathering.case_id) if gathering.case_id else None
        exit_ = await self.exit(tx, gathering, form) if full else None
        view = views.session_view(
            gathering,
            form,
            exit_,
            case=case,
            base_url=self.base_url,
            now=self.clock.now(),
            outcomes=await self._outcomes(tx, gathering) if full else (),
        )
        if full:
            presence = await self.presence(tx, gathering.id)
            view |= {
                "online": presence.online,
                "by_language": presence.by_language,
                "by_role": presence.by_role,
            }
        # Of those who may read the session alone: what is listed for all has no names.
        return view | {"support": gathering.support if full else None}

    async def queue(self, tx: AsyncSession, gathering_id: str) -> list[dict[str, Any]]:
        gathering = await access_gathering(tx, gathering_id)
        hybrid = bool(gathering.format.get("hybrid"))
        rows = await list_hands(tx, gathering_id, remote_first=hybrid)
        spoken: set[str] = set()
        if rows:
            found = await tx.scalars(
                select(Contribution.participant_id)
                .where(Contribution.gathering_id == gathering_id, Contribution.seq.is_not(None))
                .distinct()
            )
            spoken = {p for p in found if p}
        return views.queue_view(rows, spoken)

    def _known(self, tx: AsyncSession, gathering: Gathering) -> Read:
        """Where to keep what is read of a session; of a change nothing is kept for others."""
        found = self._read.get(gathering.id)
        if found is not None and found.revision == gathering.revision and is_view(tx):
            return found
        read = Read(gathering.revision)
        if is_view(tx):
            self._read[gathering.id] = read
            asyncio.get_running_loop().call_later(CROWD_SECONDS, self._forget, gathering.id, read)
        return read

    def forget(self) -> None:
        """Keep nothing of what was said: somebody has taken words back."""
        self._read.clear()
        self.transcripts.forget()

    def _forget(self, gathering_id: str, read: Read) -> None:
        if self._read.get(gathering_id) is read:
            del self._read[gathering_id]

    async def said(self, tx: AsyncSession, gathering: Gathering) -> tuple[rules.Said, ...]:
        """All that was said and kept to oneself in the session so far, for the rules."""
        return (await self.transcripts.read(tx, gathering)).said

    async def shared(self, tx: AsyncSession, gathering: Gathering) -> list[dict[str, Any]]:
        """Everything said in the session so far, as views; others may be looking at the same."""
        known = self._known(tx, gathering)
        if known.shared is None:
            found = await list_contributions(tx, gathering.id)
            known.shared = await self.contribution_views(tx, gathering, found)
        return list(known.shared)

    async def tell_presence(self, gathering_id: str) -> None:
        """Send the count of people to everyone in the session."""
        if self.live is None:
            return
        if self.live.is_shared:
            await self._note_connected(gathering_id)
            self.live.nudge(gathering_id, "presence")
        await self.tell_presence_here(gathering_id)

    async def _note_connected(self, gathering_id: str) -> None:
        """Write down who is connected to this process: the others count by the rows."""
        assert self.live is not None
        here = [s.person for s in self.live.people(gathering_id) if s.is_participant]
        async with self.database.transaction() as tx:
            await note_seen(tx, here, now=self.clock.now())

    async def tell_presence_here(self, gathering_id: str, *, changed: bool = False) -> None:
        """Send the count to the screens of this process; where ``changed``, only another one."""
        if self.live is None:
            return
        async with self.database.reading() as tx:
            presence = await self.presence(tx, gathering_id)
        if changed and self._told.get(gathering_id) == presence.online:
            return
        self._told[gathering_id] = presence.online
        data = {
            "session": gathering_id,
            "online": presence.online,
            "by_language": presence.by_language,
            "by_role": presence.by_role,
        }
        for language, form in self._wanted(gathering_id):
            await self.live.emit("presence", data, room=room_of(gathering_id, language, form))

    async def hear(self, gathering_id: str, what: str) -> None:
        """Another process has changed a session, or somebody came to or left it there."""
        if what == "presence":
            await self.tell_presence_here(gathering_id)
        else:
            await self.show(gathering_id)

    async def tell_one(self, said: Contribution) -> None:
        """Send what is one person's alone to all their tabs; nothing where it is shared."""
        if said.seq is None:
            await self.tell_author(said.id)

    async def tell_author(self, contribution_id: str) -> None:
        """Send a contribution to all tabs of its author, as only they see it."""
        if self.live is None:
            return
        async with self.database.reading() as tx:
            said = await access_contribution(tx, contribution_id)
        if said.participant_id is None:
            return
        data = {
            "session": said.gathering_id,
            "after": said.revision - 1,
            "upto": said.revision,
            "items": [{"contribution": views.contribution_view(said, for_author=True)}],
        }
        await self.live.emit("private", data, room=f"person:{said.participant_id}")

    async def send_out(self, gathering_id: str, participant_id: str) -> None:
        """Tell all tabs of somebody that they are no longer in the room, and take them out."""
        if self.live is None:
            return
        data = {"session": gathering_id, "gone": True}
        await self.live.emit("notice", data, room=f"person:{participant_id}")
        await self.live.remove(gathering_id, participant_id)


def progress_of(stage: dict[str, Any]) -> str:
    """A hash of it: words that are taken back must not stay in memory to be compared with."""
    shown = {name: stage.get(name) for name in PROGRESS}
    return sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()


def is_under_way(gathering: Gathering) -> bool:
    return gathering.phase_index is not None and gathering.state in ("running", "paused")


@dataclass(frozen=True)
class Changes:
    """What changed in a session after one revision, up to another. None: that part did not."""

    session: str
    after: int
    upto: int
    contributions: list[dict[str, Any]]
    private: list[dict[str, Any]]
    stage: dict[str, Any] | None
    queue: list[dict[str, Any]] | None
    findings: list[dict[str, Any]] | None
    own_hidden: list[dict[str, Any]] | None = None

    @property
    def is_empty(self) -> bool:
        parts = (self.stage, self.queue, self.findings, self.own_hidden)
        return not (self.contributions or self.private or any(p is not None for p in parts))

    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = [{"contribution": c} for c in self.contributions]
        items += [{"contribution": c} for c in self.private]
        items += [{"contribution": c} for c in self.own_hidden or () if c["revision"] > self.after]
        if self.stage is not None:
            items.append({"phase": self.stage})
        if self.queue is not None:
            items.append({"queue": self.queue})
        if self.findings is not None:
            items.append({"findings": self.findings})
        return items


async def _screens(request: HTTPConnection) -> Screens:
    found: Screens = request.app.state.screens
    return found


Room = Annotated[Screens, Depends(_screens)]
