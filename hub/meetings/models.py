"""Series, meetings, who is invited and what they replied.

A meeting is a forum of a series or a dissemination workshop; its live session, if it has one, is a
gathering. Source: dissemination.md, "Workshops"; programme.md, "The series rule".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, new_id


class Series(Base):
    """Meetings that repeat: a series of forums, or a workshop by a rule of RFC 5545."""

    __tablename__ = "series"

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("r"))
    # forums (every so many months, dates moved off holidays) or rule (an RRULE).
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[dict[str, Any]]
    # The first start on the wall clock of the zone, as 2027-03-25T13:00.
    starts_local: Mapped[str] = mapped_column(String(16))
    zone: Mapped[str] = mapped_column(String(40), default="Europe/Stockholm")
    minutes: Mapped[int]
    interval_months: Mapped[int | None]
    count: Mapped[int]
    rule: Mapped[str | None] = mapped_column(String(300))
    # One for life: all meetings by a rule share it in calendars.
    uid: Mapped[str] = mapped_column(String(120), unique=True)
    demonstration: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]


class Meeting(Base):
    """One meeting at one time. Texts are ``{"sv": …, "en": …}``."""

    __tablename__ = "meetings"
    __table_args__ = (
        Index("ix_meetings_starts_at", "starts_at"),
        Index("ix_meetings_series_id", "series_id"),
        Index("ix_meetings_gathering_id", "gathering_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("w"))
    # forum, within_case, between_cases or external.
    kind: Mapped[str] = mapped_column(String(20))
    series_id: Mapped[str | None] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"))
    # Its place in the series, from 1.
    number: Mapped[int | None]
    # The live session that it is held in.
    gathering_id: Mapped[str | None] = mapped_column(
        ForeignKey("gatherings.id", ondelete="SET NULL")
    )
    title: Mapped[dict[str, Any]]
    # For calendars that others see too: neutral, nothing of what it is about.
    short_title: Mapped[dict[str, Any]] = mapped_column(default=dict)
    purpose: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # What invitations say: what it is about, and why this person is wanted there.
    topic: Mapped[dict[str, Any]] = mapped_column(default=dict)
    why_you: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cases: Mapped[list[Any]] = mapped_column(default=list)
    tags: Mapped[list[Any]] = mapped_column(default=list)
    audiences: Mapped[list[Any]] = mapped_column(default=list)
    # room, online or hybrid.
    form: Mapped[str] = mapped_column(String(10), default="online")
    place: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # A link of the organiser's own; without one, the live session's.
    link: Mapped[str] = mapped_column(String(500), default="")
    languages: Mapped[list[Any]] = mapped_column(default=list)
    interpreting: Mapped[dict[str, Any]] = mapped_column(default=dict)
    access_offers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # ``[{"minutes": 20, "title": {"sv": …, "en": …}}]``
    agenda: Mapped[list[Any]] = mapped_column(default=list)
    # ``[{"url": …, "title": {"sv": …, "en": …}}]``
    material: Mapped[list[Any]] = mapped_column(default=list)
    consent_needed: Mapped[dict[str, Any]] = mapped_column(default=dict)
    recording: Mapped[bool] = mapped_column(default=False)
    host: Mapped[str] = mapped_column(String(200), default="")
    cohost: Mapped[str] = mapped_column(String(200), default="")
    # case or citizen; None: the co-host comes from neither.
    cohost_from: Mapped[str | None] = mapped_column(String(10))
    # Open to all, or by invitation.
    open_to_all: Mapped[bool] = mapped_column(default=True)
    capacity: Mapped[int | None]
    # Seats kept for a group: ``{"lived": 6}``.
    quotas: Mapped[dict[str, Any]] = mapped_column(default=dict)
    minimum: Mapped[int] = mapped_column(default=0)

    # The wall clock of the zone is what was agreed; the instants follow from it.
    zone: Mapped[str] = mapped_column(String(40), default="Europe/Stockholm")
    starts_local: Mapped[str] = mapped_column(String(16))
    ends_local: Mapped[str] = mapped_column(String(16))
    # 1: the second of two equal times, on the night when clocks go back.
    fold: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    # Its start by the rule of its series, which names it in calendars after it was moved.
    planned_local: Mapped[str | None] = mapped_column(String(16))
    reply_by: Mapped[datetime | None]
    # A date that the hub moved off a weekend or holiday waits for the organiser's yes.
    to_confirm: Mapped[bool] = mapped_column(default=False)

    state: Mapped[str] = mapped_column(String(12), default="draft")
    state_reason: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Warnings that the organiser goes on with, and why: ``{"no_lived_third": "…"}``.
    accepted: Mapped[dict[str, Any]] = mapped_column(default=dict)
    uid: Mapped[str] = mapped_column(String(120))
    sequence: Mapped[int] = mapped_column(default=0)
    demonstration: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    invited_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    followed_up_at: Mapped[datetime | None]
    # What those who are invited were told last of fields that were changed since.
    untold: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Access and food answers are gone since then.
    needs_erased_at: Mapped[datetime | None]


class Invitee(Base):
    """Somebody who is invited, or who came by themselves; and their reply.

    Name and address are sealed; ``address_hash`` is keyed, so that one address is invited once.
    ``reply`` is None, ``room``, ``online``, ``maybe``, ``no`` or ``deputy``; ``place`` is ``held``,
    ``waiting``, ``offered`` or None.
    """

    __tablename__ = "invitees"
    __table_args__ = (
        UniqueConstraint("meeting_id", "address_hash"),
        Index("ix_invitees_meeting_id", "meeting_id"),
        Index("ix_invitees_address_hash", "address_hash"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("n"))
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # ``{"name", "email", "secret"}``, sealed; the secret makes the links in later mails.
    sealed: Mapped[str | None] = mapped_column(Text)
    address_hash: Mapped[str | None] = mapped_column(String(64))
    # sv, en, or both where nobody has said.
    language: Mapped[str] = mapped_column(String(4), default="both")
    zone: Mapped[str] = mapped_column(String(40), default="Europe/Stockholm")
    group: Mapped[str | None] = mapped_column(String(10))
    role: Mapped[str | None] = mapped_column(String(20))
    # Doctoral students who study a case are invited to every forum of a series.
    phd_student: Mapped[bool] = mapped_column(default=False)
    # Whom they come instead of.
    deputy_for: Mapped[str | None] = mapped_column(String(30))
    reply: Mapped[str | None] = mapped_column(String(10))
    replied_at: Mapped[datetime | None]
    place: Mapped[str | None] = mapped_column(String(10))
    waiting_since: Mapped[datetime | None]
    offered_until: Mapped[datetime | None]
    # ``{"access", "food", "travel"}``, sealed; erased 14 days after the meeting.
    sealed_needs: Mapped[str | None] = mapped_column(Text)
    # A question for the day, sealed; shown to organisers.
    sealed_question: Mapped[str | None] = mapped_column(Text)
    invited_at: Mapped[datetime | None]
    # What their calendar was told last.
    sequence: Mapped[int | None]
    # Whose version of a summary they are sent; None: their role and group tell.
    audience: Mapped[str | None] = mapped_column(String(12))
    created_at: Mapped[datetime]


class NoMail(Base):
    """An address that wants no more mail about meetings: only its keyed hash is kept."""

    __tablename__ = "no_mails"

    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]


class Feedback(Base):
    """What somebody said about a meeting afterwards, without who it was."""

    __tablename__ = "meeting_feedback"
    __table_args__ = (Index("ix_meeting_feedback_meeting_id", "meeting_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("b"))
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    # Keyed hash of the invitee's secret, so that each answers once and may change it.
    answer_key: Mapped[str] = mapped_column(String(64))
    useful: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str | None] = mapped_column(String(2))
    at: Mapped[datetime]
