"""Made-up contexts for the pages of meetings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from hub.gatherings.actions import TAGS
from hub.meetings import states
from hub.meetings.actions.planning import AUDIENCES
from hub.meetings.organiser_pages import FORM_AT

HOSTILE = '"><script>alert(1)</script>'
STARTS = datetime(2027, 3, 4, 12, 0, tzinfo=UTC)
LATER = STARTS + timedelta(days=7)
HOST = {"account": SimpleNamespace(role="admin", runs=True), "seat": None}
CASE = SimpleNamespace(id="case_1", name={"sv": "Fall <b>", "en": "Case <b>"})
COUNTS = {"invited": 12, "room": 7, "online": 11, "maybe": 1, "no": 2, "none": 3, "held": 18,
          "waiting": 2, "offered": 1, "left": 13}  # fmt: skip
MEETING: dict[str, Any] = {
    "id": "w_1",
    "kind": "external",
    "number": None,
    "title": {"sv": "Från fynd till schema <b>", "en": ""},
    "form": "hybrid",
    "languages": ["sv", "en"],
    "audiences": ["educators", "citizens"],
    "purpose": {"sv": HOSTILE, "en": HOSTILE},
    "place": {"sv": "Rum <b>", "en": ""},
    "access_offers": {"sv": "Hörslinga", "en": "Hearing loop"},
    "interpreting": {"sv": "", "en": "On request"},
    "consent_needed": {"sv": "Bild", "en": "Pictures"},
    "recording": False,
    "open_to_all": True,
    "capacity": 40,
    "zone": "Europe/Stockholm",
    "starts_at": STARTS,
    "ends_at": STARTS + timedelta(minutes=90),
    "reply_by": STARTS - timedelta(days=7),
    "to_confirm": False,
    "planned_at": None,
    "state": "invited",
    "state_reason": {},
    "moved": False,
    "needs_erased_at": None,
    "series": "r_1",
    "session": None,
    "link": "https://example.org/room?a=1&b=<",
    "host": "Hanna <b>",
    "cohost": "Elsa",
    "cohost_from": "citizen",
    "agenda": [{"minutes": 20, "title": {"sv": "Tre fynd <b>", "en": ""}, "starts_at": STARTS}],
    "material": [{"url": "https://example.org/?a=<", "title": {"sv": "Text <b>", "en": "Text"}}],
    "counts": COUNTS,
    "may_reply": ["room", "online", "maybe", "no", "deputy"],
    "takes_replies": True,
    "over": False,
}
REASON = {"sv": "salen är stängd <b>", "en": ""}
PERSON: dict[str, Any] = {
    "id": "n_1",
    "name": "Anna <b>",
    "email": "anna@example.org",
    "language": "sv",
    "group": "lived",
    "phd_student": True,
    "audience": "educators",
    "reply": "room",
    "place": "held",
    "waiting_since": None,
    "offered_until": None,
    "deputy_for": "n_2",
    "stopped": True,
    "needs": {"access": HOSTILE, "food": "vegan", "travel": "1"},
    "question": HOSTILE,
}
WAITS = {
    **PERSON, "id": "n_2", "name": "", "email": "", "language": "both", "group": None,
    "reply": "online", "place": "offered", "waiting_since": STARTS, "offered_until": LATER,
    "needs": {"access": "", "food": "", "travel": ""}, "stopped": False, "phd_student": False,
    "audience": None,
}  # fmt: skip
OWN: dict[str, Any] = {
    "reply": "room", "place": "held", "offered_until": LATER, "zone": "Europe/London",
    "language": "en", "name": "Anna <b>", "email": "anna@example.org", "mailed": True,
    "deputy": False, "deputy_url": "", "before": 2, "access": HOSTILE, "food": "vegan",
    "travel": "1", "question": HOSTILE,
}  # fmt: skip
ENTRY: dict[str, Any] = {
    "id": "w_1", "kind": "forum", "url": "/workshops/w_1", "title": {"sv": "Forum <b>", "en": ""},
    "starts_at": STARTS, "ends_at": LATER, "state": "invited", "form": "online",
    "open_to_all": False, "audiences": ["leaders", "funders"], "cases": [CASE],
}  # fmt: skip
SESSION = {**ENTRY, "kind": "session", "ends_at": None, "form": None, "state": "running",
           "audiences": [], "open_to_all": True}  # fmt: skip
TIME = {"day": "2027-03-04", "from": "13:00", "to": "14:30", "zone": "Europe/London"}


def meeting(**more: Any) -> dict[str, Any]:
    return {"meeting": {**MEETING, **more}}


def own(*, about: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    context: dict[str, Any] = {
        **meeting(**(about or {})),
        "reply": {**OWN, **more},
        "secret": "rp_1",
        "own_url": "http://x.se/replies/rp_1",
        "feed_url": "http://x.se/api/v1/calendar/1.ics",
        "feedback_open": False,
        "feedback": None,
        "door": False,
        "done": "",
    }
    return context


def organised(state: str = "invited", **more: Any) -> dict[str, Any]:
    about = more.pop("about", {})
    acts = [
        {"act": act, "reason": states.ACTS[act].reason, "mails": number if number < 3 else None}
        for number, act in enumerate(states.acts_from(state))
    ]
    warnings = [
        {"code": "weekend", "facts": {}, "hint": False, "accepted": None, "sentence": "Helg <b>"},
        {"code": "recording", "facts": {}, "hint": False, "accepted": HOSTILE, "sentence": "Ljud"},
        {"code": "half_term", "facts": {}, "hint": True, "accepted": None, "sentence": "Lov"},
    ]
    return {
        **meeting(state=state, **about),
        "may_change": state in states.CHANGEABLE,
        "runs": True,
        "acts": acts,
        "warnings": warnings,
        "told": 3,
        "kept": TIME,
        "sessions": [],
        "formats": [{"id": "jif-90", "title": {"sv": "JIF <b>", "en": "JIF"}, "minutes": 90}],
        "feedback": [],
        "useful": "",
        "done": "",
        "wrong": "",
        "twice": False,
        "at": {},
        "caller": HOST,
        **more,
    }


def form(about: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "meeting": about,
        "kinds": states.KINDS,
        "cases": [CASE],
        "audiences": AUDIENCES,
        "tags": TAGS,
        "at": FORM_AT,
        "agenda_rows": 4,
        "client_id": "f0",
        "material_rows": 3,
        "twice": False,
        "values": {**TIME, "kind": "forum", "cases-case_1": "1"},
        "caller": HOST,
        **more,
    }


def series_form(**more: Any) -> dict[str, Any]:
    return {
        "preview": [],
        "looked_at": "",
        "client_id": "f0",
        "kinds": states.KINDS,
        "audiences": AUDIENCES,
        "at": {"title": "title_sv", "rule": "how", "starts": "day"},
        "twice": False,
        "values": {**TIME, "kind": "rule", "how": "own", "own_rule": HOSTILE},
        "caller": HOST,
        **more,
    }


def meeting_pages() -> list[tuple[str, str, dict[str, Any]]]:
    day = {"starts_at": STARTS, "ends_at": LATER, "zone": "Europe/Stockholm", "moved": True,
           "planned_at": LATER, "open_to_all": False, "warnings": ["Helg <b>"]}  # fmt: skip
    calendar = {"cases": [CASE], "audiences": AUDIENCES, "feed_path": "/api/v1/calendar.ics",
                "feed_url": "http://x.se/api/v1/calendar.ics"}  # fmt: skip
    nothing = {"case": "", "audience": ""}
    wrong = {"reply": "Välj", "email": "Fel", "name": "Skriv", "access": "Långt"}
    lists = {"invitees": [PERSON, WAITS], "caller": HOST}
    inviting = {
        **meeting(),
        "told": True,
        "may_invite": True,
        "lines": [],
        "added": None,
        "audiences": AUDIENCES,
        **lists,
    }
    each = [
        {**MEETING, "number": 1, "to_confirm": True, "planned_at": LATER},
        {**MEETING, "id": "w_2", "number": 2, "state": "cancelled", "open_to_all": False},
    ]
    a_series = {"id": "r_1", "title": {"sv": "Serie <b>", "en": ""}, "meetings": each}
    none = {**COUNTS, "room": 0, "online": 0, "left": 0}
    by = dict.fromkeys(("room", "online", "maybe", "no", "deputy", "none", "invited"), 1)
    return [
        ("calendar", "meetings/calendar.html",
         {**calendar, "chosen": nothing, "organises": True, "past": [ENTRY], "later": "2027-09",
          "months": [{"at": STARTS, "entries": [
              ENTRY, SESSION, {**ENTRY, "state": "cancelled"}, {**ENTRY, "state": "draft"}]}]}),
        ("calendar empty", "meetings/calendar.html",
         {**calendar, "chosen": nothing, "organises": False, "past": [], "months": [],
          "later": None}),
        ("calendar filtered", "meetings/calendar.html",
         {**calendar, "chosen": {"case": "case_1", "audience": "leaders"}, "organises": False,
          "past": [], "months": [], "later": None}),
        ("meeting", "meetings/meeting.html",
         {**meeting(), "key": "k", "organises": True, "record": "s_1"}),
        ("meeting with faults", "meetings/meeting.html",
         {**meeting(), "key": "k", "organises": False, "record": "", "errors": wrong,
          "values": {"reply": "room", "access": HOSTILE, "question": HOSTILE, "name": HOSTILE}}),
        ("meeting full", "meetings/meeting.html",
         {**meeting(counts=none, form="online"), "key": "k", "organises": False, "record": ""}),
        *((f"meeting {state}", "meetings/meeting.html",
           {**meeting(state=state, state_reason=REASON, takes_replies=False), "key": "k",
            "organises": False, "record": ""})
          for state in ("cancelled", "postponed", "ended", "live", "draft")),
        ("meeting moved", "meetings/meeting.html",
         {**meeting(moved=True, state_reason=REASON, open_to_all=False, recording=True,
                    form="room", place={}),
          "key": "k", "organises": False, "record": ""}),
        ("replied", "meetings/replied.html", {"meeting": MEETING}),
        ("reply", "meetings/reply.html", own() | {"door": True}),
        ("reply first", "meetings/reply.html", own(reply=None, place=None, mailed=False)),
        ("reply offered", "meetings/reply.html", own(place="offered", reply="online")),
        ("reply waits", "meetings/reply.html",
         own(place="waiting", about={"counts": none}) | {"done": "saved"}),
        ("reply maybe", "meetings/reply.html", own(reply="maybe") | {"done": "passed"}),
        ("reply deputy", "meetings/reply.html",
         own(reply="deputy", place=None, deputy_url="http://x.se/replies/rp_2")),
        ("reply of a deputy", "meetings/reply.html",
         own(deputy=True, reply=None) | {"errors": wrong, "values": {"reply": "no"}}),
        ("reply over", "meetings/reply.html",
         own(about={"state": "ended", "takes_replies": False, "over": True})
         | {"feedback_open": True, "done": "feedback",
            "feedback": {"useful": 4, "text": HOSTILE, "language": "sv"}}),
        ("reply with faulty feedback", "meetings/reply.html",
         own(about={"state": "ended", "takes_replies": False, "over": True})
         | {"feedback_open": True, "values": {"text": HOSTILE}, "done": "taken",
            "errors": {"useful": "Fel", "text": "Skriv"}}),
        ("no more", "meetings/no_more.html", {"secret": "rp_1", "stopped": False}),
        ("no more done", "meetings/no_more.html", {"secret": "rp_1", "stopped": True}),
        ("erased", "meetings/erased.html", {}),
        ("meeting new", "meetings/edit.html", form()),
        ("meeting new with faults", "meetings/edit.html",
         form(twice=True, errors={"day": "Fel", "title_sv": "Skriv", "agenda_0_title_sv": "Skriv"},
              values={**TIME, "title_sv": HOSTILE, "purpose_en": HOSTILE})),
        ("meeting edit", "meetings/edit.html", form(MEETING)),
        *((f"organise {state}", "meetings/organise.html", organised(state))
          for state in states.STATES),
        ("organise moved", "meetings/organise.html",
         organised(about={"to_confirm": True, "planned_at": LATER, "session": "s_1"},
                   done="moved", told=0,
                   feedback=[{"text": HOSTILE, "language": "sv", "useful": 4}], useful="4.0")),
        ("organise with a faulty move", "meetings/organise.html",
         organised(wrong="move", errors={"day": "Fel", "reason_sv": "Skriv"}, twice=True,
                   at={"reason_sv": "move_reason_sv"}, values={**TIME, "reason_en": HOSTILE},
                   sessions=[SimpleNamespace(id="s_1", title={"sv": "Samtal <b>", "en": ""})])),
        ("organise with a faulty warning", "meetings/organise.html",
         organised(wrong="warning-weekend-1", errors={"reason": "Skriv"},
                   at={"reason": "reason-1"})),
        ("organise with a faulty end", "meetings/organise.html",
         organised(wrong="cancel", errors={"reason_sv": "Skriv"}, values={"reason_en": HOSTILE},
                   at={"reason_sv": "cancel_reason_sv"}, refused=None)),
        ("meeting invitations", "meetings/invitations.html", inviting),
        ("meeting invitations sent", "meetings/invitations.html",
         {**inviting, "told": False, "added": {"new": 2, "known": 1, "unsubscribed": 1}}),
        ("meeting invitations with faults", "meetings/invitations.html",
         {**inviting, "values": {"addresses": HOSTILE, "language": "sv", "group": "lived"},
          "lines": [{"sentence": "Rad 1: fel", "text": HOSTILE}]}),
        ("meeting invitations empty", "meetings/invitations.html",
         {**inviting, "invitees": [], "may_invite": False, "errors": {"addresses": "Skriv"}}),
        ("meeting replies", "meetings/replies.html",
         {**meeting(), **lists, "waiting": [WAITS], "by_group": [("lived", by), (None, by)],
          "by_language": [("sv", by), ("both", by)]}),
        ("meeting replies empty", "meetings/replies.html",
         {**meeting(capacity=None), "invitees": [], "waiting": [], "by_group": [],
          "by_language": [], "caller": HOST}),
        ("meeting needs", "meetings/needs.html",
         {**meeting(), "needs": [PERSON], "coming": [PERSON, WAITS], "erased_on": LATER,
          "caller": HOST}),
        ("meeting needs empty", "meetings/needs.html",
         {**meeting(), "needs": [], "coming": [], "erased_on": LATER, "caller": HOST}),
        ("meeting needs erased", "meetings/needs.html",
         {**meeting(needs_erased_at=LATER), "needs": [], "coming": [], "erased_on": LATER,
          "caller": HOST}),
        ("series new", "meetings/series_new.html", series_form()),
        ("series preview", "meetings/series_new.html",
         series_form(preview=[day, {**day, "moved": False, "open_to_all": True, "warnings": []}],
                     looked_at="x", values={**TIME, "kind": "forums"})),
        ("series with faults", "meetings/series_new.html",
         series_form(errors={"rule": "Fel", "title": "Skriv", "day": "Fel"})),
        ("series list", "meetings/series_list.html", {"series": [a_series], "caller": HOST}),
        ("series list empty", "meetings/series_list.html", {"series": [], "caller": HOST}),
        ("series", "meetings/series.html",
         {"series": a_series, "organises": True, "done": "confirmed", "caller": HOST}),
        ("series empty", "meetings/series.html",
         {"series": {**a_series, "meetings": []}, "organises": False, "done": ""}),
    ]  # fmt: skip
