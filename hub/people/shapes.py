"""What calls about accounts take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["admin", "facilitator", "editor", "researcher"]
Language = Literal["sv", "en"]


class AccountIn(BaseModel):
    """An account for somebody who gets a link by mail. ``name``: what participants see."""

    email: str = Field(max_length=254)
    name: str = Field(default="", max_length=80)
    role: Role
    language: Language = "sv"


class AccountChange(BaseModel):
    """What to change of an account; what is left out stays. ``disabled`` ends its sign-ins."""

    name: str | None = Field(default=None, max_length=80)
    role: Role | None = None
    language: Language | None = None
    disabled: bool | None = None


class AccountOut(BaseModel):
    """An account. ``seen_at``: when one of its sign-ins was last used, to the hour."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    email: str
    name: str
    role: str
    language: str
    has_password: bool
    created_at: datetime
    seen_at: datetime | None
    disabled_at: datetime | None


class Accounts(BaseModel):
    """A page of accounts."""

    items: list[AccountOut]
    next: str | None = None


class SignInOut(BaseModel):
    """One of one's own sign-ins. ``this``: the one that asks. ``device``: empty where unknown."""

    id: str
    kind: str
    device: str
    this: bool
    created_at: datetime
    seen_at: datetime | None
    expires_at: datetime


class SignIns(BaseModel):
    """One's own sign-ins and tokens that still work, latest first."""

    items: list[SignInOut]
    next: str | None = None
