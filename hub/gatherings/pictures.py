"""Pictures on finding cards: read, drawn anew without what lies hidden in them, and kept.

A photo tells where and when it was taken, and a file may be a picture and something else at once:
so nothing of what was sent is kept but what people see.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import warnings
from pathlib import Path

from PIL import Image, ImageOps

from hub.errors import Invalid

LIMIT_BYTES = 2_000_000
# A small file may unpack to a picture that fills the memory; no screen shows more than this.
LIMIT_PIXELS = 40_000_000
LONGEST_SIDE_PIXELS = 2400
READ = ("PNG", "JPEG", "GIF", "WEBP")
TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}


def redrawn(data: bytes) -> tuple[bytes, str]:
    """The picture as people see it, and its ending: JPEG stays JPEG, all else becomes PNG.

    Turned upright, without anything about the camera, place or time; of a moving picture the first
    frame. Raises Invalid for what is no picture or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=READ) as picture:
                if picture.width * picture.height > LIMIT_PIXELS:
                    raise Invalid({"/picture": "picture_too_large"})
                photo = picture.format == "JPEG"
                # A JPEG can be read at half its size and less, which spares memory.
                picture.draft("RGB", (LONGEST_SIDE_PIXELS, LONGEST_SIDE_PIXELS))
                upright = ImageOps.exif_transpose(picture)
                upright.thumbnail((LONGEST_SIDE_PIXELS, LONGEST_SIDE_PIXELS))
                clean = upright.convert("RGB" if photo else "RGBA")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Invalid({"/picture": "picture_too_large"}) from error
    except (OSError, ValueError, SyntaxError, ArithmeticError, LookupError, EOFError) as error:
        raise Invalid({"/picture": "picture_unreadable"}) from error
    clean.info = {}
    out = io.BytesIO()
    if photo:
        clean.save(out, "JPEG", quality=85, optimize=True)
        return out.getvalue(), "jpg"
    clean.save(out, "PNG", optimize=True)
    return out.getvalue(), "png"


def keep_picture(data: bytes, folder: Path) -> str:
    """Store a picture and return its name. Raises Invalid for what is too large or no picture.

    Slow (it is drawn anew): call it in a worker thread.
    """
    if len(data) > LIMIT_BYTES:
        raise Invalid({"/picture": "picture_too_large"})
    clean, ending = redrawn(data)
    name = f"{hashlib.sha256(clean).hexdigest()[:32]}.{ending}"
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{name}.part"
    partial.write_bytes(clean)
    partial.replace(folder / name)
    return name


def decode_picture(text: str) -> bytes:
    """The bytes of a base64 text or data address. Raises Invalid."""
    text = re.sub(r"^data:[\w/+.-]+;base64,", "", text)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid({"/picture": "picture_unreadable"}) from error
