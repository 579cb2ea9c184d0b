"""POST /api/v1/translate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
import pytest
from fastapi import FastAPI

from hub.language.api import NotTranslated, router
from hub.language.text import Doubt, Language
from hub.language.translator import Translated

from .echo import EchoTranslator


def ask(body: object, translator: EchoTranslator | None = None) -> httpx.Response:
    app = FastAPI()
    app.include_router(router)
    app.state.translator = translator or EchoTranslator()

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            return await client.post("/api/v1/translate", json=body)

    return asyncio.run(send())


def test_a_text_is_translated() -> None:
    answer = ask({"text": "Hej", "from": "sv", "to": "en"})
    assert answer.status_code == 200
    assert answer.json() == {
        "text": "[en] Hej",
        "from": "sv",
        "source": "engine",
        "doubt": None,
        "suggestions": [],
    }


def test_the_language_is_guessed_where_it_is_not_given() -> None:
    answer = ask({"text": "I have been on this ward for three weeks", "to": "sv"})
    assert answer.json()["from"] == "en"


def test_a_doubt_is_told() -> None:
    class Doubtful(EchoTranslator):
        async def translate(
            self, texts: Sequence[str], *, source: Language, target: Language
        ) -> list[Translated]:
            doubt = Doubt(0.7, ("number_missing",))
            return [Translated("x", "machine", None, doubt, "m") for _ in texts]

    answer = ask({"text": "Hej", "from": "sv", "to": "en"}, Doubtful())
    assert answer.json()["doubt"] == {"score": 0.7, "reasons": ["number_missing"]}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "Hej"},
        {"text": "", "to": "en"},
        {"text": " \n\t", "to": "en"},
        {"text": "Hej", "to": "de"},
        {"text": "Hej", "from": "no", "to": "en"},
        {"text": "x" * 20_001, "to": "en"},
        {"text": 7, "to": "en"},
        ["Hej"],
    ],
)
def test_a_bad_request_is_422_and_translates_nothing(body: object) -> None:
    translator = EchoTranslator()
    assert ask(body, translator).status_code == 422
    assert translator.asked == []


def test_twenty_thousand_characters_are_not_too_many() -> None:
    assert ask({"text": "x" * 20_000, "from": "sv", "to": "en"}).status_code == 200


def test_a_failure_is_a_refusal_with_its_reason() -> None:
    with pytest.raises(NotTranslated) as refusal:
        ask({"text": "Hej", "from": "sv", "to": "en"}, EchoTranslator(failing="no_package"))
    assert refusal.value.status == 503
    assert refusal.value.facts == {"reason": "no_package"}
