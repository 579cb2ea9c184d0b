"""Who people are in a session: languages, roles, groups and what they said yes to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

Language = Literal["sv", "en"]
LANGUAGES: tuple[Language, Language] = ("sv", "en")

# Source: the roles of the programme; a facilitator has no group and no vote.
GROUP_OF_ROLE: dict[str, str | None] = {
    "patient": "lived",
    "carer": "lived",
    "citizen": "lived",
    "practitioner": "practice",
    "leader": "practice",
    "policy": "practice",
    "researcher": "research",
    "phd_student": "research",
}
GROUPS = ("lived", "practice", "research")
ACCOUNT_ROLES = ("admin", "facilitator", "editor", "researcher")

CONSENT_CHOICES = (
    "take_part",
    "follow",
    "quote_alias",
    "quote_role",
    "improve_translation",
    "contact",
    "transcribe",
)
NAME_LIMIT = 40
PASSWORD_MINIMUM = 10
PASSWORD_LIMIT = 200
EMAIL_LIMIT = 254
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@[^\s@,;:<>()\[\]\\\"]+\.[^\s@,;:<>()\[\]\\\"]+")
# The first that is found in what a browser says of itself. Most claim to be several.
_BROWSERS = (
    ("SamsungBrowser/", "Samsung Internet"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def other_language(language: Language) -> Language:
    return "en" if language == "sv" else "sv"


def group_of(role: str | None) -> str | None:
    """The group a role belongs to, or None for those who would rather not say."""
    return GROUP_OF_ROLE.get(role or "")


# All of Unicode's category Cc but line feed and tab.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean_text(text: str) -> str:
    """What a person wrote, in one normal form, without what no screen can show.

    Lone surrogates and control characters (other than line breaks and tabs) are dropped: no
    database keeps them. Invisible characters inside a text stay, since scripts need them.
    """
    text = text.encode("utf-8", "ignore").decode("utf-8")
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _CONTROLS.sub("", text).strip()


def is_blank(text: str) -> bool:
    """True where nothing would be seen: only spaces, or only invisible characters."""
    return all(c.isspace() or unicodedata.category(c) in ("Cf", "Cc", "Zs", "Mn") for c in text)


def read_consent(value: object) -> dict[str, bool]:
    """Consent as given: ``True`` means taking part only; a dict names each choice.

    What was not said yes to is no. Unknown choices are ignored.
    """
    if value is True:
        return {choice: choice == "take_part" for choice in CONSENT_CHOICES}
    if isinstance(value, dict):
        return {choice: value.get(choice) is True for choice in CONSENT_CHOICES}
    return dict.fromkeys(CONSENT_CHOICES, False)


def join_faults(
    *, name: str, language: object, role: str | None, consent: dict[str, bool]
) -> dict[str, str]:
    """JSON pointer to the code of what is wrong; empty where the person may come in."""
    faults: dict[str, str] = {}
    if is_blank(name):
        faults["/name"] = "name_missing"
    elif len(name) > NAME_LIMIT:
        faults["/name"] = "name_too_long"
    if language not in LANGUAGES:
        faults["/language"] = "language_unknown"
    if role is not None and role not in GROUP_OF_ROLE:
        faults["/role"] = "role_unknown"
    if not consent["take_part"]:
        faults["/consent"] = "consent_missing"
    return faults


def name_is_bot_like(name: str, reserved: tuple[str, ...]) -> bool:
    """True where an alias would be taken for the chatbot or the system."""
    folded = unicodedata.normalize("NFKC", name).casefold().strip()
    return folded in {word.casefold() for word in reserved}


def password_fault(password: str) -> str | None:
    """The code of what is wrong with a new password. No rules but its length (NIST SP 800-63B)."""
    if len(password) < PASSWORD_MINIMUM:
        return "password_short"
    return "password_long" if len(password) > PASSWORD_LIMIT else None


def is_email(text: str) -> bool:
    """Whether this can be one e-mail address, which no list and no header can be made of.

    What comes before the @ is ASCII: few servers take anything else.
    """
    seen = not any(unicodedata.category(c)[0] in "CZ" for c in text)
    dots = ".." not in text and not text.endswith(".") and not text.startswith(".")
    whole = _EMAIL.fullmatch(text) is not None
    local = text.partition("@")[0]
    plain = local.isascii() and not local.endswith(".")
    return seen and dots and whole and plain and len(text) <= EMAIL_LIMIT


def device_of(user_agent: str) -> str:
    """The family of a browser and its system, such as "Firefox, Android". Empty for all else.

    Nothing else of what a browser says is kept: it could tell people apart.
    """
    found = [
        next((name for mark, name in known if mark in user_agent), "")
        for known in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(part for part in found if part)


def consent_summary(choices: dict[str, Any]) -> list[str]:
    """The choices somebody said yes to, in the order of the form."""
    return [choice for choice in CONSENT_CHOICES if choices.get(choice)]


def understanding_faults(
    questions: Sequence[Mapping[str, Any]], answers: Mapping[str, object]
) -> dict[str, str]:
    """JSON pointer to what is wrong with the answers; empty where the text was understood.

    ``answers``: the id of the answer chosen, by the question's id.
    Source: privacy-and-access.md, "Consent model".
    """
    faults: dict[str, str] = {}
    for question in questions:
        given, pointer = answers.get(question["id"]), f"/understood/{question['id']}"
        if given not in {answer["id"] for answer in question["answers"]}:
            faults[pointer] = "understood_missing"
        elif given != question["right"]:
            faults[pointer] = "understood_wrong"
    return faults


def email_fault(email: str) -> str | None:
    """The code of what is wrong with an e-mail address; an empty one is none, and no fault."""
    return "email_unreadable" if email and not is_email(email) else None
