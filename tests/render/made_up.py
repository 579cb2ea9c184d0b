"""Made-up contexts for every template, as the pages give them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from hub.mail.actions import facts_in
from hub.measures.items import shipped
from hub.people.texts import shipped_texts
from hub.people.views import form_view
from hub.schedule.actions import FAULTS
from hub.schedule.actions import KINDS as TASKS
from tests.render.made_up_meetings import meeting_pages

AT = "2026-11-24T13:21:00Z"
QR = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="132" height="132" class="segno">'
    '<title>x</title><path transform="scale(4)" fill="#000" d="M3 3h7v7h-7z"/></svg>'
)


def both(sv: str, en: str) -> dict[str, str]:
    return {"sv": sv, "en": en}


PEOPLE: dict[str, dict[str, Any]] = {
    "p_maja": {"id": "p_maja", "name": "Maja", "role": "patient", "group": "lived"},
    "p_tom": {"id": "p_tom", "name": "Tom", "role": "practitioner", "group": "practice"},
    "p_ngozi": {"id": "p_ngozi", "name": "Ngozi <b>", "role": None, "group": None},
    "a_malin": {"id": "a_malin", "name": "Malin", "role": "facilitator", "group": None},
    "bot": {"id": "bot", "name": "Lotsen", "role": "bot", "group": None},
}
SV = "Jag ringde vårdcentralen. De hänvisade till kommunen.\nDå la jag på."
EN = "I called the health centre. They referred me to the municipality.\nThen I hung up."


def translation(status: str, text: str | None, **more: Any) -> dict[str, Any]:
    return {
        "text": text,
        "status": status,
        "by": None,
        "origin": None,
        "doubt": None,
        "fields": {},
        **more,
    }


def said(number: int, kind: str = "contribution", **more: Any) -> dict[str, Any]:
    author = more.pop("author", "p_maja")
    return {
        "id": f"c_{number}",
        "session": "s_1",
        "seq": number,
        "revision": number,
        "phase": "interpret",
        "kind": kind,
        "author": PEOPLE[author] if author else None,
        "language": "sv",
        "text": SV,
        "created_at": AT,
        "corrected_at": None,
        "translations": {"en": translation("machine", EN)},
        "reply_to": None,
        "fields": {},
        "removed": False,
        "hidden": False,
        "hidden_reason": "",
        "pinned": False,
        "on_screen": False,
        "scribe": None,
        "re": None,
        "decision": None,
        **more,
    }


def of(number: int, name: str | None = "Maja") -> dict[str, Any]:
    return {"id": f"c_{number}", "kind": "contribution", "name": name, "role": "patient"}


def english(status: str, text: str | None, **more: Any) -> dict[str, Any]:
    return {
        "language": "en",
        "text": EN,
        "author": "p_tom",
        "translations": {"sv": translation(status, text, **more)},
    }


DECISION = {
    "result": "adopted_with_dissent",
    "stances": {"consent": 17, "objection": 2, "stand_aside": 4},
}
PROPOSAL = {
    "what": "x",
    "owner": "Regionens journalenhet",
    "when": "2027-03-31",
    "measure": "Uppföljningssamtal i 7 av 10 fall",
}
DOUBT = {"score": 0.7, "reasons": ["number_missing", "negation_missing"]}
HINTS = [
    {"term": "safety", "written": "trygghet", "senses": ["security", "safety <b>"]},
    {"term": "care", "written": "vård", "senses": ["care", "ward"]},
]
DISPUTES = [{"word": "kommunen", "reason": "borde vara regionen"}, {"word": "", "reason": ""}]


def wording(
    number: int, author: str, language: str, text: str, other: str, translated: str
) -> dict[str, Any]:
    """One wording of a theme or proposal."""
    return {
        "id": f"c_{number}", "author": PEOPLE[author], "text": text, "language": language,
        "translations": {other: translation("machine", translated)}, "fields": {}, "at": AT,
    }  # fmt: skip


def conversation() -> list[dict[str, Any]]:
    """One of each kind, and one of each state of a translation."""
    translated = {"en": translation("machine", EN, fields={"owner": "The records unit"})}
    return [
        said(1, "bot", author="bot", translations={"en": translation("memory", EN)}),
        said(2, looks_like="en", corrected_at=AT),
        said(3, looks_like="sv", **english("machine", SV, hints=HINTS)),
        said(4, **english("machine", SV, doubt=DOUBT)),
        said(5, **english("memory", SV)),
        said(6, **english("memory", SV, by="Lena")),
        said(7, **english("corrected", SV, by="Lena")),
        said(8, **english("disputed", SV, disputes=DISPUTES)),
        said(9, **english("pending", None)),
        said(10, **english("failed", None, reason="no_package")),
        said(11, **english("failed", None, reason="degenerate")),
        said(12, translations={"en": translation("failed", None, reason="degenerate")}),
        said(13, translations={"en": translation("disputed", EN)}),
        said(14, "question", author="p_ngozi", text="<script>alert(1)</script> & \u202eabc"),
        said(15, reply_to="c_3", re={**of(3), "name": "Tom"}),
        said(16, "restatement", fields={"of": "c_2"}, re=of(2), author="p_tom"),
        said(
            17,
            "restatement_check",
            text="",
            translations={},
            fields={"of": "c_16", "answer": "partly"},
            re=of(16, "Tom"),
        ),
        said(
            18, "theme", ratings={}, revises=None, current=None, former=[],
            ranking={"points": 7, "firsts": 2, "ranked": 4, "passed": 1},
            made_from=[{"id": "c_2", "name": "Maja", "at": AT}],
        ),
        said(
            19, "recommendation", fields=PROPOSAL, decision=DECISION, translations=translated,
            author="p_ngozi",
        ),
        said(20, "recommendation", fields={"what": "x"}, decision=None),
        said(
            21, "stance", text="", translations={}, fields={"of": "c_19", "value": "consent"},
            re=of(19, None),
        ),
        said(22, "stance", fields={"of": "c_19", "value": "objection", "reason": SV}, re=of(19)),
        said(23, "amendment", fields={"of": "c_19"}, re=of(19)),
        said(24, "checkout"),
        said(25, "facilitation", author="a_malin", pinned=True, on_screen=True),
        said(
            30, "facilitation", author="a_malin", fields={"of": "c_19", "result": "parked"},
            re=of(19),
        ),
        said(31, "theme", author="p_ngozi", reply_to="c_32", revises="c_32"),
        said(
            32, "theme", revises=None, former=[wording(32, "p_maja", "sv", SV, "en", EN)],
            current=wording(31, "p_ngozi", "en", EN, "sv", SV), ranking=None, made_from=[],
        ),
        said(
            33, "recommendation", fields=PROPOSAL, decision=None, revises=None,
            former=[wording(33, "p_maja", "sv", SV, "en", EN)],
            current={**wording(34, "p_tom", "en", EN, "sv", SV), "fields": PROPOSAL},
            split_into=[], owner_named=[
                {"id": p, "name": PEOPLE[p]["name"], "agreed": agreed}
                for p, agreed in (("p_maja", None), ("p_tom", True), ("p_ngozi", False))
            ],
        ),
        said(34, "recommendation", fields=PROPOSAL, author="p_tom", revises="c_33"),
        said(35, "recommendation", fields=PROPOSAL, split_into=["c_36", "c_37"], revises=None),
        said(36, "recommendation", fields={**PROPOSAL, "split_of": "c_35"}, author="p_tom"),
        said(37, "recommendation", fields={**PROPOSAL, "split_of": "c_35"}, author="p_tom"),
        said(38, author="p_tom", fields={"remark_on": "en"}, reply_to="c_3", re=of(3)),
        said(
            39, "facilitation", author="a_malin", fields={"remark_on": "sv"}, reply_to="c_14",
            re=of(14, "Ngozi"),
        ),
        said(26, "system", author=None),
        said(27, removed=True, author=None, text="", translations={}),
        said(28, hidden=True, author=None, text="", translations={}),
        said(29, hidden=True, hidden_reason="Namnger en person"),
    ]  # fmt: skip


def private() -> list[dict[str, Any]]:
    return [
        said(90, "reflection", seq=None, translations={}),
        said(91, "reflection", seq=None, text="", translations={}, fields={"skipped": True}),
        said(
            92, "rating", seq=None, text="", translations={},
            fields={"of": "c_18", "value": 4, "scale": "importance"}, re=of(18),
        ),
        said(
            93, "rating", seq=None, text="", translations={},
            fields={"of": "c_18", "value": "pass", "scale": "importance"}, re=of(18),
        ),
        said(
            94, "ranking", seq=None, text="", translations={},
            fields={"order": [], "passed": True},
        ),
    ]  # fmt: skip


PHASES = [
    ("arrive", "Välkommen", "Welcome", ["contribution"], True),
    ("evidence", "Resultat", "Findings", ["question"], True),
    ("reflect", "Egna tankar", "Own thoughts", ["reflection"], False),
    ("interpret", "Tolka", "Interpret", ["contribution"], True),
    ("restate", "Byt perspektiv", "Change places", ["restatement", "restatement_check"], True),
    ("converge", "Gemensam bild", "Shared picture", ["theme", "rating", "ranking"], True),
    ("recommend", "Förslag", "Proposals", ["recommendation"], True),
    ("decide", "Beslut", "Decision", ["stance", "amendment"], True),
    ("close", "Avslut", "Close", ["checkout"], True),
]
EXITS = (
    "everyone_consented", "cards_shown", "reflected", "groups_heard", "restated", "themes_rated",
    "drafts_complete", "decided", "time",
)  # fmt: skip


def stage(index: int | None = 4, state: str = "running", **more: Any) -> dict[str, Any]:
    """The stage in one phase; none before the start."""
    going = index is not None
    id_, sv, en, inputs, talk = PHASES[index or 0]
    running = state == "running" and going
    kinds = [*inputs, *(["question", "contribution"] if talk else [])] if running else []
    return {
        "state": state,
        "phase": id_ if going else None,
        "number": (index or 0) + 1 if going else 0,
        "count": len(PHASES),
        "title": both(sv, en) if going else None,
        "task": both(
            "Välj ett inlägg från någon med en annan roll. Skriv vad personen menar.",
            "Pick a post from someone in a different role. Say what they mean.",
        )
        if going
        else None,
        "host": both("Låt varje grupp höras.", "Let every group be heard.") if going else None,
        "ends_at": AT if running else None,
        "seconds_left": 360 if going and state != "closed" else None,
        "time_up": False,
        "exit_met": False,
        "exit": {"code": EXITS[index or 0], "done": 15, "wanted": 18} if going else None,
        "open_kinds": list(dict.fromkeys(kinds)),
        "inputs": inputs if going else [],
        "discussion": talk,
        "speed": 1.0,
        "more_time": 2,
        "ready": 3,
        "people": 5,
        "phases": [
            {
                "id": p[0],
                "title": both(p[1], p[2]),
                "minutes": 15.0,
                "state": "next" if index is None or n > index else "now" if n == index else "done",
            }
            for n, p in enumerate(PHASES)
        ],
        **more,
    }


LONG = "Vi säger öppet vem som bestämmer vad <script>alert(1)</script>. " * 12
PRINCIPLES: list[dict[str, Any]] = [
    {"id": f"vst-{n}", "n": n, "state": state, "decision": decided,
     "title": both(f"Dela makten {n} <b>", f"Share power {n} <b>")}
    for n, (state, decided) in enumerate(
        (("done", "reword"), ("parked", "park"), ("now", None), ("next", None), ("next", None)), 1
    )
]  # fmt: skip
DIALOGUE_STEPS = (
    ("understand", ["question"], "questions_answered", True),
    ("experience", ["reflection", "contribution"], "experience_shared", True),
    ("fit", ["contribution"], "tags_seen", True),
    ("restate", ["restatement", "restatement_check"], "restated_by_all", True),
    ("wording", ["wording"], "no_new_proposal", True),
    ("change", ["change"], "no_new_proposal", True),
    ("rate", ["rating"], "fit_rated", False),
    ("settle", ["stance"], "settled", True),
)
RATED: dict[str, Any] = {
    "counts": [1, 2, 0, 3, 4], "answered": 10, "passed": 1, "median": 4, "high": 7,
    "high_share": 0.7, "label": "fits_in_part",
    "by_group": {"lived": [0, 1, 0, 1, 2], "practice": [1, 1, 0, 2, 2]},
}  # fmt: skip
FEW_RATED: dict[str, Any] = {
    **RATED, "counts": [1, 0, 0, 1, 1], "answered": 3, "passed": 0, "label": None, "by_group": {},
}  # fmt: skip
PRINCIPLE_TEXT: dict[str, Any] = {
    "id": "vst-3", "n": 3, "title": both("Dela makten 3 <b>", "Share power 3 <b>"),
    "text": both(LONG, "We say openly who decides what."), "source_language": "en",
    "status": {"sv": "draft", "en": "human_reviewed"},
    "origin": {"sv": "machine", "en": "person"}, "missing": [], "glossary_terms": [],
    "charter": both("Tio löften", "Ten promises"),
    "terms": [
        {"key": "t1", "sv": "öppet", "en": "openly", "note": "<i>obs</i>", "disputed": True,
         "written": {"sv": ["öppet"], "en": ["openly"]}},
    ],
}  # fmt: skip
SETTLING: dict[str, Any] = {
    "principle": "vst-3", "of": "c_201", "kind": "wording", "change": None, "wording": "c_201",
    "text": {"sv": {"title": "T", "text": SV}, "en": {"title": "T", "text": EN}},
    "stances": {"consent": 3, "objection": 1, "stand_aside": 0}, "objections": ["c_205"],
    "agreed": False, "settled": True,
}  # fmt: skip
OUTCOME: dict[str, Any] = {
    "id": "o_1", "principle": "vst-3", "decision": "park", "allowed": ["park", "keep"],
    "put": {}, "agreed": None, "agreed_from": None, "ratings": RATED, "glossary_changes": [],
    "dissent": [
        {"group": "lived", "language": "sv", "text": {"sv": "Makt <script>alert(1)</script>"}},
        {"group": None, "language": "sv", "text": both("Ord", "Words")},
    ],
    "reason": "", "closed_at": None,
}  # fmt: skip


def dialogue_said() -> list[dict[str, Any]]:
    """What is said in a dialogue and nowhere else."""
    here: dict[str, Any] = {"principle": "vst-3"}
    proposal = {
        **here, "revises": None, "current": None, "former": [], "stands": True, "asked": [],
        "merged_into": None, "box": None,
    }  # fmt: skip
    asked = [
        {"id": p, "name": PEOPLE[p]["name"], "agreed": agreed}
        for p, agreed in (("p_maja", None), ("p_tom", True), ("p_ngozi", False))
    ]
    return [
        said(200, fields={"tag": "law", "side": "against"}, **here),
        said(201, "wording", fields=here, **{**proposal, "box": "asked"}),
        said(202, "wording", fields={"untranslatable": "accountable <b>"}, text="",
             translations={}, author="p_tom", **proposal),
        said(203, "change", fields={"change": "split"}, author="p_ngozi",
             **{**proposal, "merged_into": "c_204"}),
        said(204, "change", fields={"change": "add"}, author="p_tom", **{
            **proposal, "former": [wording(204, "p_tom", "en", EN, "sv", SV)],
            "current": {**wording(206, "p_tom", "en", EN, "sv", SV), "fields": {"change": "add"}},
        }),
        said(205, "stance", fields={"of": "vst-3", "value": "objection", "reason": SV}, **here),
        said(206, "wording", author="a_malin", reply_to="c_201",
             fields={"merges": ["c_202"], **here},
             **{**proposal, "revises": "c_201", "asked": asked, "stands": False}),
        said(207, "rating", fields={"of": "vst-3", "value": 2, "scale": "fit"}, **here),
        said(208, "rating", fields={"of": "vst-3", "value": "pass", "scale": "fit"}, text="",
             translations={}, **here),
        said(209, "facilitation", author="a_malin",
             fields={"dissent": True, "group": "lived", "principle": "vst-3"}, **here),
    ]  # fmt: skip


def talk(step: str | None = "wording", state: str = "running", **more: Any) -> dict[str, Any]:
    """The stage of a dialogue in one step of its third principle; none: before the first."""
    index = next((n for n, s in enumerate(DIALOGUE_STEPS) if s[0] == step), None)
    _, inputs, exit_, talking = DIALOGUE_STEPS[index or 0]
    now = PRINCIPLES[2]["id"] if index is not None else None
    phases = [("arrive", None), *(
        (each[0], p["id"]) for p in PRINCIPLES for each in DIALOGUE_STEPS
    ), ("close", None)]  # fmt: skip
    at = next((n for n, each in enumerate(phases) if each == (step, now)), 0)
    running = state == "running"
    kinds = [*inputs, *(["question", "contribution"] if talking else [])] if running else []
    return {
        **stage(0, state),
        "phase": step or "arrive",
        "key": f"{step}/{now}" if now else "arrive",
        "principle": now,
        "principles": PRINCIPLES,
        "number": at + 1,
        "count": len(phases),
        "title": both(f"Steg {step}", f"Step {step}"),
        "exit": {"code": exit_ if now else "everyone_consented", "done": 1, "wanted": 2},
        "open_kinds": list(dict.fromkeys(kinds)),
        "inputs": inputs,
        "discussion": talking,
        "phases": [
            {"id": id_, "key": f"{id_}/{principle}" if principle else id_, "principle": principle,
             "title": both(f"Steg {id_}", f"Step {id_}"), "minutes": 3.0,
             "state": "now" if n == at else "done" if n < at else "next"}
            for n, (id_, principle) in enumerate(phases)
        ],
        "principle_text": PRINCIPLE_TEXT if now else None,
        "settling": SETTLING if now else None,
        "ratings": {"answered": 2, "present": 5, "result": None} if now else None,
        "outcome": OUTCOME if now else None,
        "tags": {"seen": ["law"], "skipped": ["money"]},
        "untranslatable": ["accountable <b>"],
        "no_more": 2,
        **more,
    }  # fmt: skip


def talk_room(step: str | None = "wording", state: str = "running", **more: Any) -> dict[str, Any]:
    """The room of a dialogue."""
    dialogue = session(state, charter_title=both("Tio löften", "Ten promises"))
    own = [
        said(290, "reflection", seq=None, translations={}, principle="vst-3"),
        said(291, "rating", seq=None, translations={}, principle="vst-3",
             fields={"of": "vst-3", "value": 2, "scale": "fit"}),
    ]  # fmt: skip
    return room(0, state) | {
        "session": dialogue, "stage": talk(step, state), "private": own, "drafts": [],
        "contributions": [*conversation(), *dialogue_said()], **more,
    }  # fmt: skip


TO_COMMENT = [{
    "id": "vst", "title": both("Tio löften <b>", "Ten promises"), "closes_at": AT, "commented": 2,
}]  # fmt: skip
AT_WORK: dict[str, Any] = {
    "id": "vst-3", "number": 3, "count": 5, "minutes_left": 12, "step": "settle",
    "questions": [said(210, "question")],
    "shared": {"people": 2, "here": 5, "missing": ["practice"]},
    "tags": [{"tag": tag, "for": n, "against": 0, "skipped": tag == "money"}
             for n, tag in enumerate(("law", "roles", "money"))],
    "proposals": [{"kind": c["kind"], "contribution": c} for c in dialogue_said()
                  if c["id"] in ("c_201", "c_202", "c_204")],
    "ratings": {"answered": 2, "here": 5, "hidden": 2},
    "put": None,
}  # fmt: skip


def talk_desk(step: str | None = "settle", state: str = "running", **more: Any) -> dict[str, Any]:
    return desk(0, state) | {
        **talk_room(step, state), **HOST, "me": None, "talked_about": AT_WORK if step else None,
        **more,
    }  # fmt: skip


CHARTERS: list[dict[str, Any]] = [
    {"id": id_, "title": both("Tio löften <b>", "Ten promises <b>"),
     "principles": [{"id": f"{id_}-{n}", "n": n, "title": both(f"Löfte {n}", f"Promise {n}")}
                    for n in range(1, 31)]}
    for id_ in ("vst", "jam")
]  # fmt: skip


CASE = {
    "id": "ward",
    "name": both("Vårdavdelning", "Ward"),
    "country": "UK",
    "sector": both("Psykiatri", "Psychiatry"),
    "objective": both("Bättre samtal", "Better talks"),
    "methods": both("Intervjuer", "Interviews"),
    "vulnerable": True,
    "demonstration": True,
}


def session(state: str = "running", **more: Any) -> dict[str, Any]:
    return {
        "id": "s_1",
        "code": "K7TALL",
        "join_url": "http://192.168.1.20:8000/join/K7TALL",
        "title": both(
            "Hemgång från sjukhus: vem håller i tråden?",
            "Going home from hospital: who holds the thread?",
        ),
        "format": {
            "id": "jif-90",
            "kind": "forum",
            "title": both("Forum för gemensam tolkning", "Joint Interpretive Forum"),
            "hybrid": False,
        },
        "case": CASE,
        "access": "open",
        "guarded": False,
        "support": None,
        "follow_up": None,
        "state": state,
        "revision": 41,
        "demonstration": True,
        "published_at": None,
        "purged_at": None,
        "starts_at": None,
        "online": 23,
        "by_language": {"sv": 14, "en": 9},
        "by_role": {"patient": 8},
        "translator": {"builtin": True, "directions": {"sv-en": "ok", "en-sv": "ok"}},
        "facilitator": "Malin",
        **more,
    }


FINDINGS = [
    {
        "id": "f_1",
        "title": both("Fyra nummer", "Four numbers"),
        "text": both("Patienter får i snitt fyra telefonnummer.", "Patients get four numbers."),
        "source": "Studie 2025",
        "tags": ["measurement", "models"],
        "picture": "/sessions/s_1/pictures/f_1",
        "picture_alt": both("Ett stapeldiagram", "A bar chart"),
        "shown": True,
    },
    {
        "id": "f_2",
        "title": {"sv": "Bara svenska"},
        "text": {"sv": "Texten finns inte på engelska."},
        "source": "",
        "tags": [],
        "picture": None,
        "picture_alt": None,
        "shown": False,
    },
]
QUEUE = [
    {
        "participant": {"id": "p_maja", "name": "Maja", "role": "patient", "group": "lived"},
        "raised_at": AT,
        "has_floor": False,
        "has_spoken": False,
        "remote": True,
    },
    {
        "participant": {"id": "p_tom", "name": "Tom", "role": None, "group": None},
        "raised_at": AT,
        "has_floor": True,
        "has_spoken": True,
        "remote": False,
    },
]
SEAT = {**PEOPLE["p_maja"], "language": "sv", "bilingual": True, "ready": False}
ACCOUNT = {"id": "a_malin", "name": "Malin", "role": "facilitator", "runs": True}
GUEST: dict[str, Any] = {"caller": {"account": None, "seat": SEAT}}
HOST: dict[str, Any] = {"caller": {"account": ACCOUNT, "seat": None}}
ACTS = (
    "open", "start", "advance", "extend", "pause", "resume", "reopen", "close", "hidden",
    "shown_again", "pinned", "unpinned", "on_screen", "off_screen", "floor_given",
    "record_published", "finding_added", "finding_changed", "finding_removed", "finding_shown",
    "ratings_revealed", "rankings_revealed", "bot_line_sent", "bot_line_dropped", "bot_muted",
    "bot_unmuted",
    "seated", "wrote_for", "term_disputed", "progress_set", "progress_by_owner",
    "owner_set", "owner_removed", "owner_stopped", "owner_not_me", "term_added", "term_changed",
    "translator_invited",
    "term_removed", "text_put", "outcome_written", "principles_ordered", "tag_skipped",
    "meaning_asked", "parked", "removed_from_room", "let_back_in", "let_through",
    "moderation_changed", "exported", "entry_changed", "invited", "invitation_recalled",
    "paused_alone", "followed_up", "opened_by_itself", "advanced_by_itself", "closed_idle",
)  # fmt: skip


BOT_LINES: list[dict[str, Any]] = [
    {
        "id": f"b_{n}", "trigger": trigger, "to": to, "about": about,
        "text": both("Vad betyder ”obs”?", "What does “obs” mean?"),
        "draft": draft, "created_at": AT, "sends_at": None,
    }
    for n, (trigger, to, about, draft) in enumerate(
        (
            ("jargon", "all", "c_4", False),
            ("dominance", "p_maja", None, True),
            ("safety", "facilitators", "c_8", False),
        )
    )
]  # fmt: skip


FORESEEN = [
    {"trigger": "half_time", "to": to, "at": AT,
     "text": both("Halva tiden har gått.", "Halfway.")}
    for to in ("all", "facilitators", "p_maja")
]  # fmt: skip


TERMS: list[dict[str, Any]] = [
    {
        "id": f"w_{n}", "session": "s_1", "sv": "brukarråd <b>", "en": "service user council",
        "sv_forms": ["brukarrådet"] if n else [], "en_forms": ["service user councils"],
        "avoid_sv": ["råd"] if n else [], "avoid_en": ["board", "jury"] if n else [],
        "note": "<script>alert(1)</script>", "keep": n == 1, "disputed": n == 2, "state": state,
        "by": "Malin", "at": AT,
    }
    for n, state in enumerate(("session", "suggested", "kept", "dropped"))
]  # fmt: skip
SHIPPED_TERMS: list[dict[str, Any]] = [
    {
        "id": "safety", "sv": "trygghet", "en": "safety", "senses": {"sv": ("security", "safety"),
        "en": ("trygghet", "säkerhet")}, "avoid_sv": (), "avoid_en": ("surety",), "keep": False,
        "disputed": True,
    },
]  # fmt: skip
DIRECTIONS: list[dict[str, Any]] = [
    {"direction": direction, "state": state, "problem": problem, "package": package}
    for direction, state, problem, package in (
        ("sv-en", "ok", "", {"version": "0.5", "megabytes": 31.6, "bundled": True, "score": 53.6}),
        ("en-sv", "ok", "OSError: <b>",
         {"version": "2.0", "megabytes": 80.2, "bundled": False, "score": None}),
        ("x", "missing", "", None),
        ("y", "broken", "the tokenizer is missing", None),
    )
]  # fmt: skip


def of_translation(**more: Any) -> dict[str, Any]:
    """The page about what translates."""
    return {
        "path": "/translation", "directions": DIRECTIONS, "queue": {"rooms": 3, "documents": 12},
        "rows": {"waiting": 10_000, "failed": 2}, "commands": False, **HOST, **more,
    }  # fmt: skip


def of_terms(**more: Any) -> dict[str, Any]:
    """The glossary of the hub."""
    return {
        "path": "/terms", "q": "", "suggested": TERMS[1:2], "kept": TERMS[2:3],
        "dropped": TERMS[3:], "shipped": SHIPPED_TERMS, "may_decide": True, **HOST, **more,
    }  # fmt: skip


def room(index: int | None = 4, state: str = "running", **more: Any) -> dict[str, Any]:
    return {
        "path": "/sessions/s_1",
        "session": session(state),
        "stage": stage(index, state),
        "drafts": [c for c in conversation() if c["kind"] == "recommendation"],
        "contributions": conversation(),
        "private": private(),
        "findings": FINDINGS,
        "queue": QUEUE,
        "followed": [],
        "ready": False,
        "me": SEAT,
        "speed": 1.0,
        **GUEST,
        **more,
    }


def desk(index: int | None = 4, state: str = "running", **more: Any) -> dict[str, Any]:
    doubtful = [c for c in conversation() if c["id"] in ("c_4", "c_8")]
    return {
        **room(index, state),
        **HOST,
        "me": None,
        "qr": QR,
        "balance": [
            {"group": "lived", "words": 90, "share": 0.39, "people_share": 0.52},
            {"group": "practice", "words": 110, "share": 0.48, "people_share": 0.35},
            {"group": "research", "words": 30, "share": 0.13, "people_share": 0.13},
        ],
        "untranslated": [c for c in conversation() if c["id"] == "c_11"],
        "doubtful": doubtful,
        "people": [
            {
                "id": "p_maja", "name": "Maja", "role": "patient", "language": "sv",
                "ready": True, "online": True, "remote": True, "without_device": True,
                "on_break": False,
            },
            {
                "id": "p_x", "name": "X", "role": None, "language": "en",
                "ready": False, "online": False, "remote": False, "without_device": False,
                "on_break": True,
            },
        ],
        "ready_count": 1,
        "slack": -2,
        "bot": {"muted": False, "items": BOT_LINES, "next": FORESEEN},
        "share_of": {"lived": 0.39},
        "unheard": ["research"],
        "terms": TERMS,
        "invited": {"used": 2, "waiting": 1},
        "waiting": {
            "restating": [{"participant": "p_maja", "post": doubtful[0]},
                          {"participant": "p_x", "post": doubtful[1]}],
            "themes": [{"contribution": doubtful[0], "rated": 1, "groups": 3},
                       {"contribution": doubtful[1], "rated": 3, "groups": 3}],
            "unanswered": [c for c in conversation() if c["kind"] == "restatement"],
            "proposals": [
                {"contribution": doubtful[0], "missing": ["owner", "when"], "result": "undecided",
                 "objections": 2, "rounds": 1},
                {"contribution": doubtful[1], "missing": [], "result": "adopted",
                 "objections": 0, "rounds": 0},
            ],
        },
        "acts": [
            {"kind": k, "name": "Malin", "reason": "Vi är klara", "at": datetime.now(UTC)}
            for k in ACTS
        ],
        **more,
    }  # fmt: skip


MAY = (
    "reply", "restate", "check", "agree", "stance", "amend", "change", "split",
    "correct", "remark", "dispute", "hide", "unhide", "pin",
    "unpin", "screen", "unscreen", "remove", "term", "words",
    "suggest", "leave", "flag", "move", "answer", "let_through",
)  # fmt: skip


def one(number: int = 4, **more: Any) -> dict[str, Any]:
    found = next(c for c in conversation() if c["id"] == f"c_{number}")
    return {
        "path": f"/sessions/s_1/contributions/{found['id']}",
        "contribution": found,
        "session": session(),
        "may": dict.fromkeys(MAY, True),
        "suggestion": {
            "text": "<script>alert(1)</script> I was given four numbers.",
            "source_text": "<script>alert(1)</script> Jag fick fyra nummer.",
            "score": 0.82,
            "origin": "correction",
        },
        **GUEST,
        **more,
    }


def asking(name: str = "after", **more: Any) -> dict[str, Any]:
    """The page of one form, each of its items answered."""
    form = shipped().asked(dialogue=True)[name]
    answers = {i.id: "<script>alert(1)</script>" if i.kind == "open" else "3" for i in form.items}
    return {
        "path": f"/sessions/s_1/questions/{form.when}",
        "session": session(),
        "me": SEAT,
        "when": form.when,
        "open": True,
        "form": form,
        "given": {**answers, form.items[0].id: "none"},
        "answered": True,
        "has_pictures": form.when == "after",
        "done": "kept",
        "words": shipped(),
        "limit": 4000,
        **GUEST,
        **more,
    }


FOLLOWED: list[dict[str, Any]] = [
    {
        "id": f"c_{number}", "session": {
            "id": "s_0", "title": both("Förra gången", "Last time"), "case": "ward",
            "closed_at": AT,
        },
        "language": "sv", "text": SV, "translations": {"en": translation(told, EN)},
        "owner": "Avdelning 7", "when": "2027-03-31", "measure": "", "result": result,
        "status": status, "reason": reason, "at": at, "next": next_,
    }
    for number, told, result, status, reason, at, next_ in (
        (71, "machine", "adopted", "open", "", None, ["doing", "done", "dropped"]),
        (72, "memory", "adopted", "dropped", "Pengarna <b>", AT, ["open", "doing"]),
        (73, "pending", "parked", None, "", None, []),
        (74, "disputed", "undecided", None, "", None, []),
    )
]  # fmt: skip
QUESTION: dict[str, Any] = {
    "version": 1, "when": "after", "kind": "scale", "domain": "voice", "of": 6,
}  # fmt: skip
SURVEY: dict[str, Any] = {
    "note": both("Inte prövade.", "Not validated."),
    "needs": 5,
    "before": {"answered": 3, "people": 6, "open": False, "shown": False, "why": "too_few"},
    "after": {"answered": 6, "people": 6, "open": False, "shown": True, "why": None},
    "items": [
        {**QUESTION, "id": "po1", "text": both("Fick du säga det?", "Could you say it?"), "n": 6,
         "counts": {"1": 0, "2": 0, "3": 1, "4": 2, "5": 3}, "median": 4.5, "unsure": 0,
         "too_few": False},
        {**QUESTION, "id": "po2", "text": both("Lyssnade de?", "Did they listen?"), "n": None,
         "counts": None, "median": None, "unsure": None, "too_few": True},
    ],
    "domains": [],
    "changes": [],
}  # fmt: skip
FIGURES: dict[str, Any] = {
    "participation": {"words": {"n": 11, "total": 1940, "g_star": 0.2828}},
    "balance": {"group": {"people": 11, "index": {"turns": 0.9216, "words": None}}},
    "reciprocity": {"mutual": 32, "arrows": 49, "rho": 0.65},
    "perspective": {
        "takers": 10, "people": 11, "coverage": 0.91, "accuracy": 0.95, "checked_pairs": 10,
    },
    "translation": {"sv": {"fixed": 1, "of": 70}, "en": None},
    "objections": {"raised": 2, "resolved": 1, "dissent": 1},
}  # fmt: skip
FEW_FIGURES: dict[str, Any] = {
    **FIGURES,
    "participation": {"words": None},
    "balance": {"group": {"people": 2, "index": {"turns": None, "words": None}}},
    "reciprocity": None,
    "perspective": None,
}


def record(**more: Any) -> dict[str, Any]:
    everything = [{**c, "corrected_at": AT if c["id"] == "c_2" else None} for c in conversation()]
    by_id = {c["id"]: c for c in everything}
    proposal, asked = by_id["c_19"], by_id["c_14"]
    head = {"result": "adopted", "stances": {"consent": 3, "objection": 0, "stand_aside": 0}}
    nothing: dict[str, Any] = {
        "objections": [], "stand_asides": [], "amendments": [], "dissent": [], "progress": None,
    }  # fmt: skip
    return {
        "session": session("closed"),
        "held_at": AT,
        "minutes": 91,
        "phases": [
            {
                "id": p[0],
                "title": both(p[1], p[2]),
                "planned_minutes": 15.0,
                "minutes": None if p[0] == "close" else 14.3,
                "items": everything if p[0] == "interpret" else [],
            }
            for p in PHASES
        ],
        "attendance": {
            "people": 5,
            "by_group": {"lived": 3, "unsaid": 2},
            "by_language": {"sv": 3, "en": 2},
            "by_role": {"patient": 3, "unsaid": 2},
            "consent_versions": {"2026-11": 5},
        },
        "reflections": 4,
        "followed": FOLLOWED,
        "findings": FINDINGS,
        "by_finding": [
            {"finding": "f_1", "contributions": ["c_2"]},
            {"finding": "f_2", "contributions": []},
            {"finding": None, "contributions": ["c_3"]},
        ],
        "questions": [
            {**asked, "answers": [by_id["c_15"]]},
            {**asked, "id": "c_50", "seq": 50, "answers": []},
        ],
        "restatements": [
            {
                "id": "c_16", "of": "c_2", "author": PEOPLE["p_tom"],
                "of_author": PEOPLE["p_maja"], "check": "yes", "checks": ["no", "yes"],
                "contribution": by_id["c_16"],
            },
            {
                "id": "c_51", "of": "c_27", "author": PEOPLE["p_tom"], "of_author": None,
                "check": None, "checks": [], "contribution": {**by_id["c_16"], "id": "c_51"},
            },
        ],
        "themes": [
            {
                **by_id["c_18"], "id": f"c_{60 + n}", "wording": f"c_{60 + n}", "reading": reading,
                "ratings": {
                    "agreement": {
                        "counts": [2, 0, 1, 1, 2], "passed": 1, "answered": 6, "mean": 3.2,
                    },
                },
                "ranking": {"points": 7, "firsts": 2, "ranked": 5, "passed": 1} if n else None,
            }
            for n, reading in enumerate((None, "fits", "does_not_fit", "split", "fits_in_part"))
        ],
        "recommendations": [
            {
                "id": "c_19", "wording": "c_19", **PROPOSAL, **nothing, "missing": [],
                "contribution": proposal, "author": proposal["author"],
                "authors": [proposal["author"], PEOPLE["p_maja"]],
                "objections": [by_id["c_22"]], "amendments": [by_id["c_23"]],
                "dissent": [by_id["c_30"]], "result": "undecided",
                "stances": DECISION["stances"],
            },
            {
                "id": "c_20", "wording": "c_20", **nothing, "what": "x", "owner": "", "when": "",
                "measure": "", "missing": ["owner", "when", "measure"],
                "contribution": {**proposal, "id": "c_20"}, "author": proposal["author"],
                "authors": [proposal["author"]], **head,
                "progress": {
                    "status": "doing", "reason": "Börjat <i>", "at": AT,
                    "next": ["open", "done", "dropped"],
                },
            },
        ],
        "agreements": ["c_20"],
        "undecided": ["c_19"], "disagreements": ["c_19"],
        "agreed_themes": ["c_61"], "disputed_themes": ["c_62", "c_63"],
        "survey": SURVEY,
        "measures": FIGURES,
        "corrections": [{"contribution": "c_2", "at": AT}],
        "taken_back": 1,
        "translation_corrections": [
            {"contribution": "c_7", "language": "sv", "by": "Lena", "at": AT},
        ],
        "correctable_until": "2026-12-01T13:00:00Z",
        "ready_at": "2026-12-01T13:00:00Z",
        "published_at": None,
        **more,
    }  # fmt: skip


WORDED: dict[str, Any] = {"language": "sv", "text": {"sv": SV, "en": EN}, "machine": ["en"]}
UNTRANSLATED: dict[str, Any] = {"language": "en", "text": {"en": "A <b>thought</b>"}, "machine": []}


def section(number: int, state: str = "settled", **more: Any) -> dict[str, Any]:
    """What the record of a dialogue tells of one principle."""
    text = {"sv": {"title": SV, "text": SV}, "en": {"title": EN, "text": ""}}
    return {
        "id": f"p-{number}", "n": number, "title": both(SV, EN), "texts": text, "state": state,
        "decision": {"settled": "reword", "parked": "park"}.get(state),
        "reason": "Vi hann <inte>" if state == "parked" else "", "put": text,
        "agreed": text if state == "settled" else None,
        "dissent": [{"group": "lived", **WORDED}, {"group": None, **UNTRANSLATED}],
        "glossary_changes": [{"sv": "samskapande", "en": "coproduction", "state": "added"}],
        "questions": [{**WORDED, "answers": [WORDED]}, {**UNTRANSLATED, "answers": []}],
        "examples": [WORDED],
        "fit_points": [{"tag": "money", "side": "against", **WORDED},
                       {"tag": "law", "side": "for", **UNTRANSLATED}],
        "restatements": [
            {**WORDED, "author_role": "patient", "of": WORDED, "of_role": "manager",
             "checks": ["no", "yes"]},
            {**WORDED, "author_role": None, "of": None, "of_role": None, "checks": []},
        ],
        "wordings": [{"id": "c_70", **WORDED, "support": 3, "author_role": "patient"},
                     {"id": "c_71", **WORDED, "support": None, "author_role": None}],
        "changes": [{"id": "c_72", **WORDED, "support": 0, "author_role": "manager",
                     "kind": "split"}],
        "untranslatable": ["engagement <i>"],
        "ratings": {
            "rated": 6, "passed": 1, "counts": [1, 0, 1, 2, 2], "label": "fits_in_part",
            "by_group": {"lived": [0, 0, 1, 1, 1]},
            "reasons": [{"value": 1, **WORDED}, {"value": "pass", **UNTRANSLATED}],
        },
        "stances": [{"of": None, "kind": "text", "consent": 2, "stand_aside": 0, "objection": 1,
                     "agreed": False, "objections": [WORDED]}],
        "planned_minutes": 24.0, "minutes": 21.7, **more,
    }  # fmt: skip


NOTHING_SAID: dict[str, Any] = {
    "dissent": [], "glossary_changes": [], "questions": [], "examples": [], "fit_points": [],
    "restatements": [], "wordings": [], "changes": [], "untranslatable": [], "stances": [],
    "ratings": {"rated": 0, "passed": 0, "counts": [0, 0, 0, 0, 0], "label": None,
                "by_group": {}, "reasons": []},
}  # fmt: skip


def dialogue_record(*, may_show: bool = True, **more: Any) -> dict[str, Any]:
    """The record of a dialogue: one principle settled, one parked, one open, one not begun."""
    sections = [
        section(1), section(2, "parked"), section(3, "open", **NOTHING_SAID),
        section(4, "not_begun", **NOTHING_SAID),
    ]  # fmt: skip
    step = {"title": both("Förstå", "Understand"), "planned_minutes": 3.0, "minutes": 2.5}
    return record(
        charter={
            "id": "vi-skapar-tillsammans", "title": both(SV, EN), "version": "1.0",
            "source_language": "both", "may_publish_translation": may_show,
            "principles": [{"id": s["id"], "n": s["n"], "title": s["title"]} for s in sections],
        },
        principles=sections,
        outcomes=[],
        recommendations=[], agreements=[], undecided=[], disagreements=[], themes=[],
        agreed_themes=[], disputed_themes=[],
        phases=[
            {"id": "arrive", "principle": None, "items": conversation(), **step},
            *({"id": "understand", "principle": s["id"], "items": [], **step} for s in sections),
        ],
        **more,
    )  # fmt: skip


def talked_about(**more: Any) -> dict[str, Any]:
    """What the desk shows of the principle that is talked about: nothing of any step."""
    nothing = ("questions", "shared", "tags", "proposals", "ratings", "put")
    return {
        "id": "p-1", "number": 1, "count": 3, "minutes_left": 17, "step": "understand",
        **dict.fromkeys(nothing), **more,
    }  # fmt: skip


def talked_about_in_each_step() -> list[dict[str, Any]]:
    said = conversation()[:2]
    put = {
        "contribution": said[0], "kind": "wording", "objections": 2, "agreed": False,
        "stances": {"consent": 1, "objection": 2, "stand_aside": 0}, "answered": 3, "here": 5,
    }  # fmt: skip
    tags = [("law", 1, 2, False), ("money", 0, 0, True), ("words", 0, 0, False)]
    return [
        talked_about(questions=said),
        talked_about(questions=[], minutes_left=1),
        talked_about(shared={"people": 0, "here": 5, "missing": ["lived", "practice"]}),
        talked_about(shared={"people": 2, "here": 5, "missing": []}),
        talked_about(
            tags=[{"tag": t, "for": f, "against": a, "skipped": s} for t, f, a, s in tags]
        ),
        talked_about(proposals=[{"kind": "wording", "contribution": c} for c in said]),
        talked_about(ratings={"answered": 3, "here": 5, "hidden": 3}),
        talked_about(ratings={"answered": 5, "here": 5, "hidden": 0}),
        talked_about(put=put, proposals=[{"kind": "change", "contribution": said[1]}]),
        talked_about(put={**put, "contribution": None, "kind": "text", "objections": 0,
                          "agreed": True}),
    ]  # fmt: skip


def of_record(found: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The page of a record."""
    return {
        "record": found or record(),
        "session": session("closed"),
        "may_publish": False,
        "may_follow_up": False,
        "flagged": False,
        "unfolded": False,
        **more,
    }


