"""The page on personal data and the accessibility statement: whole, true and plain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from sqlalchemy import select

from hub.mail.actions import read_mail
from hub.mail.jobs import Post, send_due
from hub.mail.models import Mail
from tests.conftest import Hub

PAGES = ("/privacy", "/accessibility")
BLOCKS = {"p", "li", "h1", "h2", "h3", "dt", "dd", "label", "legend", "button", "option", "div"}
SKIPPED = {"script", "style", "header", "footer", "nav"}


class MainText(HTMLParser):
    """The text of ``main``, with a line break where a block ends."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._inside = False
        self._skipping = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside |= tag == "main"
        self._skipping += tag in SKIPPED

    def handle_endtag(self, tag: str) -> None:
        self._inside &= tag != "main"
        self._skipping -= tag in SKIPPED
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._inside and not self._skipping:
            self.parts.append(data)


@dataclass(frozen=True)
class Measured:
    """How hard a text is: words in a sentence, and LIX.

    LIX is the mean number of words in a sentence plus the share of words with more than six
    letters, in percent. Source: Björnsson, Läsbarhet, 1968.
    """

    words: int
    sentence: float
    lix: float


def measure(text: str) -> Measured:
    sentences = [s for s in re.split(r"[.!?:]+(?:\s|$)|\n+", text) if re.search(r"[^\W\d_]", s)]
    words = [w for s in sentences for w in re.findall(r"[^\W_]+(?:[-’'][^\W_]+)*", s)]
    long = sum(1 for w in words if sum(c.isalpha() for c in w) > 6)
    mean = len(words) / len(sentences)
    return Measured(len(words), mean, mean + 100 * long / len(words))


def test_the_measure_tells_easy_from_hard() -> None:
    easy = measure("Du får sluta. Ingen frågar varför.\nVälj själv")
    assert (easy.words, round(easy.sentence, 1), round(easy.lix)) == (8, 2.7, 3)
    hard = "Personuppgiftsbehandlingen förutsätter rättslig grund enligt dataskyddsförordningen."
    assert measure(hard).lix > 60


async def read(hub: Hub, path: str, language: str) -> str:
    hub.http.cookies.clear()
    answer = await hub.http.get(path, headers={"accept-language": language})
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_a_legal_page_is_plain(hub: Hub, path: str, language: str) -> None:
    html = await read(hub, path, language)
    text = re.sub(r"[ \t\r\n]*\n[ \t\r\n]*", "\n", "".join(MainText(html).parts))
    measured = measure(text)
    assert measured.words > 250
    assert measured.sentence <= 15
    assert measured.lix <= 40


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_the_page_on_personal_data_says_all_that_the_law_asks_for(
    hub: Hub, language: str
) -> None:
    html = await read(hub, "/privacy", language)
    for part in ("who", "basis", "what", "readers", "where", "long", "rights", "back", "complain"):
        assert f'<section class="stack-s" id="{part}"' in html
    assert "https://www.imy.se" in html
    assert "https://ico.org.uk" in html


async def test_how_long_things_are_kept_follows_the_rules(hub: Hub) -> None:
    admin = await hub.account("admin")
    before = await read(hub, "/privacy", "en")
    assert "no decision yet, so nothing is deleted (planned: 730 days)" in before
    answer = await admin.put("/retention/posts", {"days": 400, "decision": "Beslut 2026:7"})
    assert answer.status_code == 200, answer.text
    after = await read(hub, "/privacy", "en")
    assert "<dt>Posts</dt><dd>400 days</dd>" in after
    assert "Beslut 2026:7" not in after


async def test_the_organiser_says_who_is_responsible(hub: Hub) -> None:
    assert "Den som bjuder in dig till samtalet ansvarar" in await read(hub, "/privacy", "sv")
    (hub.settings.data_dir / "organiser.yaml").write_text(
        "name: {sv: Universitetet, en: The university}\n"
        "contact: dpo@example.org <b>\n"
        "officer: {sv: Ombud Ek}\n"
        "basis: {sv: Ett avtal, en: An agreement}\n"
    )
    sv, en = await read(hub, "/privacy", "sv"), await read(hub, "/privacy", "en")
    assert "Den som bjuder in dig till samtalet ansvarar" not in sv
    assert "Universitetet" in sv
    assert "dpo@example.org &lt;b&gt;" in sv
    assert "Ett avtal" in sv
    assert "The university" in en
    assert "An agreement" in en
    assert 'lang="sv" dir="auto">Ombud Ek' in en


