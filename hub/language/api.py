"""The JSON face of translation. Who may use it is decided where the router is joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.db import Database
from hub.errors import Refusal
from hub.language import actions
from hub.language.glossary import Term
from hub.language.models import Pair, list_terms_in_use
from hub.language.text import Doubt, Language, looks_like, other
from hub.language.translator import Service

LONGEST_TEXT = 20_000

router = APIRouter(prefix="/api/v1", tags=["translation"])


class NotTranslated(Refusal):
    """No translation came out; `reason` is `no_package`, `degenerate`, `overloaded`, `engine`."""

    status = 503

    def __init__(self, reason: str) -> None:
        super().__init__("not_translated", reason=reason)


async def get_translator(request: Request) -> Service:
    """The translator that the app holds."""
    translator: Service = request.app.state.translator
    return translator


async def get_memory(request: Request) -> Database | None:
    """The database with the translation memory; None where the app has none."""
    found: Database | None = getattr(request.app.state, "database", None)
    return found


TranslatorDep = Annotated[Service, Depends(get_translator)]
MemoryDep = Annotated[Database | None, Depends(get_memory)]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("the text is empty")
    return text


class TranslationIn(BaseModel):
    """A text to translate. Without `from` its language is guessed."""

    model_config = ConfigDict(populate_by_name=True)

    text: Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_not_blank)]
    source: Language | None = Field(default=None, alias="from")
    target: Language = Field(alias="to")


class DoubtOut(BaseModel):
    """Why the text may be wrong; `score` from 0 (no doubt) to 1."""

    score: float
    reasons: list[str]

    @classmethod
    def of(cls, doubt: Doubt | None) -> DoubtOut | None:
        """The doubt as it goes out, if there is one."""
        return cls(score=doubt.score, reasons=list(doubt.reasons)) if doubt else None


class SuggestionOut(BaseModel):
    """What a person made of similar words; `score` from 0 to 1, which is the same words."""

    text: str
    source_text: str
    score: float
    origin: str


class TranslationOut(BaseModel):
    """The translated text; `source` says where it comes from, `from` its original language.

    `suggestions`: how people translated similar words, beside what the engine made.
    """

    text: str
    language: Language = Field(serialization_alias="from")
    source: Literal["memory", "engine"]
    doubt: DoubtOut | None
    suggestions: list[SuggestionOut] = Field(default_factory=list)


@router.post("/translate")
async def post_translate(
    wanted: TranslationIn, translator: TranslatorDep, database: MemoryDep
) -> TranslationOut:
    """Translates a text of up to 20,000 characters. People in live sessions go first."""
    source = wanted.source or looks_like(wanted.text) or other(wanted.target)
    known = await _known(database, wanted.text, source=source, target=wanted.target)
    if known.pair is not None:
        made = actions.from_memory(known.pair, wanted.text, None)
    else:
        made = await actions.translate(
            translator,
            wanted.text,
            source=source,
            target=wanted.target,
            terms=known.terms,
            urgent=False,
        )
    if made.status == "failed":
        raise NotTranslated(made.reason or "engine")
    return TranslationOut(
        text=made.text,
        language=made.source,
        source="memory" if made.status == "memory" else "engine",
        doubt=DoubtOut.of(made.doubt),
        suggestions=[SuggestionOut(**vars(each)) for each in known.suggestions],
    )


class _Known(NamedTuple):
    """What the database knows of a text: the words agreed on, and what people made of it."""

    terms: tuple[Term, ...] = ()
    pair: Pair | None = None
    suggestions: Sequence[actions.Suggestion] = ()


async def _known(
    database: Database | None, text: str, *, source: Language, target: Language
) -> _Known:
    """All in one view of the database, before the engine is asked."""
    if database is None or source == target:
        return _Known()
    async with database.reading() as tx:
        pair = (await actions.same_words(tx, [text], scopes=[])).find(
            text, target=target, scope=None
        )
        if pair is not None:
            return _Known(pair=pair)
        terms = (await list_terms_in_use(tx, ()))[None]
        suggestions = await actions.suggest(tx, text, target=target)
    return _Known(tuple(added.term for added in terms), None, suggestions)
