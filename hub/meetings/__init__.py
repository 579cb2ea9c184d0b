"""The calendar: forum series and dissemination workshops, invitations and replies."""
