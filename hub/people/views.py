"""Plain values of people that pages and calls show."""

from __future__ import annotations

from typing import Any

from hub.people.rules import consent_summary
from hub.people.texts import Text


def text_view(text: Text) -> dict[str, Any]:
    """A consent text as it is read; the right answers are not in it."""
    data = text.data
    return {
        "version": text.version,
        "date": data["date"],
        "short": data["short"],
        "full": data["full"],
        "choices": data["choices"],
        "questions": [
            {"id": q["id"], "question": q["question"], "answers": q["answers"]}
            for q in text.questions
        ],
        "news": data.get("news"),
    }


def form_view(text: Text) -> dict[str, Any]:
    """A consent text as the form asks with it: each question has its explanation."""
    return text_view(text) | {
        "questions": [
            {
                "id": q["id"],
                "question": q["question"],
                "answers": q["answers"],
                "explanation": q["explanation"],
            }
            for q in text.questions
        ]
    }


def said_view(consent: Any) -> dict[str, Any] | None:
    """What somebody said yes to, when, and in which text; None where nothing is kept."""
    return consent and {
        "choices": consent_summary(consent.choices),
        "version": consent.version,
        "language": consent.language,
        "given_at": consent.given_at,
    }