@pytest.mark.parametrize(
    "text", ["name: [", "- a\n- b\n", "name: X\n", "contact: x\nname: {sv: ''}\n", "\x00"]
)
async def test_a_file_that_cannot_be_read_does_not_stop_the_page(hub: Hub, text: str) -> None:
    (hub.settings.data_dir / "organiser.yaml").write_text(text)
    assert "Den som bjuder in dig till samtalet ansvarar" in await read(hub, "/privacy", "sv")


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_the_accessibility_statement_names_standard_status_and_supervision(
    hub: Hub, language: str
) -> None:
    html = await read(hub, "/accessibility", language)
    for wanted in ("2018:1937", "EN 301 549", "WCAG", "https://www.digg.se/tdosanmalan", "EHRC"):
        assert wanted in html
    assert 'action="/accessibility/report"' in html


async def waiting(hub: Hub) -> list[tuple[str, dict[str, str]]]:
    """To whom and with what each report waits to be sent."""
    async with hub.database.reading() as tx:
        mails = await tx.scalars(
            select(Mail).where(Mail.kind == "accessibility_report", Mail.sent_at.is_(None))
        )
        return [read_mail(hub.settings.read_key(), mail) for mail in mails]


async def test_a_report_goes_to_every_admin_and_lies_sealed_until_it_is_sent(hub: Hub) -> None:
    await hub.account("admin", "Alma")
    await hub.account("admin", "Bo")
    await hub.account("facilitator", "Cilla")
    report = {"text": "Knappen Räcka upp handen syns inte", "email": "ester@example.org"}
    answer = await hub.http.post("/accessibility/report", data=report)
    assert answer.status_code == 303
    thanks = await hub.http.get(answer.headers["location"], headers={"accept-language": "en"})
    assert "Your report has been sent" in thanks.text
    mails = await waiting(hub)
    assert [facts for _, facts in mails] == [report, report]
    assert sorted(to[:2] for to, _ in mails) == ["al", "bo"]
    raw = hub.raw()
    assert b"Knappen" not in raw
    assert b"ester@example.org" not in raw

    post = Post(hub.database, hub.clock, hub.app.state.renderer, hub.settings)
    assert await send_due(post) == 2
    written = [p.read_bytes() for p in (hub.settings.data_dir / "outbox").glob("*.eml")]
    assert len(written) == 2
    assert all(b"ester@example.org" in each for each in written)
    assert await waiting(hub) == []


async def test_a_report_reaches_a_facilitator_where_there_is_no_admin(hub: Hub) -> None:
    assert (await hub.http.post("/accessibility/report", data={"text": "x"})).status_code == 409
    await hub.account("facilitator", "Cilla")
    assert (await hub.http.post("/accessibility/report", data={"text": "x"})).status_code == 303
    assert [to[:5] for to, _ in await waiting(hub)] == ["cilla"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"text": " ", "email": ""}, "Write what does not work"),
        ({"text": "x" * 2001, "email": ""}, "too long"),
        ({"text": "Menyn syns inte", "email": "no address"}, "report-email-e"),
    ],
)
async def test_a_faulty_report_is_shown_again_with_what_was_typed(
    hub: Hub, typed: dict[str, str], said: str
) -> None:
    await hub.account("admin")
    answer = await hub.http.post(
        "/accessibility/report", data=typed, headers={"accept-language": "en"}
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert typed["text"].strip() in answer.text
    assert typed["email"] in answer.text
    assert await waiting(hub) == []


async def test_one_address_cannot_fill_the_letter_box(hub: Hub) -> None:
    await hub.account("admin")
    codes = [
        (await hub.http.post("/accessibility/report", data={"text": f"Fel {n}"})).status_code
        for n in range(6)
    ]
    assert codes == [303] * 5 + [429]
    kept = await hub.http.post(
        "/accessibility/report",
        data={"text": "Texten finns kvar"},
        headers={"accept-language": "en"},
    )
    assert "Texten finns kvar" in kept.text