FORMATS = [
    {
        "id": "jif-90",
        "kind": "forum",
        "title": both("Forum, 90 minuter", "Forum, 90 minutes"),
        "summary": both("På nätet.", "Online."),
        "hybrid": False,
        "phases": [{"id": p[0], "title": both(p[1], p[2]), "minutes": 8.0} for p in PHASES],
    }
]


def listed_format(id_: str, **more: Any) -> dict[str, Any]:
    return {**FORMATS[0], "id": id_, "kind": "forum", "minutes": "90", "steps": 9, **more}


def format_sheet(**more: Any) -> dict[str, Any]:
    """An own format as a form: each kind of step, and lines with and without words filled in."""
    steps = [
        {
            "name": f"step-{p[0]}", "title": both(p[1], p[2]), "minutes": "8",
            "always": p[0] in ("arrive", "close"), "kept": p[0] != "evidence",
            "may_cut": p[0] not in ("reflect", "restate"), "may_break": p[0] != "close",
            "break_minutes": "10", "open": p[0] in more.get("open", ()),
        }
        for p in PHASES
    ]  # fmt: skip
    lines = [
        {"name": "line-half_time", "trigger": "half_time", "placeholders": "{min}"},
        {"name": "line-silence", "trigger": "silence", "placeholders": ""},
    ]
    values = {"title-sv": "Vårt upplägg", "hybrid": "1", "step-evidence-cuttable": "1"}
    return {
        "own_id": "vart-upplagg", "source_id": "vart-upplagg", "origin": "jif-90",
        "steps": steps, "lines": lines, "placeholders": "{facilitator}, {min}, {n}",
        "values": values, "faults": [], "changed": False, **HOST, **more,
    }  # fmt: skip


