"""Changes to charters. Never commits, never renders.

Each change is one event or more under the lock of the charter's row (``log``): words and places
(``writing``), statuses, rounds and versions (``deciding``), drafts and comments (``talking``),
charters that come from files (``bringing``), and what a dialogue takes up (``lending``).
"""

from hub.charters.actions.bringing import (
    create_charter,
    import_charter,
    load_shipped,
    shipped_pairs,
)
from hub.charters.actions.deciding import (
    adopt,
    make_version,
    move_status,
    next_number,
    open_round,
    publish_dissent,
    today_there,
)
from hub.charters.actions.lending import take_up
from hub.charters.actions.talking import (
    COMMENT_LIMIT,
    add_comment,
    drop_draft,
    keep_draft,
    remove_comment,
    remove_comments_of,
    settle_comment,
)
from hub.charters.actions.withdrawing import withdraw_dissent
from hub.charters.actions.writing import (
    add_principle,
    change_text,
    describe,
    mark_terms,
    move_principle,
    remove_principle,
    restore_principle,
)
from hub.charters.models import list_outcomes, list_outcomes_of

__all__ = [
    "COMMENT_LIMIT",
    "add_comment",
    "add_principle",
    "adopt",
    "change_text",
    "create_charter",
    "describe",
    "drop_draft",
    "import_charter",
    "keep_draft",
    "list_outcomes",
    "list_outcomes_of",
    "load_shipped",
    "make_version",
    "mark_terms",
    "move_principle",
    "move_status",
    "next_number",
    "open_round",
    "publish_dissent",
    "remove_comment",
    "remove_comments_of",
    "remove_principle",
    "restore_principle",
    "settle_comment",
    "shipped_pairs",
    "take_up",
    "today_there",
    "withdraw_dissent",
]
