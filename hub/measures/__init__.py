"""Measures of a session, for a group's own learning: plain values in, plain values out."""
