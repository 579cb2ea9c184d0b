"""Secrets that only their holder keeps."""

from __future__ import annotations

import hashlib
import secrets


def new_secret(prefix: str) -> str:
    """A secret that only its holder keeps: 256 bits, readable in an address."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hash_secret(secret: str) -> str:
    """What is kept of a secret. A plain hash is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
