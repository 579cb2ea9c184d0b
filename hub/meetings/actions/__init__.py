"""One function for each thing that is done with meetings. Never commits, never renders.

Those that change a meeting take the row locked (``access_meeting(tx, id, lock=True)``). Mails are
put in line in the same transaction (``hub.meetings.letters``), timed work too
(``hub.schedule.actions``), so that each happens exactly as often as the change itself.
"""

from hub.meetings.actions.answers import (
    FEEDBACK_DAYS,
    FEEDBACK_LIMIT,
    erase_needs,
    feedback_open,
    give_feedback,
    list_feedback,
    own_feedback,
)
from hub.meetings.actions.finding import (
    Counts,
    access_by_secret,
    access_meeting,
    access_series,
    count_replies,
    list_between,
    list_invitees,
    list_meetings,
    list_series,
    list_series_meetings,
    meetings_of_address,
)
from hub.meetings.actions.inviting import (
    Invited,
    Person,
    invite,
    needs_of,
    question_of,
    read_addresses,
    remove_invitee,
)
from hub.meetings.actions.leaving import (
    erase_invitee,
    forget_invitees,
    stop_mail,
    withdraw_address,
    withdraw_from_session,
)
from hub.meetings.actions.moving import (
    act_on,
    close_if_settled,
    confirm_date,
    follow_session,
    may_move,
    move_meeting,
    note_published,
    recommendation_counts,
)
from hub.meetings.actions.planning import (
    FIELDS,
    accept_warning,
    add_meeting,
    attach_session,
    change_meeting,
    changed_fields,
    detach_session,
    make_session,
    read_meeting,
)
from hub.meetings.actions.replying import Answer, Replied, reply, reply_openly
from hub.meetings.actions.seating import count_before, offer_places
from hub.meetings.actions.series import add_series
from hub.meetings.actions.telling import tell_replies
from hub.meetings.actions.timing import plan_tasks
from hub.meetings.letters import Sender, Who, proves_address, unsubscribed, who_is

__all__ = [
    "FEEDBACK_DAYS",
    "FEEDBACK_LIMIT",
    "FIELDS",
    "Answer",
    "Counts",
    "Invited",
    "Person",
    "Replied",
    "Sender",
    "Who",
    "accept_warning",
    "access_by_secret",
    "access_meeting",
    "access_series",
    "act_on",
    "add_meeting",
    "add_series",
    "attach_session",
    "change_meeting",
    "changed_fields",
    "close_if_settled",
    "confirm_date",
    "count_before",
    "count_replies",
    "detach_session",
    "erase_invitee",
    "erase_needs",
    "feedback_open",
    "follow_session",
    "forget_invitees",
    "give_feedback",
    "invite",
    "list_between",
    "list_feedback",
    "list_invitees",
    "list_meetings",
    "list_series",
    "list_series_meetings",
    "make_session",
    "may_move",
    "meetings_of_address",
    "move_meeting",
    "needs_of",
    "note_published",
    "offer_places",
    "own_feedback",
    "plan_tasks",
    "proves_address",
    "question_of",
    "read_addresses",
    "read_meeting",
    "recommendation_counts",
    "remove_invitee",
    "reply",
    "reply_openly",
    "stop_mail",
    "tell_replies",
    "unsubscribed",
    "who_is",
    "withdraw_address",
    "withdraw_from_session",
]