CARD: dict[str, Any] = {
    "title_sv": "T", "title_en": "T", "text_sv": "", "text_en": "x", "tags": "models",
    "source": "s", "picture_alt_sv": "a", "picture_alt_en": "b",
}  # fmt: skip
CONSENT_TEXT: dict[str, Any] = form_view(shipped_texts()[-1])
NEW_TEXT: dict[str, Any] = {
    **CONSENT_TEXT,
    "version": "2027-01 <b>",
    "news": {"sv": ["Ljud kan skrivas <b>ner</b>."], "en": ["Sound may be <b>written</b> down."]},
    "choices": [
        {**choice, "hint": None} for choice in CONSENT_TEXT["choices"] if choice["id"] != "contact"
    ],
}
CONSENT: dict[str, Any] = {
    "choices": ["take_part", "quote_role"],
    "version": "2026-11",
    "language": "sv",
    "given_at": datetime(2026, 11, 24, 12, 30, tzinfo=UTC),
}


def asked_again(**more: Any) -> dict[str, Any]:
    """A post that is kept while its author reads the new text."""
    return {
        "session": session(),
        "me": SEAT,
        "consent_text": NEW_TEXT,
        "earlier": ["take_part", "follow"],
        "kept": {"text": 'Två "rader" <b>', "kind": "contribution", "client_id": "x"},
        "typed": 'Två "rader" <b>',
        "typed_language": "sv",
        "htmx": True,
        **GUEST,
        **more,
    }


NONE_HERE: dict[str, Any] = {
    "builtin": False,
    "behind": True,
    "troubled": True,
    "directions": {"sv-en": "missing", "en-sv": "broken: x"},
}
FAULTY: dict[str, Any] = {"errors": {"text": "Skriv en text"}, "refused": "Det gick inte"}


MEMORY_ORIGINS = ("correction", "charter", "bot", "format", "catalogue")
EDITOR: dict[str, Any] = {
    "account": {"id": "a_edda", "name": "Edda", "role": "editor", "runs": False},
    "seat": None,
}


def words(sv: str, en: str, title: str = "<b>") -> dict[str, Any]:
    return {"sv": {"title": title, "text": sv}, "en": {"title": title, "text": en}}


def a_principle(n: int, **more: Any) -> dict[str, Any]:
    """A principle as ``charter_view`` and ``with_more`` have it."""
    return {
        "id": f"p-{n}",
        "n": n,
        "title": both("Börja <b>", "Begin <b>"),
        "text": both("Vi är med.\n<script>alert(1)</script>", "We are there."),
        "status": both("draft", "draft"),
        "origin": both("person", "machine"),
        "engine": both("", "x; y"),
        "revision": {"sv": 1, "en": 2},
        "glossary_terms": ["<i>"],
        "shown": words("Vi är med.\n<script>alert(1)</script>", "We are there."),
        "adopted": None,
        "reworked": False,
        "leaving": False,
        "dissent": [],
        "dialogues": [],
        "log": [],
        "fit": None,
        "titles": both("Börja <b>", "Begin <b>"),
        "lowest": "draft",
        "lowest_origin": "machine",
        "rework": None,
        "suggested": None,
        "outcomes": [],
        **more,
    }


SAID_IN = {"session": "s_1", "title": both("Ett <b>", "One <b>"), "held_at": AT}
RUNS = {"sv": [("same", "Vi "), ("removed", "är <b>"), ("added", "var")], "en": [("same", "We")]}
REWORKED = a_principle(
    2,
    reworked=True,
    rework={"title": RUNS, "text": RUNS},
    suggested="reword",
    adopted={"texts": words("a", "b"), "on": "2026-11-01", "body": "Rådet <b>", "version": "1.0"},
    status=both("human_reviewed", "missing"),
    origin={"sv": "person", "en": None},
    dissent=[
        {"group": "lived", "text": both("Nej <b>", "No <b>"), "session": "s_1"},
        {
            "group": None,
            "text": both("Nej <i>", "No <i>"),
            "origin": both("machine", "person"),
            "session": None,
        },
        {"group": None, "text": {"sv": "Nej"}, "session": None},
        {"group": "lived", "text": {}, "session": "s_1", "withdrawn": True},
    ],
    dialogues=[SAID_IN],
    log=[
        {
            "language": "sv",
            "status": "human_reviewed",
            "on": "2026-11-01",
            "by_role": "editor",
            "outcome": None,
            "dialogue": None,
            "note": "<b>",
        }
    ],
    outcomes=[
        {
            "id": "o_1",
            **SAID_IN,
            "decision": "reword",
            "agreed": words("x <b>", "y"),
            "dissent": [{"group": None, "text": both("Nej", "No")}],
            "closed_at": AT,
            "fit": {"label": "split"},
        },
        {
            "id": "o_2",
            **SAID_IN,
            "decision": None,
            "agreed": None,
            "dissent": [],
            "closed_at": None,
            "fit": None,
        },
    ],
)
ADOPTED = a_principle(
    3,
    status=both("adopted", "adopted"),
    leaving=True,
    reworked=True,
    lowest="adopted",
    adopted={"texts": words("a", "b"), "on": "2026-11-01", "body": "Rådet <b>", "version": "1.0"},
)
IN_BOTH = {"languages": ["sv", "en"]}
CHANGES = {
    "since": "0.9",
    "to": None,
    "by_id": {
        "p-1": {"id": "p-1", "n": 1, "change": "changed", "title": RUNS, "text": RUNS, **IN_BOTH},
        "p-3": {"id": "p-3", "n": 3, "change": "added", "title": RUNS, "text": RUNS, **IN_BOTH},
    },
    "removed": [
        {"id": "p-9", "n": None, "change": "removed", "title": RUNS, "text": RUNS, **IN_BOTH}
    ],
    "listed": [
        {"id": "p-1", "n": 1, "change": "changed", "title": RUNS, "text": RUNS, **IN_BOTH},
        {"id": "p-9", "n": None, "change": "removed", "title": RUNS, "text": RUNS, **IN_BOTH},
    ],
}
BAR = {
    "counts": [1, 0, 1, 2, 1],
    "answered": 5,
    "label": "split",
    "parts": [
        {"value": 1, "x": 0, "width": 20.0, "middle": 10.0, "count": 1, "told": True},
        {"value": 4, "x": 20.0, "width": 2.0, "middle": 21.0, "count": 2, "told": False},
    ],
}
FIT = {
    "rows": [
        {
            "id": "p-1",
            "n": 1,
            "title": both("Ett <b>", "One <b>"),
            "dialogues": 1,
            "passed": 1,
            **BAR,
            "groups": [{"group": "lived", **BAR, "label": None}],
        },
        {
            "id": "p-2",
            "n": 2,
            "title": both("Två", "Two"),
            "dialogues": 1,
            "passed": 0,
            **BAR,
            "label": None,
            "groups": [],
        },
    ],
    "axis": 30.0,
    "read": 2,
    "fits": 1,
    "split": [both("Ett <b>", "One <b>")],
    "does_not_fit": [both("Två", "Two")],
}
VERSION = {
    "number": "1.0",
    "on": "2026-11-01",
    "based_on": "0.9",
    "note": both("Nytt <b>", "New"),
    "adopted_by": "Rådet <b>",
}
ROUND = {"number": 3, "opened_on": "2026-11-01", "closes_at": AT, "revisions": {}}
ASKED = {"id": "x", "title": both("Löften", "Promises"), "closes_at": AT, "commented": 2}
REMARK = {
    "id": "m_1",
    "principle": "p-1",
    "round": 3,
    "by": "participant",
    "language": "sv",
    "text": "Bra <b>",
    "translation": {"text": "Good", "status": "machine"},
    "created_at": AT,
    "settled_at": None,
    "name": None,
}


