"""One function for each thing a person can do in a gathering. Never commits, never renders.

Every change raises the gathering's revision, stamps what it changed with it and adds an event to
the log. The caller holds the gathering's row lock (``models.access_gathering(lock=True)``).
"""

from hub.gatherings.actions.cards import (
    TAGS,
    Card,
    add_finding,
    change_finding,
    read_card,
    remove_finding,
    show_finding,
)
from hub.gatherings.actions.chatbot import (
    BOT,
    BOT_NAME,
    drop_bot_line,
    mute_bot,
    say_as_bot,
    send_bot_line,
    think_of,
)
from hub.gatherings.actions.hosting import (
    give_floor,
    hide,
    lower_hand,
    pin,
    put_on_screen,
    raise_hand,
    show_again,
)
from hub.gatherings.actions.joining import RESERVED_NAMES, ask_for_more_time, get_ready, join, leave
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.planning import (
    CODE_LENGTH,
    CODE_LETTERS,
    facilitator_name,
    move,
    new_code,
    plan_gathering,
    publish_record,
    read_code,
    take_time_from_plan,
)
from hub.gatherings.actions.saying import (
    MOVES_THE_EXIT,
    TRANSLATED_FIELDS,
    Draft,
    needs_translation,
    post_contribution,
    share_ratings,
    take_back,
    texts_to_translate,
)
from hub.gatherings.actions.texts import read_both
from hub.gatherings.actions.translating import (
    Finished,
    add_translations,
    correct_translation,
    dispute_translation,
    translation_into,
)

__all__ = [
    "BOT",
    "BOT_NAME",
    "CODE_LENGTH",
    "CODE_LETTERS",
    "MOVES_THE_EXIT",
    "RESERVED_NAMES",
    "TAGS",
    "TRANSLATED_FIELDS",
    "Card",
    "Draft",
    "Finished",
    "add_finding",
    "add_translations",
    "ask_for_more_time",
    "change_finding",
    "correct_translation",
    "dispute_translation",
    "drop_bot_line",
    "facilitator_name",
    "get_ready",
    "give_floor",
    "hide",
    "join",
    "leave",
    "log_act",
    "lower_hand",
    "move",
    "mute_bot",
    "needs_translation",
    "new_code",
    "pin",
    "plan_gathering",
    "post_contribution",
    "publish_record",
    "put_on_screen",
    "raise_hand",
    "read_both",
    "read_card",
    "read_code",
    "record",
    "remove_finding",
    "say_as_bot",
    "send_bot_line",
    "share_ratings",
    "show_again",
    "show_finding",
    "take_back",
    "take_time_from_plan",
    "texts_to_translate",
    "think_of",
    "translation_into",
]
