"""Made-up contexts for every template, as the pages give them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

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
    return {"text": text, "status": status, "by": None, "doubt": None, "fields": {}, **more}


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
        "translations": {"en": translation("machine", EN)},
        "reply_to": None,
        "fields": {},
        "removed": False,
        "hidden": False,
        "hidden_reason": "",
        "pinned": False,
        "on_screen": False,
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
DISPUTES = [{"word": "kommunen", "reason": "borde vara regionen"}, {"word": "", "reason": ""}]


def conversation() -> list[dict[str, Any]]:
    """One of each kind, and one of each state of a translation."""
    translated = {"en": translation("machine", EN, fields={"owner": "The records unit"})}
    return [
        said(1, "bot", author="bot", translations={"en": translation("memory", EN)}),
        said(2, looks_like="en"),
        said(3, looks_like="sv", **english("machine", SV)),
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
        said(18, "theme"),
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
        },
        "case": CASE,
        "access": "open",
        "state": state,
        "revision": 41,
        "demonstration": True,
        "published_at": None,
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
        "participant": {"id": "p_maja", "name": "Maja", "role": "patient"},
        "raised_at": AT,
        "has_floor": False,
        "has_spoken": False,
    },
    {
        "participant": {"id": "p_tom", "name": "Tom", "role": None},
        "raised_at": AT,
        "has_floor": True,
        "has_spoken": True,
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
    "ratings_revealed", "bot_line_sent", "bot_line_dropped", "bot_muted", "bot_unmuted",
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
                "ready": True, "online": True,
            },
            {
                "id": "p_x", "name": "X", "role": None, "language": "en",
                "ready": False, "online": False,
            },
        ],
        "ready_count": 1,
        "slack": -2,
        "bot": {"muted": False, "items": BOT_LINES},
        "acts": [
            {"kind": k, "name": "Malin", "reason": "Vi är klara", "at": datetime.now(UTC)}
            for k in ACTS
        ],
        **more,
    }  # fmt: skip


MAY = (
    "reply", "restate", "check", "stance", "amend", "correct", "dispute", "hide", "unhide", "pin",
    "unpin", "screen", "unscreen", "remove",
)  # fmt: skip


def one(number: int = 4, **more: Any) -> dict[str, Any]:
    found = next(c for c in conversation() if c["id"] == f"c_{number}")
    return {
        "path": f"/sessions/s_1/contributions/{found['id']}",
        "contribution": found,
        "session": session(),
        "may": dict.fromkeys(MAY, True),
        **GUEST,
        **more,
    }


def record(**more: Any) -> dict[str, Any]:
    everything = conversation()
    proposal = next(c for c in everything if c["id"] == "c_19")
    objection = next(c for c in everything if c["id"] == "c_22")
    amendment = next(c for c in everything if c["id"] == "c_23")
    head = {"result": "adopted", "stances": {"consent": 3, "objection": 0, "stand_aside": 0}}
    return {
        "session": session("closed"),
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
        },
        "reflections": 4,
        "findings": FINDINGS,
        "themes": [c for c in everything if c["kind"] == "theme"],
        "recommendations": [
            {
                "id": "c_19", **PROPOSAL, "missing": [], "contribution": proposal,
                "author": proposal["author"], "objections": [objection], "stand_asides": [],
                "amendments": [amendment], "result": "undecided", "stances": DECISION["stances"],
            },
            {
                "id": "c_20", "what": "x", "owner": "", "when": "", "measure": "",
                "missing": ["owner", "when", "measure"], "contribution": proposal,
                "author": proposal["author"], "objections": [], "stand_asides": [],
                "amendments": [], **head,
            },
        ],
        "agreements": ["c_20"],
        "undecided": ["c_19"], "disagreements": ["c_19"],
        "ready_at": "2026-12-01T13:00:00Z",
        "published_at": None,
        **more,
    }  # fmt: skip


FORMATS = [
    {
        "id": "jif-90",
        "title": both("Forum, 90 minuter", "Forum, 90 minutes"),
        "summary": both("På nätet.", "Online."),
        "hybrid": False,
        "phases": [{"id": p[0], "title": both(p[1], p[2]), "minutes": 8.0} for p in PHASES],
    }
]
CARD: dict[str, Any] = {
    "title_sv": "T", "title_en": "T", "text_sv": "", "text_en": "x", "tags": "models",
    "source": "s", "picture_alt_sv": "a", "picture_alt_en": "b",
}  # fmt: skip
CONSENT: dict[str, Any] = {
    "choices": ["take_part", "quote_role"],
    "version": "2026-11",
    "language": "sv",
    "given_at": datetime(2026, 11, 24, 12, 30, tzinfo=UTC),
}
NONE_HERE: dict[str, Any] = {
    "builtin": False,
    "directions": {"sv-en": "missing", "en-sv": "broken: x"},
}
FAULTY: dict[str, Any] = {"errors": {"text": "Skriv en text"}, "refused": "Det gick inte"}


def pages() -> list[tuple[str, str, dict[str, Any]]]:
    """A name for the case, the template and its context."""
    phases: list[tuple[str, str, dict[str, Any]]] = [
        (f"room in {p[0]}", "gatherings/room.html", room(n)) for n, p in enumerate(PHASES)
    ]
    return [
        *phases,
        ("room planned", "gatherings/room.html", room(None, "planned")),
        ("room open", "gatherings/room.html", room(None, "open", ready=True)),
        ("room paused", "gatherings/room.html", room(3, "paused")),
        ("room closed", "gatherings/room.html", room(8, "closed", demo=True)),
        ("room empty", "gatherings/room.html",
         room(0, contributions=[], private=[], findings=[], queue=[])),
        ("room of a reader", "gatherings/room.html", room(3, me=None, **HOST)),
        ("room without translator", "gatherings/room.html",
         room(3, session=session(translator=NONE_HERE))),
        ("room time up", "gatherings/room.html",
         room(3, stage=stage(3, time_up=True, seconds_left=0))),
        ("room with faults", "gatherings/room.html",
         room(7, **FAULTY, values={"kind": "stance", "of": "c_19", "text": "x"})),
        ("composer with faults", "gatherings/_composer.html",
         room(3, **FAULTY, values={"kind": "question", "text": "", "client_id": "1"})),
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
        ("desk side", "gatherings/_desk_side.html", desk()),
        ("plan", "gatherings/plan.html", desk(None, "planned")),
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
         {"record": record(), "session": session("closed"), "may_publish": True, **HOST}),
        ("record published", "gatherings/record.html",
         {"record": record(published_at=AT, recommendations=[], agreements=[], disagreements=[],
                           themes=[], findings=[]),
          "session": session("closed"), "may_publish": False}),
        ("record unfinished", "gatherings/record.html",
         {"record": record(ready_at=None), "session": session(), "may_publish": False}),
        ("contribution", "gatherings/contribution.html", one()),
        ("contribution disputed", "gatherings/contribution.html", one(8, **HOST)),
        ("contribution proposal", "gatherings/contribution.html", one(19)),
        ("contribution gone", "gatherings/contribution.html", one(27, may={})),
        ("actions", "gatherings/_actions.html", one(16)),
        ("actions with faults", "gatherings/_actions.html",
         one(3, errors={"text": "Skriv en text"},
             values={"act": "reply", "text": "", "client_id": "1"})),
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
        ("new", "gatherings/new.html", {"formats": FORMATS, "cases": [CASE], **HOST}),
        ("new with faults", "gatherings/new.html",
         {"formats": FORMATS, "cases": [CASE],
          "errors": {"title_sv": "Skriv en text", "minutes_reflect": "Fel"},
          "values": {"format": "jif-90", "case": "ward", "minutes_reflect": "x"}, **HOST}),
        ("finding", "gatherings/finding.html",
         {"finding": FINDINGS[0], "session": session(), **HOST}),
        ("finding with faults", "gatherings/finding.html",
         {"finding": FINDINGS[1], "session": session(), "errors": {"text_en": "Skriv"},
          "values": CARD, **HOST}),
        ("home", "home.html",
         {"sessions": [session(code=None, join_url=None), session("open")], "demo": True}),
        ("home quiet", "home.html", {"sessions": [], **HOST}),
        ("code", "people/join_code.html", {"path": "/join"}),
        ("code unknown", "people/join_code.html",
         {"refused": "Koden stämmer inte.", "values": {"code": "NEJ"}}),
        ("join", "people/join.html", {"session": session(), "path": "/join/K7TALL"}),
        ("join with faults", "people/join.html",
         {"session": session(online=0, case=None),
          "errors": {"name": "Skriv vad vi ska kalla dig", "consent": "Kryssa för"},
          "values": {"name": " ", "role": "carer", "language": "en", "quote_role": True,
                     "take_part": False}}),
        ("sign in", "people/sign_in.html", {"path": "/sign-in"}),
        ("sign in wrong", "people/sign_in.html",
         {"refused": "Stämmer inte", "values": {"email": "a@b.se", "next": "/sessions"}}),
        ("sign in link", "people/sign_in_link.html", {"secret": "abc", "next": "/sessions"}),
        ("choices", "people/choices.html",
         {"session": session(), "me": SEAT, "resume_url": "http://x.se/resume/abc", "qr": QR,
          "consent": CONSENT, **GUEST}),
        ("choices without link", "people/choices.html",
         {"session": session(), "me": {**SEAT, "role": None}, "resume_url": "", "qr": "",
          "consent": None, **GUEST}),
        ("help", "help.html", {}),
        ("privacy", "privacy.html", {}),
        ("accessibility", "accessibility.html", {}),
        ("error", "error.html",
         {"status": 500, "title": "Fel", "sentence": "Något gick fel", "reference": "ab12"}),
        ("error 404", "error.html",
         {"status": 404, "title": "Nej", "sentence": "Finns inte", "reference": None}),
        ("error fragment", "_error.html",
         {"status": 429, "title": "Nej", "sentence": "Vänta", "reference": None}),
        ("cases", "programme/cases.html", {"cases": [CASE], **HOST}),
        ("case", "programme/case.html",
         {"case": CASE, "values": {"name_sv": "N", "country": "UK", "vulnerable": True}, **HOST}),
    ]  # fmt: skip