def a_charter(**more: Any) -> dict[str, Any]:
    return {
        "id": "x",
        "kind": "original",
        "title": both("Löften <b>", "Promises <b>"),
        "preamble": both("För alla <b>.", "For all."),
        "audience": both("Alla", "All"),
        "themes": {},
        "source": {
            "organisation": "<b>",
            "country": "SE",
            "year": 2026,
            "licence": "CC BY 4.0",
            "checked": "stored_page",
            "licence_checked": {"on": "2026-11-01", "evidence": "<b>"},
        },
        "source_language": "both",
        "status": "draft",
        "status_by_language": both("draft", "draft"),
        "may_show": True,
        "version": VERSION,
        "versions": [VERSION],
        "demonstration": True,
        "being_reworked": True,
        "round": ROUND,
        "right": None,
        "principles": [a_principle(1), REWORKED, ADOPTED],
        "count": 3,
        **more,
    }


NO_TEXT = a_charter(
    kind="metadata_only",
    principles=[],
    preamble={},
    versions=[],
    version=None,
    count=0,
    being_reworked=False,
    round=None,
    themes=both("makt <b>", "power"),
    source={
        "organisation": "<b>",
        "country": None,
        "year": None,
        "licence": "unknown",
        "extent": both("6 principer", "6 principles"),
        "checked": "general_knowledge",
        "year_checked": "general_knowledge",
        "themes_checked": "general_knowledge",
    },
)


def of_charter(**more: Any) -> dict[str, Any]:
    return {
        "charter": a_charter(),
        "view": "both",
        "languages": ["sv", "en"],
        "changes": CHANGES,
        "fit": FIT,
        "pdf": True,
        "asked": [ASKED],
        "may_edit": True,
        "path": "/charters/x",
        **more,
    }


def done(kind: str) -> dict[str, Any]:
    return {
        "number": 1,
        "kind": kind,
        "at": AT,
        "by": None,
        "role": "editor",
        "language": "sv",
        "to": "human_reviewed",
        "note": "<b>",
        "principle": "p-1",
    }


def of_workbench(**more: Any) -> dict[str, Any]:
    charter = a_charter()
    return {
        "charter": charter,
        "removed": [
            {
                "id": "p-9",
                "title": both("Bort <b>", "Gone"),
                "dialogues": [{**SAID_IN, "decision": "keep"}],
            }
        ],
        "open_comments": {"p-1": 2},
        "drafts": ["p-1", "p-9"],
        "flags": {"p-1": AT},
        "round_open": True,
        "round_days": 14,
        "adoption": {"p-1": "untested", "p-2": None},
        "comments": [{**REMARK, "principle": None}],
        "log": [done("text_changed")],
        "next_version": "1.1",
        "next_adopted": "2.0",
        "today": "2026-11-24",
        "client_id": "c1",
        "caller": EDITOR,
        **more,
    }


def a_side(code: str, **more: Any) -> dict[str, Any]:
    typed = {
        "title": "<b>",
        "text": "<script>alert(1)</script>",
        "base": 1,
        "machine": "m",
        "engine": "e",
    }
    return {
        "code": code,
        "present": {"title": "a", "text": "b"},
        "status": "draft",
        "origin": "machine",
        "engine": "e",
        "revision": 1,
        "typed": typed,
        "draft_at": AT,
        "moved_on": True,
        "changed": {"title": RUNS["sv"], "text": RUNS["sv"]},
        "terms": [
            {
                "id": "t",
                "written": "<i>",
                "expected": "x",
                "several": [],
                "there": False,
                "avoid": ["y <b>"],
                "note": "",
            },
            {
                "id": "u",
                "written": "u",
                "expected": "x",
                "several": ["a", "b"],
                "there": True,
                "avoid": [],
                "note": "",
            },
        ],
        "marked": [("Vi <b>", False), ("makt", True)],
        "memory": [
            {"part": "text", "text": "<b>", "source_text": "x", "percent": 87, "origin": "charter"}
        ],
        "suggested": {
            "title": "<b>",
            "text": "x",
            "failed": None,
            "from_memory": False,
            "engine": "e",
            "doubts": ["number_missing"],
            "hints": [{"written": "<b>", "senses": ("a", "b")}],
        },
        "move": {"to": "human_reviewed", "why_not": None},
        **more,
    }


def of_principle(**more: Any) -> dict[str, Any]:
    return {
        "charter": a_charter(),
        "p": REWORKED,
        "sides": [
            a_side("sv"),
            a_side(
                "en",
                move={"to": "tested_in_dialogue", "why_not": "untested"},
                suggested=None,
                draft_at=None,
            ),
        ],
        "before": "p-1",
        "after": "p-3",
        "comments": [REMARK],
        "log": [done("adopted")],
        "adopting": "round_missing",
        "client_id": "c1",
        "told": "kept",
        "used": "sv",
        "substance": True,
        "caller": EDITOR,
        **more,
    }


def a_conflict() -> list[dict[str, Any]]:
    return [
        {
            "code": code,
            "mine": a_side(code)["typed"],
            "revision": 4,
            "new": True,
            "theirs": {"title": "a <b>", "text": "b"},
            "differ": code == "sv",
            "they_changed": {"title": RUNS["sv"], "text": RUNS["sv"]},
            "i_changed": {"title": RUNS["sv"], "text": RUNS["sv"]},
            "saved": done("text_changed"),
        }
        for code in ("sv", "en")
    ]


def charter_pages() -> list[tuple[str, str, dict[str, Any]]]:
    top = {"to": "adopted", "why_not": "together"}
    tested = {"to": "tested_in_dialogue", "why_not": None}
    plain = {"suggested": {"failed": "no_package"}, "terms": [], "memory": [], "changed": None}
    comments = {None: [{**REMARK, "principle": None}], "p-1": [REMARK]}
    asked = {
        "charter": a_charter(),
        "languages": ["sv", "en"],
        "changes": CHANGES,
        "round_open": True,
        "took_part": True,
        "comments": comments,
        "client_id": "c",
    }
    return [
        (
            "charters",
            "charters/list.html",
            {
                "ours": [a_charter()],
                "imported": [a_charter(kind="import", may_show=False)],
                "foreign": [NO_TEXT],
                "may_edit": True,
                "path": "/charters",
            },
        ),
        (
            "no charters",
            "charters/list.html",
            {"ours": [], "imported": [], "foreign": [], "may_edit": False},
        ),
        ("charter", "charters/charter.html", of_charter()),
        (
            "charter in Swedish",
            "charters/charter.html",
            of_charter(view="sv", languages=["sv"], pdf=False, may_edit=False, asked=[]),
        ),
        (
            "charter without text",
            "charters/charter.html",
            of_charter(charter=NO_TEXT, changes=None, fit=None),
        ),
        (
            "charter of others",
            "charters/charter.html",
            of_charter(charter=a_charter(may_show=False), changes=None, fit=None),
        ),
        (
            "version",
            "charters/version.html",
            of_charter(version=VERSION, newer="1.1", dialogues=[SAID_IN]),
        ),
        (
            "fit",
            "charters/fit.html",
            {"charter": a_charter(), "fit": FIT, "sessions": [SAID_IN], "chosen": "s_1"},
        ),
        (
            "fit of all",
            "charters/fit.html",
            {
                "charter": a_charter(),
                "fit": {**FIT, "fits": 2, "split": [], "does_not_fit": []},
                "sessions": [SAID_IN],
                "chosen": None,
            },
        ),
        (
            "no fit",
            "charters/fit.html",
            {"charter": a_charter(), "fit": None, "sessions": [], "chosen": None},
        ),
        (
            "few have rated",
            "charters/fit.html",
            {
                "charter": a_charter(),
                "fit": {**FIT, "read": 0, "fits": 0, "split": [], "does_not_fit": []},
                "sessions": [],
                "chosen": None,
            },
        ),
        ("workbench", "charters/edit.html", of_workbench()),
        (
            "workbench with faults",
            "charters/edit.html",
            of_workbench(
                errors={"adopt_note_sv": "Skriv", "on": "Skriv", "adopt": "Välj"},
                values={"act": "adopt", "body": "<b>", "on": "x", "adopt-p-2": "1"},
                refused=None,
            ),
        ),
        ("workbench without text", "charters/edit.html", of_workbench(charter=NO_TEXT, removed=[])),
        ("principle", "charters/principle.html", of_principle()),
        (
            "principle tested",
            "charters/principle.html",
            of_principle(
                told=None,
                sides=[a_side("sv", move=top, **plain), a_side("en", move=tested, **plain)],
            ),
        ),
        (
            "principle with faults",
            "charters/principle.html",
            of_principle(
                sides=[a_side("sv", draft_at=None), a_side("en", draft_at=None)],
                errors={"title_sv": "Skriv", "note_en": "Skriv", "reads_both_en": "Kryssa"},
                values={"to": "human_reviewed", "language": "en", "note": "<b>"},
            ),
        ),
        (
            "two editors",
            "charters/conflict.html",
            {
                "charter": a_charter(),
                "p": REWORKED,
                "sides": a_conflict(),
                "substance": False,
                "errors": {"choice_sv": "Välj"},
                "caller": EDITOR,
            },
        ),
        (
            "principle taken out",
            "charters/gone.html",
            {
                "charter": a_charter(),
                "p": {"id": "p-9", "title": both("Bort <b>", "Gone")},
                "written": [{"code": "sv", "title": "Ett <b>", "text": "</textarea><b>"}],
                "caller": EDITOR,
            },
        ),
        (
            "import",
            "charters/import.html",
            {
                "entries": [{"id": "y", "title": {"en": "Y <b>"}}],
                "limit": 3,
                "found": [
                    {"file": "<b>.yaml", "line": 3, "field": "/title", "sentence": "Skriv"},
                    {"file": "x", "line": None, "field": "", "sentence": "Skriv"},
                ],
                "errors": {"right": "Skriv"},
                "values": {"pasted": "<b>", "into": "y"},
            },
        ),
        (
            "comments",
            "charters/comment.html",
            {**asked, "errors": {"text": "Skriv"}, "values": {"principle": "p-1", "text": "<b>"}},
        ),
        (
            "comments for an editor",
            "charters/comment.html",
            {**asked, "took_part": False, "round_open": False, "caller": EDITOR},
        ),
        (
            "comments, no round",
            "charters/comment.html",
            {**asked, "charter": a_charter(round=None), "round_open": False, "changes": None},
        ),
        ("asked to comment", "charters/_notice.html", {"asked": [ASKED]}),
        (
            "on paper",
            "charters/pdf.html",
            {
                "charter": a_charter(),
                "languages": ["sv", "en"],
                "titles": both("Löften", "Promises"),
            },
        ),
    ]


RESEARCHED: dict[str, Any] = {
    "id": "s_1", "title": both("Hemgång <b>", "Going home"), "state": "closed", "held_at": AT,
    "demonstration": False, "purged_at": None,
}  # fmt: skip


def kept_for(decision: str = "") -> dict[str, dict[str, Any]]:
    return {
        kind: {
            "kind": kind, "days": 730, "decision": decision, "deletes": bool(decision),
            "default_days": 730,
        }
        for kind in ("posts", "keys", "invitations", "invitees", "owners", "mails", "sign_ins")
    }  # fmt: skip


def purge(number: int, kind: str = "posts", **more: Any) -> dict[str, Any]:
    return {
        "id": f"x_{number}", "kind": kind, "session": "s_1", "title": both("Hemgång", "Going home"),
        "week": None, "state": "announced", "decision": "Beslut <b> 2026:1", "announced_at": AT,
        "due_at": AT, "held_at": None, "held_reason": "", "done_at": None, "count": 17, **more,
    }  # fmt: skip


def retention(**more: Any) -> dict[str, Any]:
    week = {"session": None, "title": None, "week": "2026-11-23"}
    return {
        "rules": [*kept_for("Beslut").values()],
        "notice_days": 14,
        "coming": [
            purge(1), purge(2, state="held", held_at=AT, held_reason="<script>alert(1)</script>"),
            purge(3, "mails", count=1, **week),
        ],
        "done": [purge(4, done_at=AT, state="done"), purge(5, "sign_ins", done_at=AT, **week)],
        **more,
    }  # fmt: skip


def an_account(id_: str = "a_malin", **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "email": "malin@exempel.se",
        "name": "Malin <b>",
        "role": "facilitator",
        "language": "sv",
        "password_hash": None,
        "disabled_at": None,
        **more,
    }


def a_sign_in(id_: str, this: bool = False, **more: Any) -> dict[str, Any]:
    row = {
        "id": id_,
        "kind": "browser",
        "device": "Firefox, Android",
        "created_at": AT,
        "seen_at": AT,
        **more,
    }
    return {"row": row, "this": this}


def account_pages() -> list[tuple[str, str, dict[str, Any]]]:
    """One's own account, and the accounts as an admin sees them."""
    roles = ("admin", "facilitator", "editor", "researcher")
    here = a_sign_in("i_1", this=True)
    own: dict[str, Any] = {"account": an_account(), "sign_ins": [here], "done": "", **HOST}
    several = [here, a_sign_in("i_2", kind="token", device=""), a_sign_in("i_3", seen_at=None)]
    admin = an_account("a_admin", role="admin", password_hash="x")
    listed: dict[str, Any] = {
        "accounts": [
            {"row": admin, "seen_at": AT},
            {"row": an_account(disabled_at=AT), "seen_at": None},
        ],
        "roles": roles,
        "as_files": False,
        "done": "",
        **HOST,
    }
    one: dict[str, Any] = {
        "account": an_account(),
        "own": False,
        "roles": roles,
        "as_files": True,
        "done": "",
        **HOST,
    }
    return [
        ("account", "people/account.html", own),
        (
            "account of an admin",
            "people/account.html",
            {**own, "account": admin, "sign_ins": several, "done": "saved"},
        ),
        *(
            (f"account {done}", "people/account.html", {**own, "done": done})
            for done in ("password", "ended", "ended_others")
        ),
        (
            "account with faults",
            "people/account.html",
            {
                **own,
                "account": admin,
                "refused": "För fort",
                "values": {"name": " ", "language": "en"},
                "errors": {
                    "name": "Skriv",
                    "language": "Välj",
                    "current": "Fel",
                    "password": "Kort",
                },
            },
        ),
        ("accounts", "people/accounts.html", listed),
        (
            "accounts as files",
            "people/accounts.html",
            {**listed, "as_files": True, "done": "invited"},
        ),
        (
            "accounts with faults",
            "people/accounts.html",
            {
                **listed,
                "refused": "Finns",
                "values": {"email": "x<b>", "name": "y", "role": "editor", "language": "en"},
                "errors": {"email": "Skriv", "role": "Välj", "language": "Välj", "name": "Skriv"},
            },
        ),
        ("one account", "people/accounts_one.html", one),
        ("own account among all", "people/accounts_one.html", {**one, "own": True}),
        (
            "closed account",
            "people/accounts_one.html",
            {**one, "account": an_account(disabled_at=AT), "refused": "Stängt"},
        ),
        (
            "one account with a fault",
            "people/accounts_one.html",
            {**one, "as_files": False, "errors": {"role": "Välj"}},
        ),
        *(
            (f"one account {done}", "people/accounts_one.html", {**one, "done": done})
            for done in ("saved", "sent", "disabled", "enabled")
        ),
    ]


