"""Pages behind a personal link: replying, an offered place, feedback, no more mail, erasing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hub.mail.models import Mail
from hub.meetings.models import Invitee, NoMail

from ..cast import Person
from ..conftest import Hub
from .forms import (
    HOSTILE,
    faults,
    fetch,
    get,
    invite,
    meeting_of,
    opened,
    post,
    secrets,
    sent,
    text_of,
    value_of,
)

YES = {"reply": "room", "language": "sv", "access": "Tolk", "food": "Vegan", "travel": "1",
       "question": "Hur gick det?"}  # fmt: skip


async def invited(hub: Hub, *addresses: str, **more: str | None) -> tuple[Person, str, list[str]]:
    """An organiser, a meeting, and the secrets of those who are invited."""
    fatima = await hub.account()
    made = await opened(hub, fatima, **more)
    await invite(hub, fatima, made, *addresses)
    known = await secrets(hub, made)
    return fatima, made, [known[each] for each in addresses]


async def test_ones_own_reply_is_seen_and_changed(hub: Hub) -> None:
    _, _, [secret] = await invited(hub, "maja@example.org")
    page = f"/replies/{secret}"
    assert "Will you come?" in await get(hub, page)
    to = await sent(hub, page, YES)
    shown = await get(hub, to)
    assert "Thank you. Your reply is saved." in shown
    assert "Yes, in the room You have a place" in text_of(shown)
    assert [value_of(shown, name) for name in ("access", "food", "question")] == [
        "Tolk",
        "Vegan",
        "Hur gick det?",
    ]
    await sent(hub, page, {**YES, "reply": "no"})
    again = text_of(await get(hub, page))
    assert "Your reply now No" in again
    assert "You have a place" not in again


async def test_the_same_reply_twice_is_one_reply_and_one_mail(hub: Hub) -> None:
    _, _, [secret] = await invited(hub, "maja@example.org")
    for _ in range(2):
        await sent(hub, f"/replies/{secret}", YES)
    async with hub.database.reading() as tx:
        mails = list(await tx.scalars(select(Mail).where(Mail.kind == "meeting_reply")))
    assert len(mails) == 1


async def test_a_page_of_ones_own_is_not_kept_by_browsers_nor_told_to_other_sites(hub: Hub) -> None:
    _, _, [secret] = await invited(hub, "maja@example.org")
    for path in ("", "/no-more"):
        answer = await fetch(hub, f"/replies/{secret}{path}")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] in ("no-referrer", "same-origin")


@pytest.mark.parametrize("path", ["", "/place", "/feedback", "/erase", "/no-more"])
async def test_a_wrong_link_opens_nothing(hub: Hub, path: str) -> None:
    _, _, [secret] = await invited(hub, "maja@example.org")
    wrong = f"/replies/{secret[:-1]}{'a' if secret[-1] != 'a' else 'b'}{path}"
    assert (await post(hub, wrong, YES)).status_code == 404
    if path in ("", "/no-more"):
        assert (await fetch(hub, wrong)).status_code == 404
    assert "Will you come?" in await get(hub, f"/replies/{secret}")


async def test_guessing_links_is_stopped(hub: Hub) -> None:
    answers = [(await fetch(hub, f"/replies/rp_{n}")).status_code for n in range(70)]
    assert answers[0] == 404
    assert answers[-1] == 429


async def test_a_faulty_reply_keeps_all_that_was_typed(hub: Hub) -> None:
    _, _, [secret] = await invited(hub, "maja@example.org")
    typed = {**YES, "reply": "perhaps", "access": HOSTILE, "question": "x" * 1001}
    answer = await post(hub, f"/replies/{secret}", typed)
    assert answer.status_code == 422
    assert "2 things to put right" in faults(answer.text)
    assert value_of(answer.text, "access") == HOSTILE
    assert value_of(answer.text, "question") == "x" * 1001
    assert "<script>alert" not in answer.text


async def test_a_freed_place_is_offered_with_a_time_and_can_be_taken(hub: Hub) -> None:
    _, _, [maja, tom] = await invited(
        hub, "maja@example.org", "tom@example.org", capacity="1", quotas_lived=None
    )
    await sent(hub, f"/replies/{maja}", YES)
    await sent(hub, f"/replies/{tom}", {**YES, "access": "Bilder"})
    assert "You are on the waiting list" in await get(hub, f"/replies/{tom}")
    await sent(hub, f"/replies/{maja}", {"reply": "no"})
    offered = text_of(await get(hub, f"/replies/{tom}"))
    assert "It is kept for you until Thursday 26 November 2026 at 13:30." in offered
    to = await sent(hub, f"/replies/{tom}/place", {"take": "1"})
    taken = await get(hub, to)
    assert "The place is yours." in taken
    assert "You have a place" in taken
    assert value_of(taken, "access") == "Bilder"


async def test_an_offered_place_is_passed_on_and_cannot_be_taken_after_that(hub: Hub) -> None:
    _, _, [maja, tom, ngozi] = await invited(
        hub, "maja@example.org", "tom@example.org", "ngozi@example.org", capacity="1"
    )
    for secret in (maja, tom, ngozi):
        await sent(hub, f"/replies/{secret}", YES)
        hub.clock.move(minutes=1)
    await sent(hub, f"/replies/{maja}", {"reply": "no"})
    to = await sent(hub, f"/replies/{tom}/place", {})
    assert "The place goes to somebody else." in await get(hub, to)
    assert "There is a place for you" in await get(hub, f"/replies/{ngozi}")
    late = await post(hub, f"/replies/{tom}/place", {"take": "1"})
    assert late.status_code == 409
    assert "no longer offered" in faults(late.text)


async def test_who_sends_somebody_else_gets_a_link_for_them(hub: Hub) -> None:
    _, made, [secret] = await invited(hub, "maja@example.org")
    await sent(hub, f"/replies/{secret}", {"reply": "deputy"})
    page = await get(hub, f"/replies/{secret}")
    assert "Give this link to whoever comes in your place" in page
    link = page.split('id="deputy" value="', 1)[1].split('"', 1)[0]
    theirs = link[link.index("/replies/") :]
    form = await get(hub, theirs)
    assert 'name="email"' in form
    assert 'value="deputy"' not in form
    await sent(hub, theirs, {**YES, "name": "Ola", "email": "ola@example.org"})
    assert "ola@example.org" in await secrets(hub, made)
    # From now on the link is theirs alone.
    assert "Give this link" not in await get(hub, f"/replies/{secret}")


async def test_no_more_mail_is_asked_first_and_done_by_a_button(hub: Hub) -> None:
    _, _, [secret] = await invited(hub, "maja@example.org")
    page = f"/replies/{secret}/no-more"
    assert (await get(hub, page)).count('method="post"') == 1
    async with hub.database.reading() as tx:
        assert await tx.scalar(select(NoMail)) is None
    for _ in range(2):
        answer = await post(hub, page, {})
        assert answer.status_code == 200
        assert "You get no more e-mail about meetings" in answer.text
    assert "No more e-mail about meetings" not in await get(hub, f"/replies/{secret}")


async def test_a_mail_program_stops_the_mail_with_one_click(hub: Hub) -> None:
    _, _, [secret] = await invited(hub, "maja@example.org")
    # RFC 8058: no cookies, no origin, this one field.
    answer = await hub.http.post(
        f"/replies/{secret}/no-more", data={"List-Unsubscribe": "One-Click"}
    )
    assert answer.status_code == 200
    async with hub.database.reading() as tx:
        assert await tx.scalar(select(NoMail)) is not None


async def test_erasing_oneself_needs_one_button_and_the_link_is_dead(hub: Hub) -> None:
    fatima, made, [secret] = await invited(hub, "maja@example.org")
    await sent(hub, f"/replies/{secret}", YES)
    to = await sent(hub, f"/replies/{secret}/erase", {})
    assert "Everything about you is erased" in await get(hub, to)
    assert (await fetch(hub, f"/replies/{secret}")).status_code == 404
    for path in ("invitations", "replies", "needs"):
        page = await get(hub, f"/workshops/{made}/{path}", fatima)
        assert "maja@example.org" not in page
        assert "Tolk" not in page


async def test_feedback_is_open_after_the_meeting_only_and_can_be_changed(hub: Hub) -> None:
    fatima, made, [secret] = await invited(hub, "maja@example.org")
    await sent(hub, f"/replies/{secret}", YES)
    early = await post(hub, f"/replies/{secret}/feedback", {"useful": "4"})
    assert early.status_code == 409
    for act in ("start", "end"):
        await sent(hub, f"/workshops/{made}/act/{act}", {}, fatima)
    page = f"/replies/{secret}"
    assert "How was it?" in await get(hub, page)
    empty = await post(hub, f"{page}/feedback", {"text": " "})
    assert empty.status_code == 422
    await sent(hub, f"{page}/feedback", {"useful": "2", "text": "Bra"})
    to = await sent(hub, f"{page}/feedback", {"useful": "4", "text": f"Bättre {HOSTILE}"})
    shown = await get(hub, to)
    assert value_of(shown, "text") == f"Bättre {HOSTILE}"
    assert 'value="4" checked' in shown
    organisers = await get(hub, f"/workshops/{made}/organise", fatima)
    assert "Useful: 4.0 of 5 on average." in organisers
    assert "<script>alert" not in organisers
    hub.clock.move(days=8)
    assert "How was it?" not in await get(hub, page)


async def test_after_the_last_day_a_no_is_taken_and_a_maybe_is_not(hub: Hub) -> None:
    _, made, [secret] = await invited(hub, "maja@example.org")
    await sent(hub, f"/replies/{secret}", YES)
    last = (await meeting_of(hub, made)).reply_by
    assert last is not None
    hub.clock.at = last
    hub.clock.move(minutes=1)
    page = await get(hub, f"/replies/{secret}")
    assert 'value="maybe"' not in page
    assert (await post(hub, f"/replies/{secret}", {"reply": "maybe"})).status_code == 409
    await sent(hub, f"/replies/{secret}", {"reply": "no"})
    assert "Your reply now No" in text_of(await get(hub, f"/replies/{secret}"))


async def test_the_personal_feed_on_the_page_opens(hub: Hub) -> None:
    _, _, [secret] = await invited(hub, "maja@example.org")
    await sent(hub, f"/replies/{secret}", YES)
    page = await get(hub, f"/replies/{secret}")
    feed = page.split('id="feed" value="', 1)[1].split('"', 1)[0]
    assert secret not in feed
    answer = await fetch(hub, feed[feed.index("/api/") :])
    assert answer.status_code == 200
    assert "BEGIN:VEVENT" in answer.text


async def test_a_cancelled_meeting_takes_no_reply_and_says_why(hub: Hub) -> None:
    fatima, made, [secret] = await invited(hub, "maja@example.org")
    reason = {"reason_sv": "salen brann", "reason_en": "the room burned"}
    await sent(hub, f"/workshops/{made}/act/cancel", reason, fatima)
    page = text_of(await get(hub, f"/replies/{secret}", language="sv"))
    assert "Inställd. Träffen blir inte av. Skäl: salen brann" in page
    assert (await post(hub, f"/replies/{secret}", YES)).status_code == 409


async def test_after_erasing_oneself_nothing_is_left_in_the_files_of_the_database(
    hub: Hub,
) -> None:
    _, _, [secret] = await invited(hub, "maja@example.org")
    await sent(hub, f"/replies/{secret}", YES)
    async with hub.database.reading() as tx:
        kept = await tx.scalar(select(Invitee.sealed_needs))
    assert kept is not None
    assert kept.encode() in hub.raw()
    await sent(hub, f"/replies/{secret}/erase", {})
    assert kept.encode() not in hub.raw()
