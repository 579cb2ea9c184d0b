"""Who people are in a session: languages, roles, groups and what they said yes to."""

from __future__ import annotations

import unicodedata
from typing import Any, Literal

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
)
CONSENT_VERSION = "2026-11"
NAME_LIMIT = 40
PASSWORD_MINIMUM = 10


def other_language(language: Language) -> Language:
    return "en" if language == "sv" else "sv"


def group_of(role: str | None) -> str | None:
    """The group a role belongs to, or None for those who would rather not say."""
    return GROUP_OF_ROLE.get(role or "")


def clean_text(text: str) -> str:
    """What a person wrote, in one normal form, without what no screen can show.

    Lone surrogates and control characters (other than line breaks and tabs) are dropped: no
    database keeps them. Invisible characters inside a text stay, since scripts need them.
    """
    text = text.encode("utf-8", "ignore").decode("utf-8")
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
    return "".join(kept).strip()


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
    return "password_short" if len(password) < PASSWORD_MINIMUM else None


def consent_summary(choices: dict[str, Any]) -> list[str]:
    """The choices somebody said yes to, in the order of the form."""
    return [choice for choice in CONSENT_CHOICES if choices.get(choice)]