MEETING = {
    "title_sv": "Träff <b>", "title_en": "Meeting <b>", "url": "/replies/r_1",
    "starts": "2027-03-04T12:00:00Z", "ends": "2027-03-04T13:30:00Z", "place": "Rum 3 <b>",
}  # fmt: skip
MAIL_FACTS: dict[str, dict[str, str]] = {
    "sign_in": {"url": "http://x.se/?a=1&b=2", "minutes": "60"},
    "account_invitation": {"url": "http://x.se/1", "role": "editor", "inviter": "Malin <b>"},
    "session_invitation": {
        "title": "Hemgång <b>",
        "url": "http://x.se/1",
        "starts": "den 2 december klockan 14",
        "inviter": "Malin",
    },
    "comment_round": {"title": "Principer <b>", "url": "http://x.se/1", "day": "2026-12-08"},
    "follow_up": {"title": "Hemgång <b>", "url": "http://x.se/1", "day": "2026-12-08"},
    "words_withdrawn": {"title": "Hemgång <b>", "url": "http://x.se/1"},
    "accessibility_report": {"text": "Knappen <b>\nsyns inte.", "email": "maja@exempel.se"},
    "meeting_invitation": {
        **MEETING, "topic_sv": "ronden <b>", "topic_en": "the round <b>",
        "why_you": "du har <b> varit med", "reply_by": "2027-02-18", "late": "yes",
        "unsubscribe": "/replies/r_1/no-more",
    },
    "meeting_reminder": {
        **MEETING, "when": "week", "reply_by": "2027-02-18", "join": "/sessions/s_1",
    },
    "meeting_reply": {
        **MEETING, "reply": "room", "reply_by": "2027-02-18", "join": "/sessions/s_1",
        "deputy": "/replies/r_2",
    },
    "meeting_moved": {**MEETING, "reason": "salen <b> är stängd", "was": "2027-02-04T12:00:00Z"},
    "meeting_changed": {**MEETING, "changed": "place link", "join": "/sessions/s_1"},
    "meeting_cancelled": {**MEETING, "reason": "för få <b> kan komma"},
    "meeting_confirmed": {**MEETING, "join": "/sessions/s_1"},
    "place_offered": {**MEETING, "until": "2027-02-27T12:00:00Z"},
    "meeting_thanks": {**MEETING, "feedback": "/replies/r_1#feedback"},
    "meeting_follow_up": {**MEETING, "n": "3"},
    "owner_asked": {"title": "Hemgång <b>", "url": "/owners/o_1", "day": "2027-02-18"},
    "recommendation_news": {
        "title": "Hemgång <b>", "url": "/recommendations", "n": "2",
        "unsubscribe": "/news/nw_1/no-more",
    },
    "record_ready": {"title": "Hemgång <b>", "url": "/sessions/s_1/record", "late": "yes"},
    "summary_to_confirm": {"title": "Hemgång <b>", "url": "/summaries/y_1", "day": "2026-12-08"},
    "summary_published": {"title": "Hemgång <b>", "url": "/summaries/y_1", "came": "yes"},
}  # fmt: skip
# What else may be said in some of them.
MORE_MAILS: list[tuple[str, str, dict[str, str]]] = [
    *(
        ("meeting_reminder", when, {"when": when, "join": "/sessions/s_1", "sent_at": sent_at})
        for when in ("quiet", "day", "link")
        for sent_at in ("2027-03-04T07:00:00Z", "2027-03-03T12:00:00Z", "2027-02-01T12:00:00Z")
    ),
    ("meeting_reminder", "week late", {"sent_at": "2027-03-03T12:00:00Z"}),
    *(
        ("meeting_reply", reply, {"reply": reply})
        for reply in ("online", "maybe", "waiting", "deputy", "no")
    ),
    *(
        (kind, f"own link {when}", {"own_link": "yes", "join": "", "when": when})
        for kind, when in (
            ("meeting_reminder", "day"),
            ("meeting_reminder", "link"),
            ("meeting_reply", ""),
            ("meeting_confirmed", ""),
        )
    ),
    ("meeting_cancelled", "postponed", {"postponed": "yes"}),
    ("meeting_changed", "own link", {"own_link": "yes", "join": "", "changed": "host"}),
    ("meeting_invitation", "why", {"topic_sv": "", "topic_en": ""}),
    ("meeting_invitation", "topic", {"why_you": ""}),
    ("meeting_thanks", "soon", {"url": "", "soon": "yes"}),
    ("meeting_thanks", "without a session", {"url": ""}),
    ("summary_published", "to who was not there", {"came": ""}),
    ("meeting_invitation", "short", {"topic_sv": "", "topic_en": "", "why_you": ""}),
]


def mail_facts(kind: str, **more: str) -> dict[str, str]:
    """What the templates of a mail are filled with in Swedish."""
    sent_at = {"sent_at": "2027-02-25T12:00:00Z", "base": "http://x.se"}
    return {**sent_at, **facts_in(kind, {**MAIL_FACTS[kind], **more}, "sv")}


def mails() -> list[tuple[str, str, dict[str, Any]]]:
    """Every mail as HTML, and the whole around it."""
    return [
        *((f"mail {kind}", f"mail/{kind}.html", mail_facts(kind)) for kind in MAIL_FACTS),
        *(
            (f"mail {kind} {case} {number}", f"mail/{kind}.html", mail_facts(kind, **more))
            for number, (kind, case, more) in enumerate(MORE_MAILS)
        ),
        (
            "mail whole",
            "mail/whole.html",
            {
                "subject": "A <b>",
                "parts": [
                    {"language": "sv", "html": Markup("<h1>Hej</h1>")},
                    {"language": "en", "html": Markup("<p>Hello</p>")},
                ],
            },
        ),
    ]


def timed(number: int, kind: str = "remind_week", **more: Any) -> dict[str, Any]:
    return {
        "id": f"k_{number}", "kind": kind, "about": "w_1", "path": "/workshops/w_1", "round": 0,
        "title": both("Träff <b>", "Meeting <b>"), "state": "waiting", "due_at": AT,
        "until_at": None, "ran_at": None,
        "attempts": 0, "fault": None, "count": 0, "late": False, "can_run": False, **more,
    }  # fmt: skip


def schedule_pages() -> list[tuple[str, str, dict[str, Any]]]:
    """Timed tasks of every kind and state."""
    told = {"waiting": 3, "in_trouble": 1, "failed": 2, "missed": 1}
    state = {"looked_at": AT, "tasks": told, "mails": told}
    coming = [timed(n, kind, can_run=True) for n, kind in enumerate(TASKS)]
    tried = {"attempts": 2, "fault": "broke", "late": True, "can_run": True}
    coming.append(timed(100, title={}, path=None, **tried))
    over = [
        timed(200 + n, state="dropped", fault=fault, path=None) for n, fault in enumerate(FAULTS)
    ]
    failed = timed(301, state="failed", fault="broke", attempts=6, can_run=True, ran_at=AT)
    done = timed(302, state="done", count=3, ran_at=AT)
    missed = timed(303, state="missed", fault="too_late", ran_at=AT)
    parts = {
        "coming": {"items": coming, "next": "k_1"},
        "failed": {"items": [failed], "next": None},
        "missed": {"items": [missed], "next": None},
        "ran": {"items": [done], "next": "k_2"},
        "dropped": {"items": over, "next": None},
    }
    nothing = {name: {"items": [], "next": None} for name in parts}
    quiet = {
        "looked_at": None, "tasks": dict.fromkeys(told, 0), "mails": dict.fromkeys(told, 0),
    }  # fmt: skip
    base = {"schedule": state, "parts": parts, "chosen": "", "ran": None, **HOST}
    return [
        ("schedule", "front/schedule.html", base),
        ("schedule empty", "front/schedule.html", {**base, "schedule": quiet, "parts": nothing}),
        ("schedule of one part", "front/schedule.html",
         {**base, "parts": {"ran": parts["ran"]}, "chosen": "ran"}),
        ("schedule of an empty part", "front/schedule.html",
         {**base, "parts": {"ran": nothing["ran"]}, "chosen": "ran"}),
        ("schedule refused", "front/schedule.html", {**base, "refused": "Den är klar"}),
        *(
            (f"schedule after {state}", "front/schedule.html",
             {**base, "ran": timed(1, state=state, **more)})
            for state, more in (
                ("done", {"count": 2}), ("dropped", {"fault": "nobody"}),
                ("waiting", {"fault": "broke"}), ("waiting", {}),
            )
        ),
    ]  # fmt: skip


HIDDEN = [
    said(
        80, hidden=True, hidden_code="third_person", hidden_reason="Namnger <b>", hidden_answer=""
    ),
    said(81, hidden=True, hidden_code="other", hidden_reason="Ord <b>", hidden_answer="Nej <i>"),
    said(82, hidden=True, hidden_code=None, hidden_reason="Förr", hidden_answer=""),
]
HELD = [
    said(83, seq=None, held=True, held_why="health", author="p_ngozi", translations={}),
    said(84, "recommendation", seq=None, held=True, held_why="privacy", fields=PROPOSAL),
]
COUNTED = [
    {"act": "hidden", "kind": "contribution", "reason": "danger", "count": 2},
    {"act": "held", "kind": "question", "reason": "privacy", "count": 1},
    {"act": "removed_from_room", "kind": "participant", "reason": "recalled", "count": 1},
]


def moderation_pages() -> list[tuple[str, str, dict[str, Any]]]:
    """What is hidden, what waits, who was sent out, and the audit log."""
    admin = {"caller": {"account": {**ACCOUNT, "role": "admin"}, "seat": None}}
    found = {
        "slow_seconds": 30, "holds_risky": True, "held": HELD, "hidden": HIDDEN,
        "removed": [{"id": "p_x", "name": "X <b>", "reason": reason, "at": AT}
                    for reason in ("threat", "recalled", None)],
        "counts": COUNTED,
    }  # fmt: skip
    nothing: dict[str, Any] = {
        "slow_seconds": 0, "holds_risky": False, "held": [], "hidden": [], "removed": [],
        "counts": [],
    }  # fmt: skip
    of_one: dict[str, Any] = {
        "session": session(), "slow_choices": (0, 15, 30), "help_text": {}, "path": "/",
    }  # fmt: skip
    log = {
        "entries": [
            {"number": n, "at": AT, "actor": actor, "act": act, "subject": subject,
             "session": "s_1" if n > 1 else None, "facts": facts, "seal": "ab" * 32}
            for n, (actor, act, subject, facts) in enumerate((
                ("a_malin", "hidden", "c_1", {"reason": "danger"}),
                ("system", "purged", None, {"count": 3}),
                ("command", "exported", "<script>alert(1)</script>", {}),
            ), 1)
        ],
        "following": 1, "names": {"a_malin": "Malin <b>"}, "acts": ["hidden", "purged"],
        "check": {"whole": True, "count": 3, "broken_at": None, "seal": "cd" * 32},
        "chosen": {"act": "hidden", "id": "<b>", "after": None}, "path": "/audit",
    }  # fmt: skip
    rows = [{"id": "s_1", "title": both("Ett", "One"), "at": AT, **each} for each in COUNTED]
    sent_out: dict[str, Any] = {"session": session(), "facilitator": "Malin <b>", "path": "/"}
    return [
        ("moderation", "gatherings/moderation.html", {**of_one, "moderation": found, **HOST}),
        ("moderation of nothing", "gatherings/moderation.html",
         {**of_one, "moderation": nothing, **admin, "help_text": {"sv": "Ring <b>"}}),
        ("moderation with faults", "gatherings/moderation.html",
         {**of_one, "moderation": nothing, **HOST, "errors": {"slow_seconds": "Välj"},
          "values": {"slow_seconds": "7"}}),
        ("moderation counted", "gatherings/moderation_counts.html",
         {"rows": rows, "help_text": {}, "path": "/moderation", **admin}),
        ("moderation never", "gatherings/moderation_counts.html",
         {"rows": [], "help_text": {}, "path": "/moderation", **HOST}),
        ("sending out", "gatherings/remove.html",
         {"session": session(), "person": {"id": "p_x", "name": "X <b>"}, "path": "/",
          "reasons": ("threat", "other"), "errors": {"reason": "Välj"}, **HOST}),
        *((f"sent out {reason}", "gatherings/sent_out.html",
           {**sent_out, "reason": reason, **GUEST}) for reason in ("threat", "recalled", None)),
        ("help text", "people/help_text.html",
         {"help_text": {"en": "Call <b>"}, "saved": True, "path": "/help-text", **admin}),
        ("help text with faults", "people/help_text.html",
         {"help_text": {}, "values": {"text_sv": "<b>"}, "errors": {"text_sv": "För lång"},
          "path": "/help-text", **admin}),
        ("audit log", "people/audit.html", {**log, **admin}),
        ("audit log broken", "people/audit.html",
         {**log, "entries": [], "following": None,
          "check": {"whole": False, "count": 0, "broken_at": 1, "seal": "0" * 64},
          "chosen": {"act": "", "id": "", "after": None}, **admin}),
        ("desk with posts that wait", "gatherings/desk.html",
         desk(to_moderate={"held": HELD, "answered": HIDDEN[1:2]}, help_text={"en": "Call <b>"})),
        ("room with own hidden posts", "gatherings/room.html",
         room(own_hidden=HIDDEN, private=[*private(), *HELD, {**HIDDEN[0], "seq": None}])),
        ("own hidden posts pushed", "gatherings/_changes.html",
         {"session": {"id": "s_1"}, "contributions": [], "own_hidden": HIDDEN}),
        ("hidden post of its author", "gatherings/contribution.html",
         one(4) | {"contribution": HIDDEN[1]}),
        ("hiding with faults", "gatherings/_actions.html",
         one(errors={"note": "Skriv"}, values={"act": "hide", "reason": "other", "note": "<b>"})),
    ]  # fmt: skip


GUARDED: dict[str, Any] = {
    "guarded": True, "access": "invited", "join_url": None,
    "support": {"name": "Karin <b>", "contact": "070-123 45 67 <script>alert(1)</script>"},
}  # fmt: skip
INVITED: list[dict[str, Any]] = [
    {
        "id": f"j_{state}", "state": state, "label": label, "email": email, "language": "sv",
        "child": state == "waiting", "made_at": AT, "used_at": AT if state == "used" else None,
        "participant": {"id": "p_x", "name": "Ngozi <b>"} if state == "used" else None,
        "declined_at": None, "recalled_at": None,
    }
    for state, label, email in (
        ("waiting", "Moa <script>alert(1)</script>", "moa@example.org"),
        ("used", "", "tom@example.org"), ("declined", "", ""), ("recalled", "", ""),
    )
]  # fmt: skip


def of_invitations(state: str = "planned", **more: Any) -> dict[str, Any]:
    """Who is invited to a guarded session."""
    return {
        "path": "/sessions/s_1/invitations", "session": session(state, **GUARDED), "limit": 6,
        "invitations": INVITED, "seats": 2, "by_case": True, **HOST, **more,
    }  # fmt: skip


