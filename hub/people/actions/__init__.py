"""What people do with accounts, seats and consent. Never commits, never renders."""

from hub.people.actions.accounts import (
    SIGN_IN_DAYS,
    TOKEN_DAYS,
    add_account,
    first_facilitator,
    make_sign_in_link,
    password_matches,
    sign_in,
    sign_out,
    use_sign_in_link,
)
from hub.people.actions.consents import give_consent
from hub.people.actions.flags import list_flags, raise_flag, settle_flags
from hub.people.actions.keys import Key, destroy_key, keep_key, new_pseudonym, read_keys
from hub.people.actions.seats import name_key, take_seat
from hub.people.actions.secret import hash_secret, new_secret

__all__ = [
    "SIGN_IN_DAYS",
    "TOKEN_DAYS",
    "Key",
    "add_account",
    "destroy_key",
    "first_facilitator",
    "give_consent",
    "hash_secret",
    "keep_key",
    "list_flags",
    "make_sign_in_link",
    "name_key",
    "new_pseudonym",
    "new_secret",
    "password_matches",
    "raise_flag",
    "read_keys",
    "settle_flags",
    "sign_in",
    "sign_out",
    "take_seat",
    "use_sign_in_link",
]
