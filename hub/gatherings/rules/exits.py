"""When a phase has done its work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hub.gatherings.rules.decisions import Said, decision_on, drafts_of, standing
from hub.gatherings.rules.fields import missing_parts
from hub.gatherings.rules.format import Format


@dataclass(frozen=True)
class Room:
    """What an exit condition looks at. ``present`` maps a participant's id to their group."""

    phase: str
    present: Mapping[str, str | None]
    said: tuple[Said, ...]
    cards: int = 0
    cards_shown: int = 0
    time_up: bool = False

    def here(self, kind: str) -> list[Said]:
        return [s for s in self.said if s.kind == kind and s.phase == self.phase]

    @property
    def groups_present(self) -> set[str]:
        return {g for g in self.present.values() if g}


@dataclass(frozen=True)
class Exit:
    """Whether a phase has done its work: ``done`` of ``wanted``, named by ``code``."""

    met: bool
    code: str
    done: int = 0
    wanted: int = 0


def _share(room: Room, people: set[str], code: str, *, share: float = 0.8) -> Exit:
    """Source: jif.md, "80%" of those present."""
    wanted = -(-len(room.present) * int(share * 100) // 100)
    done = len(people & set(room.present))
    return Exit(done >= wanted, code, done, wanted)


def _exit_consented(room: Room) -> Exit:
    # Nobody gets a seat without consent, so all who are present have given it.
    return Exit(True, "everyone_consented", len(room.present), len(room.present))


def _exit_cards(room: Room) -> Exit:
    answered = {s.reply_to for s in room.said}
    unanswered = sum(1 for q in room.here("question") if q.id not in answered)
    wanted = room.cards + unanswered
    met = room.cards_shown >= room.cards and unanswered == 0
    return Exit(met, "cards_shown", min(room.cards_shown, room.cards), wanted)


def _exit_reflected(room: Room) -> Exit:
    people = {s.author for s in room.here("reflection") if s.author}
    found = _share(room, people, "reflected")
    return replace(found, met=found.met or room.time_up)


def _exit_groups(room: Room) -> Exit:
    heard = {s.group for s in room.here("contribution") if s.group}
    wanted = room.groups_present
    return Exit(wanted <= heard, "groups_heard", len(wanted & heard), len(wanted))


def _exit_restated(room: Room) -> Exit:
    restated = room.here("restatement")
    checked = {s.fields.get("of") for s in room.said if s.kind == "restatement_check"}
    found = _share(room, {s.author for s in restated if s.author}, "restated")
    open_checks = [s for s in restated if s.id not in checked]
    return replace(found, met=room.time_up or (found.met and not open_checks))


def _exit_rated(room: Room) -> Exit:
    themes = [s.first for s in standing(room.said, "theme")]
    groups = room.groups_present
    ratings = [s for s in room.said if s.kind == "rating"]
    rated = [
        t
        for t in themes
        if groups <= {s.group for s in ratings if s.fields.get("of") == t.id and s.group}
    ]
    met = 3 <= len(themes) <= 5 and len(rated) == len(themes)
    return Exit(met, "themes_rated", len(rated), max(3, len(themes)))


def _exit_drafts(room: Room) -> Exit:
    drafts = drafts_of(room.said)
    complete = [d for d in drafts if not missing_parts(d.fields)]
    return Exit(1 <= len(complete) <= 4, "drafts_complete", len(complete), max(1, len(drafts)))


def _exit_decided(room: Room) -> Exit:
    drafts = drafts_of(room.said)
    decided = [d for d in drafts if decision_on(d.id, room.said).result != "undecided"]
    return Exit(len(decided) == len(drafts), "decided", len(decided), len(drafts))


def _exit_time(room: Room) -> Exit:
    return Exit(room.time_up, "time")


EXITS = {
    "everyone_consented": _exit_consented,
    "cards_shown": _exit_cards,
    "reflected": _exit_reflected,
    "groups_heard": _exit_groups,
    "restated": _exit_restated,
    "themes_rated": _exit_rated,
    "drafts_complete": _exit_drafts,
    "decided": _exit_decided,
    "time": _exit_time,
}


def exit_of(form: Format, room: Room) -> Exit:
    """Whether the phase has done its work. Source: the table "Ends when" of jif.md."""
    return EXITS[form.phase(room.phase).exit](room)