def invitation_pages() -> list[tuple[str, str, dict[str, Any]]]:
    """Invitations, guarded sessions and breaks."""
    due = {"by": AT, "done_at": None}
    made = [{"url": f"http://hub.test/invitation/iv_{n}", "mailed": n == 1} for n in range(3)]
    invited: dict[str, Any] = {
        "path": "/invitation/iv_1", "session": session("planned", starts_at=AT), "secret": "iv_1",
        "state": "waiting", "inviter": "Malin <b>", "child": True,
    }  # fmt: skip
    page, plain = "gatherings/invitations.html", {"session": session("planned"), "limit": None}
    faults = dict.fromkeys(
        ("label", "email", "language", "count", "child", "guardians_said_yes", "no_say_in_care",
         "access", "support_name", "support_contact"), "Fel",
    )  # fmt: skip
    return [
        ("invitations", page, of_invitations()),
        ("invitations made", page, of_invitations(made=made)),
        ("invitations of an open session", page, of_invitations(by_case=False, **plain)),
        ("invitations of nobody", page, of_invitations(invitations=[], by_case=False, **plain)),
        (
            "invitations with faults",
            page,
            of_invitations(errors=faults, values={"act": "invite", "label": "<b>", "child": "1"}),
        ),
        (
            "entry with faults",
            page,
            of_invitations(
                errors=faults, values={"act": "entry", "support_name": "<b>"}, by_case=False
            ),
        ),
        (
            "invitations after the end",
            page,
            of_invitations(session=session("closed", **GUARDED, follow_up=due)),
        ),
        ("invited", "people/invitation.html", invited),
        *(
            (f"invited, {state}", "people/invitation.html", {**invited, "state": state})
            for state in ("used", "over")
        ),
        (
            "invited, declined",
            "people/invitation.html",
            {"path": "/invitation/iv_1/decline", "session": None, "state": "declined"},
        ),
        (
            "on a break",
            "gatherings/break.html",
            {"path": "/sessions/s_1", "session": session(**GUARDED), **GUEST},
        ),
        ("guarded room", "gatherings/room.html", room(session=session(**GUARDED))),
        (
            "guarded room left alone",
            "gatherings/room.html",
            room(
                session=session("paused", **GUARDED),
                stage=stage(4, "paused", paused_why="no_facilitator"),
            ),
        ),
        (
            "guarded room of a reader",
            "gatherings/room.html",
            room(session=session(**GUARDED), **{**HOST, "me": None}),
        ),
        ("guarded desk", "gatherings/desk.html", desk(session=session(**GUARDED))),
        (
            "guarded desk after the end",
            "gatherings/desk.html",
            desk(4, "closed", session=session("closed", **GUARDED, follow_up=due)),
        ),
        (
            "guarded plan",
            "gatherings/plan.html",
            desk(
                None,
                "planned",
                invited={},
                session=session("planned", **{**GUARDED, "support": None}),
            ),
        ),
        (
            "guarded screen",
            "gatherings/screen.html",
            room(session=session(**GUARDED), qr="", said=[], **HOST),
        ),
        (
            "list to follow up",
            "gatherings/list.html",
            {
                "path": "/sessions",
                **HOST,
                "translator": session()["translator"],
                "sessions": [
                    session("closed", **GUARDED, follow_up={"by": AT, "done_at": done})
                    | {"id": f"s_{n}"}
                    for n, done in enumerate((None, AT))
                ],
            },
        ),
    ]


def my_data(**more: Any) -> dict[str, Any]:
    """Everything on one who took part, as ``my_data.read_seats`` has it."""
    post = {
        "id": "c_1", "kind": "contribution", "phase": "interpret", "principle": None,
        "language": "sv", "text": SV, "fields": {"owner": "<b>"}, "reply_to": None, "seq": 1,
        "shared": True, "created_at": AT, "corrected_at": None, "taken_back_at": None,
        "hidden": None, "held": None, "pinned_at": None, "screen_at": None,
        "written_down_by": None,
        "translations": {"en": {"text": EN, "fields": {}, "status": "machine"}},
    }  # fmt: skip
    hidden = {"at": AT, "code": "other", "reason": "<i>", "answer": "<b>", "answer_at": AT}
    stance = {"value": "objection", "reason": "Nej <b>"}
    return {
        "me": {
            **SEAT, "joined_at": AT, "left_at": AT, "removed_at": AT, "email": "<b>@example.org",
            "pseudonym": "PABCDEFGH",
        },
        "consents": [{
            "given_at": AT, "version": "2026-11", "language": "sv", "how": "form",
            "choices": {}, "yes_to": ["take_part", "follow"], "understood_after": 1,
        }],
        "posts": [
            post,
            {**post, "id": "c_2", "hidden": hidden, "kind": "stance", "fields": stance},
            {**post, "id": "c_3", "shared": False, "seq": None, "kind": "rating",
             "fields": {"value": "pass"}, "text": "", "translations": {}},
            {**post, "id": "c_4", "kind": "restatement_check", "fields": {"answer": "yes"},
             "held": {"at": AT, "why": "danger"}},
            {**post, "id": "c_5", "taken_back_at": AT, "text": ""},
        ],
        "to_me": [{**post, "id": "c_6", "kind": "bot"}],
        "answers": [
            {"item": "b1", "version": 1, "value": 4, "text": "", "question": both("A <b>", "B")},
            {"item": "b2", "version": 1, "value": None, "text": "", "question": {}},
            {"item": "b3", "version": 1, "value": None, "text": "<b>", "question": both("C", "D")},
        ],
        "points": [{"summary": "u_1", "statement": both("A <b>", "B"), "answer": "contest",
                    "text": "<b>", "language": "sv", "at": AT, "settled": "<b>", "settled_at": AT}],
        "owner_of": None,
        "meetings": None,
        "comments": [{"id": "m_1", "charter": "x", "principle": None, "language": "sv",
                      "text": "<b>", "translation": None, "created_at": AT}],
        "corrections": [{"contribution": "c_9", "language": "en", "text": "<b>", "at": AT}],
        "disputes": [{"contribution": "c_9", "language": "en", "word": "<b>", "reason": "x"}],
        "terms": [{"sv": "<b>", "en": "<i>", "at": AT}],
        "presences": [{"from": AT, "until": AT}],
        "hands": [],
        "invitations": [{"made_at": AT, "used_at": AT, "recalled_at": None, "child": False}],
        "acts": [{"kind": "hidden", "at": AT, "target": "c_2"}],
        "mails": [{"kind": "session_invitation", "language": "sv", "made_at": AT, "sent_at": None,
                   "failed_at": None}],
        "audit": [{"number": 1, "at": AT, "act": "joined", "actor": "p_1", "subject": "p_1"}],
        **more,
    }  # fmt: skip


def my_pages() -> list[tuple[str, str, dict[str, Any]]]:
    mine = {"session": session(), "me": SEAT, "made_at": AT, **GUEST}
    label = both("Vara <b>", "Take <b>")
    texts = {"2026-11": {"choices": [{"id": "take_part", "label": label}]}}
    lists = ("consents", "posts", "to_me", "answers", "points", "comments", "corrections",
             "disputes", "terms", "presences", "invitations", "acts", "mails", "audit")  # fmt: skip
    nothing: dict[str, Any] = {name: [] for name in lists}
    left = {"role": None, "bilingual": False, "email": "", "pseudonym": None}
    return [
        ("my data", "people/my_data.html",
         {**mine, "here": True, "data": my_data(), "texts": texts}),
        ("my data after leaving", "people/my_data.html",
         {**mine, "here": False, "texts": {}, "session": {**session("closed"), "published_at": AT},
          "data": my_data(**nothing, me={**my_data()["me"], **left}), "refused": "Nej <b>"}),
        ("my data without answers", "people/my_data.html",
         {**mine, "here": True, "texts": texts, "data": my_data(answers=None)}),
        ("withdraw", "people/withdraw.html", {**mine, "here": True}),
        ("withdraw without a choice", "people/withdraw.html",
         {**mine, "here": False, "errors": {"words": "Välj <b>"}}),
        ("withdrawn", "people/withdrawn.html", {"kept": False, **GUEST}),
        ("withdrawn with words kept", "people/withdrawn.html", {"kept": True, **GUEST}),
        ("record with words taken back", "gatherings/record.html",
         of_record(session={**session("closed"), "record_changed_at": AT, "record_edition": 2},
                   flagged=True, may_publish=True)),
    ]  # fmt: skip


AUDIENCES = ("leaders", "educators", "professions", "citizens", "funders")
BEHIND = [{"href": "/sessions/s_1/record#said-c_1"}, {"href": "/sessions/s_1/record#figures"}]


def a_statement(n: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"m_{n}",
        "texts": both(f"Mening {n} <script>alert(1)</script>.", f"Sentence {n} <b>."),
        "statuses": {"sv": "human_reviewed", "en": "draft"},
        "sources": BEHIND,
        "quoted": False,
        "role": None,
        "written_in": None,
        **more,
    }


def a_summary(*blocks: str, **more: Any) -> dict[str, Any]:
    """Each block with one statement, then two; one of them in Swedish alone."""
    named = blocks or (
        "why", "saw", "did", "agreed", "disagreed", "recommendations", "voice",
        "can_do", "questions", "last_time", "limits", "cost", "measures", "publications",
    )  # fmt: skip
    alone = {"texts": {"sv": "Bara på svenska.", "en": ""}}
    return {
        "id": "u_1",
        "title": both("Hemgång <b>", "Going home"),
        "language": "sv",
        "audience": "citizens",
        "state": "published",
        "tags": ["mechanisms", "models"],
        "edition": 2,
        "published_at": AT,
        "updated_at": AT,
        "changed_at": AT,
        "demonstration": True,
        "case_id": "esther",
        "case": {"id": "esther", "name": both("Esther", "Esther")},
        "session": {"id": "s_1", "title": both("Hemgång", "Going home"), "published_at": AT},
        "editions": [
            {"number": 1, "published_at": AT, "note": None},
            {"number": 2, "published_at": AT, "note": both("Rättat <b>", "Corrected")},
        ],
        "statuses": {"sv": "human_reviewed", "en": "draft"},
        "blocks": [
            {
                "block": block,
                "statements": [
                    a_statement(10 * n + i, **(alone if i == 2 else {}))
                    for i in range(1, 2 + n % 2)
                ],
            }
            for n, block in enumerate(named)
        ],
        "headlines": [a_statement(800), a_statement(801)],
        "easy": [a_statement(900), a_statement(901, quoted=True, role="patient", written_in="en")],
        **more,
    }


def of_summary(**more: Any) -> dict[str, Any]:
    return {
        "summary": a_summary(),
        "audiences": AUDIENCES,
        "drafting": False,
        "easy": False,
        "may_edit": False,
        "pdf": True,
        "files": {"pdf": "/summaries/u_1.pdf?audience=citizens", "txt": "/summaries/u_1.txt"},
        "address": "https://samrum.example/summaries/u_1?audience=citizens",
        "answered": False,
        **more,
    }


def summary_pages() -> list[tuple[str, str, dict[str, Any]]]:
    address = "https://samrum.example/summaries/u_1?audience=citizens"
    listed = {"cases": [], "case": "", "audience": "citizens", "audiences": AUDIENCES, "next": None}
    item = {
        **a_summary(),
        "headline": both("Vem blir trodd? <b>", "Who is believed?"),
    }
    bare = a_summary("why", case=None, case_id=None, session=None, tags=[], easy=[], headlines=[],
                     editions=[], demonstration=False, changed_at=None)  # fmt: skip
    draft = a_summary(edition=0, editions=[], state="draft", published_at=None, updated_at=None)
    return [
        ("summaries", "summaries/list.html", {
            **listed, "items": [item, {**item, "id": "u_2", "edition": 1, "case": None,
                                       "headline": {}}],
            "cases": [{"id": "esther", "name": both("Esther", "Esther")}] * 2, "next": "u_2"}),
        ("no summaries", "summaries/list.html", {**listed, "items": []}),
        ("no summaries of a case", "summaries/list.html",
         {**listed, "items": [], "case": "<b>", "cases": []}),
        ("summary", "summaries/summary.html", of_summary()),
        ("summary that is easy", "summaries/summary.html", of_summary(easy=True)),
        ("summary answered", "summaries/summary.html", of_summary(answered=True, pdf=False)),
        ("summary with a faulty answer", "summaries/summary.html", of_summary(
            errors={"matches": "Välj", "text": "Lång"}, refused="Vänta",
            values={"matches": "no", "text": "<b>"})),
        ("summary with little", "summaries/summary.html", of_summary(summary=bare)),
        ("draft of a summary", "summaries/summary.html",
         of_summary(summary=draft, drafting=True, may_edit=True, **HOST)),
        ("summary on paper", "summaries/pdf.html", {"summary": a_summary(), "address": address}),
        ("draft on paper", "summaries/pdf.html", {"summary": draft, "address": address}),
        ("summary with little on paper", "summaries/pdf.html",
         {"summary": bare, "address": address}),
        ("wall", "summaries/wall.html", {"summary": a_summary(), "headline": both("A <b>", "B"),
                                         "address": address, "qr": QR}),
    ]  # fmt: skip


def recommended(number: int = 1, status: str = "open", **more: Any) -> dict[str, Any]:
    """A recommendation as those who follow it up see it."""
    return {
        "id": f"c_rec{number}", "language": "sv", "text": "Sitt <ner>\nhos patienten",
        "translations": {"en": {"text": "Sit <down>", "status": "machine", "fields": {}}},
        "session": {"id": "s_1", "title": both("Hemgång", "Going home"), "case": "ward",
                    "closed_at": AT},
        "owner": "Avdelning <7>", "when": "2027-03-01", "measure": "Två frågor",
        "result": "adopted", "status": status, "next": ["doing", "done", "dropped"],
        "reason": "Ingen <tid>" if status == "dropped" else "", "at": AT, "published": True,
        "reason_language": "sv" if status == "dropped" else None, **more,
    }  # fmt: skip


def front_parts(**more: Any) -> dict[str, Any]:
    audiences = ("leaders", "educators", "professions", "citizens", "funders")
    coming = {"id": "w_1", "kind": "external", "url": "/workshops/w_1", "form": "hybrid",
              "title": both("Från resultat till <schema>", "From findings to <timetable>"),
              "about": both("Ta med kursplanen", ""), "starts_at": "2027-03-04T12:00:00Z",
              "ends_at": "2027-03-04T13:30:00Z", "demonstration": True}  # fmt: skip
    planned = {**coming, "id": "s_9", "kind": "session", "url": None, "form": None, "about": {},
               "ends_at": None, "demonstration": False}  # fmt: skip
    out = {"kind": "summary", "url": "/summaries/u_1", "title": both("Vem blir <trodd>?", ""),
           "at": AT, "demonstration": True}  # fmt: skip
    news = [
        {**recommended(n, status), "session": "s_1"}
        for n, status in enumerate(("done", "doing", "open", "dropped"))
    ]
    return {
        "coming": [coming, planned], "news": news, "audiences": audiences,
        "out": [out, {**out, "kind": "record", "demonstration": False}], **more,
    }  # fmt: skip


def board(**more: Any) -> dict[str, Any]:
    listed = [recommended(n, s) for n, s in enumerate(("done", "doing", "open", "dropped"))]
    forum = {
        "id": "s_1", "title": both("Hemgång", "Going <home>"), "case": "ward", "closed_at": AT,
        "demonstration": True, "recommendations": listed,
        "counts": {"open": 1, "doing": 1, "done": 1, "dropped": 1},
    }  # fmt: skip
    return {
        "forums": [forum], "listed": [forum], "counts": forum["counts"], "cases": [CASE],
        "case": "ward", "session": "", "only": "", "next": "s_1", "leads": False,
        "may_follow_up": False, "statuses": ("open", "doing", "done", "dropped"), **more,
    }  # fmt: skip


def front_pages() -> list[tuple[str, str, dict[str, Any]]]:
    hit = {
        "kind": "summary", "id": "u_1", "part": "citizens", "language": "en",
        "title": [{"text": "Who is ", "hit": False}, {"text": "<believed>", "hit": True}],
        "snippet": [{"text": "… <b>not bold</b> …", "hit": False}], "url": "/summaries/u_1",
        "case": None, "demonstration": True, "at": AT,
    }  # fmt: skip
    found = {"q": "<b>tro", "kind": None, "searched": True, "hits": [hit], "count": 31,
             "next": "x_1"}  # fmt: skip
    quiet = {"coming": [], "out": [], "news": []}
    none = {"hits": [], "count": 0, "next": None}
    return [
        ("home", "front/home.html",
         front_parts(sessions=[session(code=None, join_url=None), session("open")], left=False,
                     demo=True)),
        ("home quiet", "front/home.html",
         front_parts(sessions=[], left=True, **quiet, **HOST)),
        ("case page", "front/case.html",
         front_parts(case=CASE, forums=board()["forums"], counts=board()["counts"], **HOST)),
        ("case page quiet", "front/case.html",
         front_parts(case=CASE, forums=[], counts={}, **quiet)),
        ("search", "front/search.html", found),
        ("search of a kind", "front/search.html", {**found, **none, "kind": "record"}),
        ("search found nothing", "front/search.html", {**found, **none}),
        ("search not begun", "front/search.html", {**found, **none, "q": "", "searched": False}),
        ("search too fast", "front/search.html",
         {**found, **none, "searched": False, "refused": "Vänta"}),
        ("board", "front/board.html", board()),
        ("board of those who lead", "front/board.html", board(leads=True, session="s_1", **HOST)),
        ("board of a status", "front/board.html", board(only="done", listed=[], case="")),
        ("board empty", "front/board.html",
         board(forums=[], listed=[], case="", next=None,
               counts={"open": 0, "doing": 0, "done": 0, "dropped": 0})),
    ]  # fmt: skip


