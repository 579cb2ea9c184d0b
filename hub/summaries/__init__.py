"""Summaries of a session's record for five audiences."""
