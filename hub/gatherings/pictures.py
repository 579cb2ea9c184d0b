"""Pictures on finding cards: checked by their first bytes, kept under a name of their content."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from pathlib import Path

from hub.errors import Invalid

LIMIT_BYTES = 2_000_000
SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
}
TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}


def kind_of(data: bytes) -> str | None:
    """The kind of picture by its first bytes, whatever its name says; None for anything else."""
    for signature, kind in SIGNATURES.items():
        if data.startswith(signature):
            return kind
    return "webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def keep_picture(data: bytes, folder: Path) -> str:
    """Store a picture and return its name. Raises Invalid for what is too large or no picture."""
    if len(data) > LIMIT_BYTES:
        raise Invalid({"/picture": "picture_too_large"})
    kind = kind_of(data)
    if kind is None:
        raise Invalid({"/picture": "picture_unreadable"})
    name = f"{hashlib.sha256(data).hexdigest()[:32]}.{kind}"
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{name}.part"
    partial.write_bytes(data)
    partial.replace(folder / name)
    return name


def decode_picture(text: str) -> bytes:
    """The bytes of a base64 text or data address. Raises Invalid."""
    text = re.sub(r"^data:[\w/+.-]+;base64,", "", text)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid({"/picture": "picture_unreadable"}) from error