def following_pages() -> list[tuple[str, str, dict[str, Any]]]:
    history = [
        {
            "status": "doing",
            "reason": "<På> gång",
            "at": AT,
            "by_owner": True,
            "reason_language": "sv",
        },
        {"status": "open", "reason": "", "at": AT, "by_owner": False, "reason_language": None},
    ]
    page = {"r": recommended(), "history": history, "secret": "ow_1", "told": False,
            "stopped": False}  # fmt: skip
    states = ("none", "waiting", "asked", "answered", "stopped", "not_me", "ended")
    listed = [
        recommended(
            n,
            "done" if state == "ended" else "doing",
            asking={
                "state": state, "email": "<a>@example.org", "language": "sv",
                "zone": "Europe/London", "asked_at": AT if n > 1 else None,
                "answered_at": AT if n > 2 else None, "next_at": AT if n else None,
            },
        )
        for n, state in enumerate(states)
    ]  # fmt: skip
    of = {"session": {"id": "s_1", "title": both("Hemgång", ""), "closed": True}, "listed": listed}
    wrong = {"owner-c_rec1-email": "Fel", "owner-c_rec1-language": "Välj", "owner-c_rec1-zone": "V"}
    return [
        ("owner", "following/owner.html", page),
        ("owner has told", "following/owner.html",
         {**page, "told": True, "stopped": True, "history": [], "r": recommended(owner=None,
          when=None, measure=None, published=False)}),
        ("owner with faults", "following/owner.html",
         {**page, "errors": {"status": "Välj", "reason": "Skriv varför"}, "refused": None,
          "values": {"status": "dropped", "reason": "<b>"}}),
        ("owner wants no more", "following/no_more.html", page),
        ("owner has no more", "following/no_more.html", {**page, "stopped": True}),
        ("owner is another", "following/not_me.html", {}),
        ("news no more", "following/no_news.html", {"secret": "nw_1", "stopped": False}),
        ("news stopped", "following/no_news.html", {"secret": "nw_1", "stopped": True}),
        ("owners", "following/owners.html", {**of, **HOST}),
        ("owners with faults", "following/owners.html",
         {**of, "errors": wrong, "values": {"recommendation": "c_rec1", "email": "<b>",
          "language": "xx", "zone": ""}, **HOST}),
        ("owners before the end", "following/owners.html",
         {"session": {**of["session"], "closed": False}, "listed": [], **HOST}),
    ]  # fmt: skip


def of_edit(**more: Any) -> dict[str, Any]:
    point = {"answer": "contest", "text": "Nej <b>", "language": "sv", "settled": "",
             "settled_at": None, "block": "saw", "audience": "citizens",
             "texts": both("Mening", "Sentence")}  # fmt: skip
    own = {"question": None, "edited": True, "shared": True, "removed": False, "removed_why": "",
           "may_restore": True, "revision": 3, "faults": ["Siffror <b>"],
           "points": [{"id": "j_1", "answer": "contest"}]}  # fmt: skip
    kept = {"edited": False, "shared": False, "faults": [], "points": []}
    nothing = {"texts": {}, "sources": [], "statuses": {"sv": "missing", "en": "missing"}}
    statements = [
        a_statement(1, **own),
        a_statement(2, **{**own, **kept, **nothing, "question": "cost"}),
        a_statement(3, **{**own, **kept, "removed": True, "removed_why": "Dubbelt <b>"}),
        a_statement(4, **{**own, **kept, "removed": True, "may_restore": False}),
    ]
    return {
        "summary": {**a_summary(), "built_at": AT, "confirm_from": AT, "confirm_until": AT,
                    "read_by_lived_at": AT, "revision": 7},
        "audience": "citizens",
        "audiences": [{"code": code, "faults": n} for n, code in enumerate(AUDIENCES)],
        "blocks": [{"block": "saw", "position": 3, "statements": statements},
                   {"block": "disagreed", "position": 6, "statements": []}],
        "faults": [{"sentence": "Siffror <b>", "at": "saw-h"}],
        "advice": [{"sentence": "Svårläst <b>", "at": "saw-h"}],
        "obstacles": [{"sentence": "Text saknas", "href": "#saw-h", "count": 3}],
        "lengths": {"sv": 240, "en": 251},
        "length_from": 250,
        "length_to": 350,
        "points": [{**point, "id": "j_1"},
                   {**point, "id": "j_2", "settled": "Rättat <b>", "settled_at": AT},
                   {**point, "id": "j_3", "answer": "confirm", "text": "", "language": None}],
        "counts": {"confirm": 1, "contest": 2},
        "confirming": True,
        "may_ask": False,
        "readers": [{"matches": "partly", "audience": "citizens", "language": "en",
                     "text": "Here too <b>", "at": AT}],
        "owners": [{"id": "c_1", "owner": both("Regionen <b>", "The region")}],
        "sources": [{"id": "session", "texts": {}}, {"id": "c_1", "texts": {"sv": "Ord <b>"}}],
        "voices": [{"id": "c_1", "texts": {"sv": "Ord <b>"}, "told": {}}], "client_id": "f0",
        "order": ("saw", "disagreed", "voice"),
        "may_publish": True,
        **HOST,
        **more,
    }  # fmt: skip


def of_points(**more: Any) -> dict[str, Any]:
    said = {"answer": "contest", "text": "Nej <b>", "language": "sv", "settled": "",
            "settled_at": None}  # fmt: skip
    who = {"audiences": ["citizens", "leaders"], "point": None}
    return {
        "session": {"id": "s_1", "title": both("Hemgång <b>", "Going home")},
        "summary": {"confirm_until": AT, "read_by_lived_at": None, "language": "sv"},
        "blocks": [{"block": "saw", "statements": [
            a_statement(1, **who),
            a_statement(2, **{**who, "audiences": list(AUDIENCES), "point": said}),
            a_statement(3, **{**who, "point": {**said, "answer": "confirm"}}),
            a_statement(4, **{**who, "point": {**said, "settled": "Ja <b>", "settled_at": AT}}),
        ]}],
        "open": True,
        "lived": True,
        **GUEST,
        **more,
    }  # fmt: skip


def summary_work_pages() -> list[tuple[str, str, dict[str, Any]]]:
    typed = {"statement": "m_1", "base": "2", "texts_sv": "Mitt <b>", "texts_en": ""}
    wrong = {"texts_sv": "För lång", "texts": "Skriv", "why": "Skriv"}
    made = {"id": "s_1", "title": both("A <b>", "B"), "closed": True, "purged": False,
            "published_at": AT}  # fmt: skip
    fresh = {**of_edit()["summary"], "edition": 0, "state": "draft", "confirm_from": None,
             "read_by_lived_at": None, "changed_at": None, "session": None}  # fmt: skip
    clash = {"summary": {"id": "u_1", "title": both("A", "B"), "language": "sv"},
             "audience": "citizens", "values": typed, **HOST,
             "statement": {"id": "m_1", "block": "saw", "texts": both("Ditt <b>", "Yours"),
                           "removed": True, "revision": 3, "edited_by": "Edda <b>",
                           "edited_at": AT}}  # fmt: skip
    edit, points = "summaries/edit.html", "summaries/points.html"
    return [
        ("editing a summary", edit, of_edit()),
        ("editing a fresh summary", edit, of_edit(
            summary=fresh, faults=[], advice=[], obstacles=[], points=[], readers=[], owners=[],
            confirming=False, may_ask=True, may_publish=False)),
        *((f"editing a summary with faults in {act}", edit, of_edit(
            errors=errors, refused="Nej", values={"act": act, **values}))
          for act, errors, values in (
              ("save", wrong, typed), ("remove", wrong, typed),
              ("publish", {"note_sv": "Skriv"}, {"note_en": "<b>"}),
              ("settle", {"settled": "Skriv"}, {"point": "j_1"}),
              ("add", {"block": "Välj", "sources": "Välj", "texts": "Skriv"}, {"block": "saw"}),
              ("owner", {"owner_sv": "Skriv"}, {"recommendation": "c_1"}))),
        ("two editors of a summary", "summaries/conflict.html", clash),
        ("two editors, nothing chosen", "summaries/conflict.html",
         {**clash, "errors": {"choice": "Välj", "texts_en": "Lång"}}),
        *((f"summary of a session, {name}", "summaries/of_session.html",
           {"session": {**made, **session}, "may_make": may_make, **HOST, **more})
          for name, session, may_make, more in (
              ("to make", {}, True, {}),
              ("to make early", {"published_at": None}, True, {"refused": "Nej"}),
              ("with a fault", {}, True, {"errors": {"language": "Välj"}}),
              ("open", {"closed": False}, True, {}),
              ("purged", {"purged": True}, True, {}),
              ("not there", {}, False, {}))),
        ("points", points, of_points()),
        ("points with a fault", points, of_points(
            errors={"answer": "Välj", "text": "Skriv"},
            values={"statement": "m_2", "text": "<b>"})),
        ("points afterwards", points, of_points(open=False, lived=False)),
        ("points before", points, of_points(
            open=False, blocks=[], summary={"confirm_until": None, "read_by_lived_at": AT,
                                            "language": "sv"})),
    ]  # fmt: skip


