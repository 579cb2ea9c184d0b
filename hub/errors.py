"""Refusals: what a person may not do, or not now, as typed values with a translatable sentence."""

from __future__ import annotations


class Refusal(Exception):
    """The person may not, or not now.

    ``code`` names the sentence in the catalogues (``refusal.<code>``); ``facts`` fill it in.
    Rooms subclass it where a caller tells the kinds apart.
    """

    status = 409

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class NotFound(Refusal):
    """Absent, or hidden from this person: the two look the same."""

    status = 404

    def __init__(self, code: str = "not_found", **facts: object) -> None:
        super().__init__(code, **facts)


class Unauthorised(Refusal):
    """Nobody we know is asking."""

    status = 401

    def __init__(self, code: str = "unauthorised", **facts: object) -> None:
        super().__init__(code, **facts)


class Forbidden(Refusal):
    """We know who is asking, and it is not theirs to do."""

    status = 403

    def __init__(self, code: str = "forbidden", **facts: object) -> None:
        super().__init__(code, **facts)


class TooFast(Refusal):
    """Asked too often; ``retry_after`` is in seconds."""

    status = 429

    def __init__(self, code: str = "too_fast", *, retry_after: int = 1, **facts: object) -> None:
        super().__init__(code, **facts)
        self.retry_after = retry_after


class Unavailable(Refusal):
    """What the hub cannot do without is away for a while; ``retry_after`` is in seconds."""

    status = 503

    def __init__(self, code: str, *, retry_after: int = 10, **facts: object) -> None:
        super().__init__(code, **facts)
        self.retry_after = retry_after


class Invalid(Refusal):
    """Form faults: ``fields`` maps a JSON pointer (``/text``) to the code of its sentence."""

    status = 422

    def __init__(self, fields: dict[str, str], **facts: object) -> None:
        super().__init__("invalid", **facts)
        self.fields = fields


class Fault(str):
    """The code of what is wrong with a field, with the ``facts`` that fill its sentence in.

    A value of ``Invalid.fields``; a code whose sentence tells no facts is a plain string.
    """

    facts: dict[str, object]

    def __new__(cls, code: str, **facts: object) -> Fault:
        fault = super().__new__(cls, code)
        fault.facts = facts
        return fault
