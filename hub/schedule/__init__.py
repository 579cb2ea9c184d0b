"""Timed work as rows: what is due, what ran, what failed."""