def pages() -> list[tuple[str, str, dict[str, Any]]]:
    """A name for the case, the template and its context."""
    phases: list[tuple[str, str, dict[str, Any]]] = [
        (f"room in {p[0]}", "gatherings/room.html", room(n)) for n, p in enumerate(PHASES)
    ]
    return [
        *charter_pages(),
        *summary_pages(),
        *summary_work_pages(),
        *moderation_pages(),
        *invitation_pages(),
        *phases,
        *((f"talk in {s[0]}", "gatherings/room.html", talk_room(s[0])) for s in DIALOGUE_STEPS),
        ("talk before the first principle", "gatherings/room.html", talk_room(None)),
        ("talk paused", "gatherings/room.html", talk_room("settle", "paused")),
        ("talk closed", "gatherings/room.html", talk_room("settle", "closed", asked=TO_COMMENT)),
        ("talk of a reader", "gatherings/room.html", talk_room("rate", me=None, **HOST)),
        ("talk of a scribe", "gatherings/room.html",
         talk_room("experience", written_for="p_maja", **HOST)),
        ("talk with both boxes", "gatherings/_composer.html", talk_room(
            stage=talk("wording", open_kinds=["wording", "change", "question", "contribution"]))),
        ("talk with a thought to share", "gatherings/room.html", talk_room("experience", values={
            "kind": "contribution", "text": SV, "language": "sv", "shared": "1"})),
        *((f"talk with faults in {step}", "gatherings/room.html",
           talk_room(step, errors=errors, values={"client_id": "1", "text": SV, **values}))
          for step, errors, values in (
              ("fit", {"tag": "Välj", "side": "Välj"}, {"kind": "contribution"}),
              ("wording", {"text": "Skriv"}, {"kind": "wording", "untranslatable": ""}),
              ("change", {"change": "Välj"}, {"kind": "change"}),
              ("rate", {"reason": "Skriv"}, {"kind": "rating", "of": "vst-3", "value": "1"}),
              ("settle", {"reason": "Skriv"}, {"kind": "stance", "of": "c_201",
                                               "value": "objection"}))),
        *((f"talk rated {number}", "gatherings/_principle.html", {
            "stage": talk("settle", ratings={"answered": 5, "present": 5, "result": rated},
                          settling={**SETTLING, "kind": kind, "agreed": True},
                          principle_text={**PRINCIPLE_TEXT, "missing": ["sv"],
                                          "source_language": "both"})})
          for number, rated, kind in ((10, RATED, "change"), (3, FEW_RATED, "text"))),
        ("changes of a talk", "gatherings/_changes.html",
         {"session": {"id": "s_1"}, "stage": talk(), "contributions": dialogue_said()}),
        *((f"talk desk in {s[0]}", "gatherings/desk.html", talk_desk(s[0]))
          for s in DIALOGUE_STEPS),
        ("talk desk before the first principle", "gatherings/desk.html", talk_desk(None)),
        ("talk desk agreed", "gatherings/desk.html", talk_desk(stage=talk(
            "settle", exit_met=True, outcome={**OUTCOME, "allowed": ["keep"], "dissent": []},
            settling={**SETTLING, "kind": "text", "agreed": True, "objections": []}))),
        *((f"talk desk with a faulty {act}", "gatherings/desk.html",
           talk_desk(errors=errors, values={"act": act, "dissent_lived": "x", "reason": ""}))
          for act, errors in (("dissent", {"dissent_lived": "För lång"}),
                              ("park", {"reason": "Skriv ett skäl"}),
                              ("decide", {"decision": "Välj"}),
                              ("order", {"principles": "Alla"}))),
        ("talk planned", "gatherings/plan.html", talk_desk(None, "planned")),
        *((f"talk screen in {step}", "gatherings/screen.html", talk_desk(step, said=[], **more))
          for step, more in (("understand", {}), ("settle", {}), ("rate", {"stage": talk(
              "rate", ratings={"answered": 5, "present": 5, "result": RATED})}))),
        ("talk screen before the first principle", "gatherings/screen.html",
         talk_desk(None, said=[])),
        ("talk proposal", "gatherings/contribution.html",
         one(4) | {"contribution": dialogue_said()[4], "mergeable": [dialogue_said()[3]]}),
        ("talk proposal asked about", "gatherings/contribution.html",
         one(4) | {"contribution": dialogue_said()[6], "mergeable": []}),
        ("talk suggestion with faults", "gatherings/_actions.html",
         one(4, errors={"text": "Skriv"}, values={"act": "suggest", "text": "", "merge-c_203": "1"})
         | {"contribution": dialogue_said()[4], "mergeable": [dialogue_said()[3]]}),
        ("room planned", "gatherings/room.html", room(None, "planned")),
        ("room open", "gatherings/room.html", room(None, "open", ready=True)),
        ("room paused", "gatherings/room.html", room(3, "paused")),
        *((f"{face} after a purge {at}", f"gatherings/{face}.html", made(
            8, "closed", contributions=[], private=[],
            session=session("closed", purged_at=AT, published_at=at)))
          for face, made in (("room", room), ("desk", desk)) for at in (None, AT)),
        ("room closed", "gatherings/room.html", room(8, "closed", demo=True)),
        ("room empty", "gatherings/room.html",
         room(0, contributions=[], private=[], findings=[], queue=[])),
        *((f"here {new} {moved}", "gatherings/here.html",
           {"session": session(), "new": new, "moved": moved, "path": "/"})
          for new, moved in ((0, False), (0, True), (3, False))),
        ("room of a scribe", "gatherings/room.html", room(3, written_for="p_maja", **HOST)),
        ("room of a scribe, thinking", "gatherings/room.html",
         room(2, written_for="p_maja", **HOST)),
        ("room of a reader", "gatherings/room.html", room(3, me=None, **HOST)),
        ("room without translator", "gatherings/room.html",
         room(3, session=session(translator=NONE_HERE))),
        ("room time up", "gatherings/room.html",
         room(3, stage=stage(3, time_up=True, seconds_left=0))),
        ("room with faults", "gatherings/room.html",
         room(7, **FAULTY, values={"kind": "stance", "of": "c_19", "text": "x"})),
        ("composer with faults", "gatherings/_composer.html",
         room(3, **FAULTY, values={"kind": "question", "text": "", "client_id": "1"})),
        ("composer with a theme moved", "gatherings/_composer.html",
         room(5, values={"kind": "ranking", "order": "c_32,c_18", "move": "up:c_32"})),
        ("composer with a theme at fault", "gatherings/_composer.html",
         room(5, errors={"from": "Välj"}, values={"kind": "theme", "text": "x", "from-c_2": "1"})),
        ("composer emptied", "gatherings/_composer.html", room(3, notice="Klart")),
        ("desk", "gatherings/desk.html", desk()),
        ("desk exit met", "gatherings/desk.html", desk(stage=stage(3, exit_met=True))),
        ("desk last", "gatherings/desk.html", desk(8, demo=True)),
        ("desk deciding", "gatherings/desk.html",
         desk(7, errors={"result": "Skriv"},
              values={"kind": "facilitation", "of": "c_19", "result": "parked", "text": "x"})),
        ("desk paused", "gatherings/desk.html", desk(2, "paused")),
        ("desk closed", "gatherings/desk.html", desk(8, "closed")),
        ("desk empty", "gatherings/desk.html",
         desk(0, contributions=[], private=[], findings=[], queue=[], balance=[], doubtful=[],
              untranslated=[], people=[], acts=[])),
        ("desk with faults", "gatherings/desk.html",
         desk(errors={"reason": "Skriv ett skäl"}, values={"move": "advance"}, refused="Nej")),
        ("desk with a faulty word", "gatherings/desk.html",
         desk(errors={"sv": "Skriv", "en_forms": "Högst tre"},
              values={"act": "term", "en": "<b>", "avoid_sv": "x", "keep": "1"})),
        ("desk behind", "gatherings/desk.html", desk(session=session(translator=NONE_HERE))),
        ("plan with a faulty word", "gatherings/plan.html",
         desk(None, "planned", terms=[], errors={"en": "Skriv"},
              values={"act": "term", "sv": "x"})),
        ("word", "gatherings/term.html", {"term": TERMS[1], "session": session(), **HOST}),
        ("word with faults", "gatherings/term.html",
         {"term": TERMS[0], "session": session(), "errors": {"en": "Skriv", "avoid_en": "Skriv"},
          "values": {"sv": "x", "en": "", "suggest": "1"}, **HOST}),
        ("words", "gatherings/terms.html", of_terms()),
        ("words of an editor", "gatherings/terms.html",
         of_terms(caller={"account": {**ACCOUNT, "role": "editor", "runs": False}, "seat": None})),
        ("words searched", "gatherings/terms.html",
         of_terms(q="<b>x", suggested=[], kept=[], dropped=[], shipped=[], may_decide=False)),
        ("translation", "gatherings/translation.html", of_translation()),
        ("translation for an admin", "gatherings/translation.html",
         of_translation(commands=True)),
        ("desk side", "gatherings/_desk_side.html", desk()),
        ("plan", "gatherings/plan.html", desk(None, "planned")),
        ("plan of a session that follows", "gatherings/plan.html",
         desk(None, "planned", followed=FOLLOWED)),
        ("plan with a faulty status", "gatherings/plan.html",
         desk(None, "planned", followed=FOLLOWED,
              errors={"progress-c_71-reason": "Skriv varför"},
              values={"act": "progress", "recommendation": "c_71", "status": "dropped"})),
        ("room of a session that follows", "gatherings/room.html", room(0, followed=FOLLOWED)),
        ("desk with a faulty seat", "gatherings/desk.html",
         desk(errors={"name": "Skriv", "consent": "Kryssa", "language": "Välj", "role": "Okänd"},
              values={"act": "seat", "name": "x", "chosen": ["follow"], "language": "sv"})),
        ("plan with a faulty seat", "gatherings/plan.html",
         desk(None, "planned", errors={"name": "Skriv"}, values={"act": "seat", "name": "x"})),
        ("plan with faults", "gatherings/plan.html",
         desk(None, "open", errors={"title_sv": "Skriv"}, values=CARD)),
        ("plan empty", "gatherings/plan.html",
         desk(None, "open", findings=[], people=[], session=session("open", case=None))),
        ("screen", "gatherings/screen.html",
         desk(said=[c for c in conversation() if c["id"] in ("c_3", "c_7", "c_9")])),
        ("screen open", "gatherings/screen.html", desk(None, "open", said=[])),
        ("screen paused", "gatherings/screen.html", desk(3, "paused", said=[], demo=True)),
        ("screen over time", "gatherings/screen.html",
         desk(stage=stage(3, time_up=True), said=[])),
        ("screen closed", "gatherings/screen.html", desk(8, "closed", said=[])),
        ("record", "gatherings/record.html",
         of_record(may_publish=True, may_follow_up=True, **HOST)),
        ("record of who took part", "gatherings/record.html",
         of_record(record(measures=FEW_FIGURES), unfolded=True, **GUEST)),
        ("record with a faulty status", "gatherings/record.html",
         of_record(may_follow_up=True, errors={"progress-c_20-reason": "Skriv varför"},
                   values={"act": "progress", "recommendation": "c_20", "status": "dropped"},
                   **HOST)),
        ("record published", "gatherings/record.html",
         of_record(record(published_at=AT, recommendations=[], agreements=[], disagreements=[],
                          themes=[], findings=[], followed=[], questions=[], restatements=[],
                          agreed_themes=[], disputed_themes=[], undecided=[], survey=None,
                          measures=None, correctable_until=None))),
        ("record of a dialogue", "gatherings/record.html",
         of_record(dialogue_record(), unfolded=True, **HOST)),
        ("record of a dialogue whose words stay in the room", "gatherings/record.html",
         of_record(dialogue_record(may_show=False), **GUEST)),
        *((f"desk in a dialogue {n}", "gatherings/desk.html", desk(talked_about=found))
          for n, found in enumerate(talked_about_in_each_step())),
        ("record unfinished", "gatherings/record.html",
         of_record(record(ready_at=None, correctable_until=None, held_at=None))),
        ("contribution", "gatherings/contribution.html", one()),
        ("contribution disputed", "gatherings/contribution.html", one(8, **HOST)),
        ("contribution proposal", "gatherings/contribution.html", one(19)),
        ("contribution changed", "gatherings/contribution.html", one(33)),
        ("contribution split", "gatherings/contribution.html", one(35)),
        ("theme changed", "gatherings/contribution.html", one(32)),
        ("split with faults", "gatherings/contribution.html",
         one(33, errors={"text_2": "Skriv", "when_1": "Fel"},
             values={"act": "split", "text_1": "x", "text_2": "", "client_id_1": "a"})),
        ("contribution gone", "gatherings/contribution.html", one(27, may={})),
        ("actions", "gatherings/_actions.html", one(16)),
        ("actions with faults", "gatherings/_actions.html",
         one(3, errors={"text": "Skriv en text"},
             values={"act": "reply", "text": "", "client_id": "1"})),
        ("actions with a remark", "gatherings/_actions.html",
         one(3, errors={"remark": "För lång"}, values={
             "act": "correct", "text": SV, "remark": SV, "remark_language": "en", "client_id": "1",
         })),
        *((f"sent {act}", "gatherings/_sent.html", {"act": act}) for act in MAY),
        ("changes", "gatherings/_changes.html",
         {"contributions": [*conversation(), *private()], "stage": stage(), "findings": FINDINGS,
          "queue": [], "session": {"id": "s_1"}}),
        ("no changes", "gatherings/_changes.html",
         {"contributions": [], "stage": None, "findings": None, "queue": None,
          "session": {"id": "s_1"}}),
        ("list", "gatherings/list.html",
         {"sessions": [session(s) for s in ("planned", "open", "running", "paused", "closed")],
          "path": "/sessions", **HOST}),
        ("list empty", "gatherings/list.html", {"sessions": [], **HOST}),
        ("new dialogue", "gatherings/new.html",
         {"formats": [{**FORMATS[0], "id": "reflective-dialogue", "kind": "dialogue"}],
          "cases": [], "closed": [], "charters": CHARTERS, "long": 138,
          "errors": {"principles": "Välj", "charter": "Välj"},
          "values": {"charter": "jam", "principle-jam/jam-2": "1", "place-jam/jam-2": "7"},
          **HOST}),
        ("new", "gatherings/new.html", {"formats": FORMATS, "cases": [CASE], "charters": [],
          "closed": [{"id": "s_0", "title": both("Förr", "Before"), "closed_at": AT}], **HOST}),
        ("new with faults", "gatherings/new.html",
         {"formats": FORMATS, "cases": [CASE], "closed": [], "charters": [],
          "errors": {"title_sv": "Skriv en text", "minutes_reflect": "Fel", "follows": "Välj"},
          "values": {"format": "jif-90", "case": "ward", "minutes_reflect": "x"}, **HOST}),
        ("formats", "gatherings/formats.html",
         {"formats": [listed_format("jif-90", own=False),
                      listed_format("eget", own=True, hybrid=True, kind="dialogue")],
          "unreadable": [{"name": "<b>.yaml",
                          "faults": [{"line": 3, "sentence": "Skriv en text"},
                                     {"line": None, "sentence": "Filen är tom"}]}], **HOST}),
        ("formats with none", "gatherings/formats.html",
         {"formats": [listed_format("jif-90", own=False)], "unreadable": [], **HOST}),
        ("format", "gatherings/format.html", format_sheet()),
        ("format copied", "gatherings/format.html", format_sheet(own_id=None)),
        ("format with faults", "gatherings/format.html",
         format_sheet(
             open=("reflect", "decide"),
             faults=[("steps", "För långt"), ("step-reflect-minutes", "Egna tankar: Fel"),
                     ("step-reflect-title-en", "Skriv"), ("step-decide", "Beslut"),
                     ("step-restate-break-minutes", "Fel"), ("line-half_time-sv", "Fel")],
             errors={"steps": "För långt", "step-reflect-minutes": "Fel", "step-decide": "Beslut",
                     "step-reflect-title-en": "Skriv", "step-restate-break-minutes": "Fel",
                     "line-half_time-sv": "{grupp} <script>alert(1)</script>"},
             values={"title-sv": "<script>alert(1)</script>", "hybrid": "0", "version": "1",
                     "step-reflect-title-sv": "\nEgna"})),
        ("format changed meanwhile", "gatherings/format.html",
         format_sheet(changed=True, refused="Någon annan ändrade upplägget.")),
        ("finding", "gatherings/finding.html",
         {"finding": FINDINGS[0], "session": session(), **HOST}),
        ("finding with faults", "gatherings/finding.html",
         {"finding": FINDINGS[1], "session": session(), "errors": {"text_en": "Skriv"},
          "values": CARD, **HOST}),
        *front_pages(),
        *following_pages(),
        ("code", "people/join_code.html", {"path": "/join"}),
        ("code unknown", "people/join_code.html",
         {"refused": "Koden stämmer inte.", "values": {"code": "NEJ"}}),
        ("join", "people/join.html",
         {"session": session(), "path": "/join/K7TALL", "consent_text": CONSENT_TEXT}),
        ("join with wrong answers", "people/join.html",
         {"session": session(facilitator="Malin <b>"), "consent_text": NEW_TEXT, "tries": 2,
          "helped": True,
          "errors": {"understood_q1": "Fel", "understood_q2": "Välj", "version": "Ny text",
                     "email": "Fel"},
          "values": {"understood_q1": "a", "take_part": "1", "email": "<b>@x", "contact": "1"}}),
        ("consent", "people/consent.html",
         {"text": CONSENT_TEXT, "in_force": "2026-11",
          "versions": [{"version": "2026-11", "date": "2026-11-01"}]}),
        ("consent of before", "people/consent.html",
         {"text": NEW_TEXT, "in_force": "2027-02",
          "versions": [{"version": "2027-02", "date": "2027-02-01"},
                       {"version": "2027-01 <b>", "date": "2027-01-01"}]}),
        ("consent asked again", "people/consent_again.html", asked_again()),
        ("consent asked again with faults", "people/consent_again.html",
         asked_again(errors={"consent": "Kryssa", "version": "Ny", "email": "Fel"},
                     values={"chosen": ["contact"], "email": "<b>"}, typed="", htmx=False)),
        ("consent asked again of somebody else", "people/consent_again.html",
         asked_again(written_for="p_2")),
        ("consent asked again in the composer", "people/_consent_composer.html", asked_again()),
        ("consent asked again under a post", "people/_consent_again.html",
         asked_again(kept={"part": "actions", "text": "<b>"})),
        ("desk with somebody at the door", "gatherings/desk.html",
         desk(door_help="2026-11-24T13:05:00Z")),
        ("plan with somebody at the door", "gatherings/plan.html",
         desk(None, "open", door_help="2026-11-24T13:05:00Z")),
        ("room before one is asked again", "gatherings/room.html",
         room(asked_again=True, stage=stage(reminder=True))),
        ("join with faults", "people/join.html",
         {"session": session(online=0, case=None), "consent_text": CONSENT_TEXT,
          "errors": {"name": "Skriv vad vi ska kalla dig", "consent": "Kryssa för"},
          "values": {"name": " ", "role": "carer", "language": "en", "quote_role": True,
                     "take_part": False}}),
        ("sign in", "people/sign_in.html", {"path": "/sign-in"}),
        ("sign in wrong", "people/sign_in.html",
         {"refused": "Stämmer inte", "values": {"email": "a@b.se", "next": "/sessions"}}),
        ("sign in without address", "people/sign_in.html",
         {"errors": {"email": "Skriv en mejladress"}}),
        ("sign in link", "people/sign_in_link.html", {"secret": "abc", "next": "/sessions"}),
        ("sign in link of another", "people/sign_in_link.html",
         {"secret": "abc", "next": "", **HOST}),
        ("sign in sent", "people/sign_in_sent.html", {"minutes": 60}),
        *account_pages(),
        *mails(),
        *my_pages(),
        ("choices", "people/choices.html",
         {"session": session(), "me": SEAT, "resume_url": "http://x.se/resume/abc", "qr": QR,
          "consent": CONSENT, "consent_text": CONSENT_TEXT, "asked_again": False,
          "mail": "<b>@example.org", **GUEST}),
        ("choices asked again", "people/choices.html",
         {"session": session(), "me": SEAT, "resume_url": "", "qr": "", "mail": "",
          "consent": CONSENT, "consent_text": NEW_TEXT, "asked_again": True,
          "errors": {"consent": "Kryssa", "version": "Ny"}, "values": {"chosen": ["follow"]},
          **GUEST}),
        ("choices without link", "people/choices.html",
         {"session": session(), "me": {**SEAT, "role": None}, "resume_url": "", "qr": "",
          "consent": None, "consent_text": CONSENT_TEXT, "asked_again": True, "mail": "",
          **GUEST}),
        *((f"questions {name}", "gatherings/questions.html", asking(name))
          for name in shipped().forms),
        ("questions not answered", "gatherings/questions.html",
         asking(given={}, answered=False, done="skipped")),
        ("questions with faults", "gatherings/questions.html",
         asking(done=None, errors={f"items_{i}": "Välj" for i in ("po2", "po14", "poO1")})),
        ("questions erased", "gatherings/questions.html",
         asking("before", given={}, answered=False, done="erased")),
        ("questions over", "gatherings/questions.html",
         asking("before", open=False, done=None, refused="Tiden är slut")),
        ("help", "help.html", {}),
        ("privacy", "privacy.html", {"kept": kept_for(), "organiser": None}),
        ("privacy of an organiser", "privacy.html",
         {"kept": kept_for("Beslut 1"), "organiser": {
             "name": both("Universitetet <b>", "The university"),
             "contact": {"sv": "x@example.org"}, "officer": both("Ombudet", "The officer"),
             "basis": both("Lag 1", "Act 1")}}),
        ("privacy with half an organiser", "privacy.html",
         {"kept": kept_for(), "organiser": {"name": both("U", "U"), "contact": both("x", "x"),
                                            "officer": {}, "basis": {}}}),
        ("accessibility", "accessibility.html", {"thanks": False}),
        ("accessibility reported", "accessibility.html", {"thanks": True}),
        ("accessibility with faults", "accessibility.html",
         {"thanks": False, "errors": {"text": "Skriv", "email": "Fel"},
          "values": {"text": "<script>alert(1)</script>", "email": "x"}}),
        ("research", "gatherings/research.html",
         {"session": {**RESEARCHED, "purged_at": AT, "demonstration": True}, **HOST}),
        ("research with faults", "gatherings/research.html",
         {"session": {**RESEARCHED, "held_at": None}, "errors": {"reason": "Skriv"},
          "values": {"reason": " "}, **HOST}),
        ("research list", "gatherings/research_list.html",
         {"sessions": [RESEARCHED, {**RESEARCHED, "state": "running", "purged_at": AT}],
          "may_look_up": False, "found": None, **HOST}),
        ("research list empty", "gatherings/research_list.html",
         {"sessions": [], "may_look_up": True, "found": {"pseudonym": "<b>", "seats": []}, **HOST}),
        ("research list with a seat", "gatherings/research_list.html",
         {"sessions": [], "may_look_up": True, "errors": {"pseudonym": "Skriv"}, "found": {
             "pseudonym": "PABCD2345", "seats": [{"participant": "p_1", "session": "s_1"}]},
          **HOST}),
        ("retention", "retention/retention.html", {"retention": retention(), "wrong": "", **HOST}),
        ("retention empty", "retention/retention.html",
         {"retention": retention(coming=[], done=[]), "wrong": "", **HOST}),
        ("retention with a faulty rule", "retention/retention.html",
         {"retention": retention(), "wrong": "posts", "errors": {"days": "Fel", "decision": "Lång"},
          "values": {"days": "x", "decision": "<script>alert(1)</script>"}, **HOST}),
        ("retention with a faulty hold", "retention/retention.html",
         {"retention": retention(), "wrong": "x_1", "errors": {"reason": "Skriv"},
          "values": {"reason": " "}, "refused": None, **HOST}),
        ("retention refused", "retention/retention.html",
         {"retention": retention(), "wrong": "x_2", "refused": "Den väntar inte", **HOST}),
        *schedule_pages(),
        *meeting_pages(),
        ("error", "error.html",
         {"status": 500, "title": "Fel", "sentence": "Något gick fel", "reference": "ab12",
          "typed": None, "is_form": False}),
        ("error 404", "error.html",
         {"status": 404, "title": "Nej", "sentence": "Finns inte", "reference": None,
          "typed": None, "is_form": False}),
        ("error 503", "error.html",
         {"status": 503, "title": "Borta", "sentence": "Vänta", "reference": None,
          "typed": None, "is_form": False}),
        ("error 503 form", "error.html",
         {"status": 503, "title": "Borta", "sentence": "Vänta", "reference": None, "is_form": True,
          "typed": {"words": [("text", "Ord jag skrev"), ("more", "\nTvå ord")],
                    "rest": [("client_id", "c1")], "complete": True}}),
        ("error 503 file", "error.html",
         {"status": 503, "title": "Borta", "sentence": "Vänta", "reference": None, "is_form": True,
          "typed": {"words": [("text", "Ord jag skrev")], "rest": [], "complete": False}}),
        ("error fragment", "_error.html",
         {"status": 429, "title": "Nej", "sentence": "Vänta", "reference": None}),
        ("cases", "programme/cases.html", {"cases": [CASE], **HOST}),
        ("case", "programme/case.html",
         {"case": CASE, "values": {"name_sv": "N", "country": "UK", "vulnerable": True}, **HOST}),
    ]  # fmt: skip
