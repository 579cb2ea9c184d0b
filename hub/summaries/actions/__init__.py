"""Changes to summaries. Never commits, never renders."""

from hub.summaries.actions.confirming import (
    ask_to_confirm,
    may_confirm,
    note_read_by_lived,
    say_point,
    settle_point,
)
from hub.summaries.actions.editing import (
    add_statement,
    answer_question,
    change_owner,
    check_revision,
    edit_statement,
    remove_statement,
    restore_statement,
    review_language,
)
from hub.summaries.actions.finding import (
    access_point,
    access_statement,
    access_summary,
    find_edition,
    find_summary_of,
    list_editions,
    list_points,
    list_readers,
    list_statements,
    list_summaries,
)
from hub.summaries.actions.making import check_closed, make_summary, rebuild
from hub.summaries.actions.publishing import publish_summary
from hub.summaries.actions.quoting import Voice, list_voices
from hub.summaries.actions.reading import answer_as_reader
from hub.summaries.actions.telling import tell_points
from hub.summaries.actions.translating import Waiting, list_waiting, put_translations
from hub.summaries.actions.withdrawing import forget_posts, stop_quoting, withdraw_words

__all__ = [
    "Voice",
    "Waiting",
    "access_point",
    "access_statement",
    "access_summary",
    "add_statement",
    "answer_as_reader",
    "answer_question",
    "ask_to_confirm",
    "change_owner",
    "check_closed",
    "check_revision",
    "edit_statement",
    "find_edition",
    "find_summary_of",
    "forget_posts",
    "list_editions",
    "list_points",
    "list_readers",
    "list_statements",
    "list_summaries",
    "list_voices",
    "list_waiting",
    "make_summary",
    "may_confirm",
    "note_read_by_lived",
    "publish_summary",
    "put_translations",
    "rebuild",
    "remove_statement",
    "restore_statement",
    "review_language",
    "say_point",
    "settle_point",
    "stop_quoting",
    "tell_points",
    "withdraw_words",
]
