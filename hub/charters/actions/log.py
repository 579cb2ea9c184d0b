"""The log of a charter: every change is an event, and the state is what the events make."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import rules
from hub.charters.models import Charter, CharterEvent, CharterVersion, access_charter
from hub.errors import Invalid, NotFound
from hub.people.models import Account
from hub.people.rules import clean_text, is_blank
from hub.search import actions as search


class Change:
    """A charter under lock: its row and what its events have made so far."""

    def __init__(
        self, tx: AsyncSession, charter: Charter, *, account: Account | None, now: datetime
    ) -> None:
        self.tx, self.charter, self.account, self.now = tx, charter, account, now
        self.state = rules.read_state(charter.state) if charter.number else None

    @property
    def role(self) -> str:
        return self.account.role if self.account else "system"

    @property
    def there(self) -> rules.State:
        assert self.state is not None
        return self.state

    def record(self, kind: str, data: Mapping[str, Any]) -> rules.State:
        """Add the event to the log and bring the state up to it."""
        number = self.charter.number + 1
        event = rules.Event(number, self.now, kind, self.role, data)
        self.state = rules.apply(self.state, event)
        self.charter.number, self.charter.state = number, rules.state_of(self.state)
        self.charter.updated_at = self.now
        self.tx.add(
            CharterEvent(
                charter_id=self.charter.id,
                number=number,
                at=self.now,
                kind=kind,
                account_id=self.account.id if self.account else None,
                role=self.role,
                data=dict(data),
            )
        )
        return self.state

    def keep_version(self) -> CharterVersion:
        """Keep the state as it now is as the version that it says it is."""
        version = self.there.version
        assert version is not None
        row = CharterVersion(
            charter_id=self.charter.id,
            number=version["number"],
            based_on=version["based_on"],
            upto=self.charter.number,
            at=self.now,
            note=dict(version["note"]),
            adopted_by=version["adopted_by"],
            state=self.charter.state,
        )
        self.tx.add(row)
        return row

    def principle(self, principle_id: str) -> rules.Principle:
        """Raises NotFound."""
        found = self.there.find(principle_id)
        if found is None:
            raise NotFound("principle_not_found")
        return found


async def open_change(
    tx: AsyncSession, charter_id: str, *, account: Account | None, now: datetime
) -> Change:
    """The charter, locked until the transaction ends. Raises NotFound."""
    charter = await access_charter(tx, charter_id, lock=True)
    # ``front.indexing`` puts in again what is public after the change.
    await search.remove(tx, "charter", charter_id)
    return Change(tx, charter, account=account, now=now)


def read_words(title: str, text: str, *, at: str = "") -> tuple[str, str]:
    """A principle's title and text, cleaned. Raises Invalid; pointers begin with ``at``."""
    title, text = " ".join(clean_text(title).split()), clean_text(text)
    faults: dict[str, str] = {}
    if is_blank(title):
        faults[f"{at}/title"] = "title_missing"
    elif len(title) > rules.TITLE_LIMIT:
        faults[f"{at}/title"] = "title_too_long"
    if is_blank(text):
        faults[f"{at}/text"] = "text_missing"
    elif len(text) > rules.TEXT_LIMIT:
        faults[f"{at}/text"] = "text_too_long"
    if faults:
        raise Invalid(faults)
    return title, text


def read_line(text: str, pointer: str, missing: str, *, limit: int = 2000) -> str:
    """A text that has to be there. Raises Invalid at the pointer with the code ``missing``."""
    text = clean_text(text)
    if is_blank(text):
        raise Invalid({pointer: missing})
    return text[:limit]
