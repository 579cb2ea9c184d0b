"""Samrum: a hub where people who share no language think and decide together."""

__version__ = "0.1.0"
