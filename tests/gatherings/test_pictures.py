"""Pictures: only what people see is kept of them."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pytest
from PIL import Image

from hub.errors import Invalid
from hub.gatherings.pictures import LIMIT_BYTES, LONGEST_SIDE_PIXELS, keep_picture, redrawn

GPS = 0x8825
MAKER = 0x010F


def photo(size: tuple[int, int] = (60, 40), *, turned: bool = False) -> bytes:
    """A JPEG that knows its camera and place; ``turned``: taken with the phone on its side."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[MAKER] = "Hemlig kamera"
    exif.get_ifd(GPS)[2] = (57.0, 46.0, 58.0)
    if turned:
        exif[0x0112] = 6
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, comment=b"Astrids kommentar")
    return out.getvalue()


def other(kind: str) -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    if kind == "GIF":
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], loop=0)
    else:
        frames[0].save(out, kind)
    return out.getvalue()


def test_a_photo_tells_nothing_of_camera_and_place() -> None:
    sent = photo()
    assert b"Hemlig kamera" in sent
    assert b"Astrids kommentar" in sent
    clean, ending = redrawn(sent)
    assert ending == "jpg"
    assert b"Hemlig" not in clean
    assert b"Astrid" not in clean
    with Image.open(io.BytesIO(clean)) as seen:
        assert not dict(seen.getexif())
        assert seen.size == (60, 40)


def test_a_photo_taken_sideways_is_turned_upright() -> None:
    clean, _ = redrawn(photo(turned=True))
    with Image.open(io.BytesIO(clean)) as seen:
        assert seen.size == (40, 60)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_other_pictures_become_still_png(kind: str) -> None:
    clean, ending = redrawn(other(kind))
    assert ending == "png"
    with Image.open(io.BytesIO(clean)) as seen:
        assert seen.format == "PNG"
        assert getattr(seen, "n_frames", 1) == 1


def test_what_is_glued_to_a_picture_is_left_behind() -> None:
    clean, _ = redrawn(other("PNG") + b"<script>window.pwned=1</script>PK\x03\x04")
    assert b"script" not in clean
    assert b"PK\x03\x04" not in clean


def test_a_large_picture_is_made_as_small_as_a_screen_needs() -> None:
    clean, _ = redrawn(photo((4000, 1000)))
    with Image.open(io.BytesIO(clean)) as seen:
        assert seen.size == (LONGEST_SIDE_PIXELS, LONGEST_SIDE_PIXELS // 4)


def bomb() -> bytes:
    """A PNG of some hundred kilobytes that would unpack to 30,000 × 30,000 pixels."""
    head = (30_000).to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    body = zlib.compress(b"\0" * (30_000 // 8 + 1) * 3000, 9)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4)

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "picture_unreadable"),
        (b"<svg onload=alert(1)>", "picture_unreadable"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "picture_unreadable"),
        (photo()[:300], "picture_unreadable"),
        (b"GIF89a" + b"\0" * 30, "picture_unreadable"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "picture_unreadable"),
        (b"BM" + b"\0" * 60, "picture_unreadable"),
        (bomb(), "picture_too_large"),
        (b"\xff\xd8\xff" + b"\0" * LIMIT_BYTES, "picture_too_large"),
    ],
)
def test_what_is_no_picture_or_too_large_is_refused(data: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        keep_picture(data, tmp_path)
    assert refused.value.fields == {"/picture": code}
    assert not list(tmp_path.iterdir())
