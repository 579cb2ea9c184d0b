"""The kinds of input, who may write them and when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from hub.errors import Forbidden, Invalid, Refusal
from hub.gatherings.rules.format import Format
from hub.gatherings.rules.stage import Stage


class FloorClosed(Refusal):
    """This kind of input is not open now."""


@dataclass(frozen=True)
class Kind:
    """A kind of input: who may write it, whether it needs text, and what ``fields`` it has."""

    by: Literal["participant", "facilitator", "hub"] = "participant"
    needs_text: bool = True
    private: bool = False
    refers_to: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    "question": Kind(),
    "contribution": Kind(),
    "reflection": Kind(private=True),
    "restatement": Kind(refers_to=("contribution", "question")),
    "restatement_check": Kind(needs_text=False, refers_to=("restatement",)),
    "theme": Kind(),
    "rating": Kind(needs_text=False, private=True, refers_to=("theme", "recommendation")),
    "ranking": Kind(needs_text=False, private=True),
    "recommendation": Kind(),
    "stance": Kind(
        needs_text=False, refers_to=("recommendation", "amendment", "wording", "change")
    ),
    "amendment": Kind(refers_to=("recommendation", "stance", "amendment")),
    "wording": Kind(),
    "change": Kind(),
    "checkout": Kind(),
    "facilitation": Kind(by="facilitator", refers_to=("recommendation",)),
    "bot": Kind(by="hub"),
    "system": Kind(by="hub"),
}


DISCUSSION = ("question", "contribution")


# A post of these kinds that replies to one of its kind puts it in other words.
REVISED = ("theme", "recommendation", "wording", "change")


# What only its author, or a facilitator with their leave, puts in other words.
OWN_WORDS = ("wording", "change")


# What a theme can be made from.
THEME_SOURCES = ("contribution", "question", "restatement")


STANCES = ("consent", "objection", "stand_aside")


OUTCOMES = ("adopted_with_dissent", "parked")


ANSWERS = ("yes", "partly", "no")


# What a point for or against a principle is about, and what a change does to it.
# Source: reflective-dialogue.md, "Steps for each principle".
FIT_TAGS = ("law", "roles", "money", "culture", "words", "other")


SIDES = ("for", "against")


CHANGES = ("keep", "add", "remove", "move", "split")


FIT_SCALE = "fit"


# These ratings want a reason. Source: reflective-dialogue.md, "Rating anchors".
REASON_WANTED = (1, 2)


def open_kinds(stage: Stage, form: Format) -> tuple[str, ...]:
    """The kinds of input a participant may write now."""
    if stage.state != "running" or stage.phase_index is None:
        return ()
    phase = form.phases[stage.phase_index]
    talk = DISCUSSION if phase.discussion else ()
    return tuple(dict.fromkeys((*phase.inputs, *talk)))


def check_may_speak(
    stage: Stage, form: Format, *, kind: str, as_facilitator: bool, reworks: bool = False
) -> None:
    """Raises FloorClosed where the kind is not open now, Invalid where it is not known.

    A recommendation that ``reworks`` another, anew or in parts, is open wherever amendments are:
    one that was accepted has to change the words.
    """
    if kind not in KINDS or KINDS[kind].by == "hub":
        raise Invalid({"/kind": "kind_unknown"})
    if stage.state == "closed":
        raise FloorClosed("session_closed")
    if KINDS[kind].by == "facilitator":
        if not as_facilitator:
            raise Forbidden()
        return
    if stage.state in ("planned", "open"):
        raise FloorClosed("session_not_started")
    if stage.state == "paused":
        raise FloorClosed("session_paused")
    now_open = open_kinds(stage, form)
    if kind not in now_open and not (reworks and may_rework(kind, now_open)):
        raise FloorClosed("kind_closed")


def may_remark(stage: Stage, form: Format, *, as_facilitator: bool) -> bool:
    """Whether a correction of a translation may come with a remark: it is a post as any other."""
    if as_facilitator:
        return stage.state != "closed"
    return "contribution" in open_kinds(stage, form)


def may_rework(kind: str, now_open: Collection[str]) -> bool:
    """Whether a theme or proposal may be put in other words, and a proposal split.

    A wording or a change also while the room settles on a text: what meets an objection is mended.
    """
    return kind in REVISED and (
        kind in now_open
        or (kind == "recommendation" and "amendment" in now_open)
        or (kind in OWN_WORDS and "stance" in now_open)
    )


def may_correct(*, is_author: bool, is_bilingual: bool, runs: bool) -> bool:
    """The author, bilingual participants and facilitators correct a translation."""
    return is_author or is_bilingual or runs
