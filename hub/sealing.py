"""Keys made from the hub's secret key, and texts that only the hub can read back.

One secret is kept outside the database; each purpose gets a key of its own, so that what one part
holds opens nothing of another.
"""

from __future__ import annotations

import base64
import functools
import hmac

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Unreadable(Exception):
    """Sealed with another key, or changed since."""


@functools.cache
def derive(secret_key: str, purpose: str) -> bytes:
    """32 bytes for one purpose (HKDF with SHA-256, RFC 5869); worked out once for each."""
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"samrum {purpose}".encode())
    return kdf.derive(secret_key.encode())


def keyed_hash(secret_key: str, purpose: str, message: str) -> str:
    """HMAC-SHA256 in hexadecimal: nobody without the secret key can make it or check a guess."""
    return hmac.new(derive(secret_key, purpose), message.encode(), "sha256").hexdigest()


def seal(secret_key: str, purpose: str, text: str) -> str:
    """The text, encrypted and protected against change (Fernet: AES-128-CBC and HMAC)."""
    return _box(secret_key, purpose).encrypt(text.encode()).decode()


def unseal(secret_key: str, purpose: str, sealed: str) -> str:
    """What was sealed. Raises Unreadable."""
    try:
        return _box(secret_key, purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable(purpose) from error


def _box(secret_key: str, purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive(secret_key, purpose)))
