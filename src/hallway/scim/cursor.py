"""Cursors for walks through a list (RFC 9865): where a page ended, sealed, with no state kept here.

Rules: a cursor opens only under its key, in its directory and for its query; every failure looks alike. Its text
has only unreserved characters of RFC 3986 §2.3. A key seals at most 2³² cursors, as their nonces are random.
"""

import base64
import binascii
import struct
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hallway.scim.problem import ScimProblem

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
MAX_SORT_VALUE_BYTES: Final = 2_048
"""Of the text that a list is sorted by, as UTF-8; whoever sorts cuts longer text before comparing it."""

MAX_CURSOR_CHARACTERS: Final = 4_096

_VERSION: Final = 1
_HEAD: Final = struct.Struct(">BBIB")  # version, flags, count, length of the id; the id and the text follow
_BACKWARD: Final = 1
_HAS_SORT_VALUE: Final = 2


@dataclass(frozen=True, slots=True)
class CursorScope:
    """What a cursor belongs to: a directory by its id, and a query by `query_digest`."""

    directory: bytes
    query: bytes


@dataclass(frozen=True, slots=True)
class CursorContent:
    """The last resource of a page, and how many were asked for (a walk keeps its `count`, RFC 9865 §2.1).

    `sort_value` is None where that resource has none, or the list is sorted by id alone; `backward` walks
    towards the first page.
    """

    count: int
    resource_id: bytes
    sort_value: str | None = None
    backward: bool = False


def query_digest(*parts: str | None) -> bytes:
    """The SHA-256 of a query's normalised parts (resource type, filter, sort, projection), each in its place."""
    digest = sha256()
    for part in parts:
        encoded = b"" if part is None else part.encode()
        digest.update(struct.pack(">?Q", part is not None, len(encoded)) + encoded)
    return digest.digest()


def sealed_cursor(key: bytes, nonce: bytes, scope: CursorScope, content: CursorContent) -> str:
    """The text of a cursor. `nonce` is random and never used twice; ValueError for a content that is too long."""
    sort_value = b"" if content.sort_value is None else content.sort_value.encode()
    if len(sort_value) > MAX_SORT_VALUE_BYTES or len(nonce) != NONCE_BYTES:
        raise ValueError("a cursor's sort value or nonce is not of the length it should be")
    flags = (_BACKWARD if content.backward else 0) | (0 if content.sort_value is None else _HAS_SORT_VALUE)
    head = _HEAD.pack(_VERSION, flags, content.count, len(content.resource_id))
    sealed = AESGCM(key).encrypt(nonce, head + content.resource_id + sort_value, _bound(scope))
    return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()


def opened_cursor(key: bytes, scope: CursorScope, text: str) -> CursorContent:
    """What `sealed_cursor` sealed; raises `invalidCursor` for anything else."""
    cipher = AESGCM(key)
    try:
        sealed = _decoded(text)
        opened = cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(scope))
        return _content(opened)
    except (binascii.Error, InvalidTag, ValueError, struct.error):
        raise _invalid_cursor() from None


def _bound(scope: CursorScope) -> bytes:
    return struct.pack(">Q", len(scope.directory)) + scope.directory + scope.query


def _decoded(text: str) -> bytes:
    if len(text) > MAX_CURSOR_CHARACTERS or not text.isascii() or "=" in text:
        raise ValueError
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _content(opened: bytes) -> CursorContent:
    version, flags, count, id_length = _HEAD.unpack_from(opened)
    if version != _VERSION:
        raise ValueError
    rest = opened[_HEAD.size :]
    return CursorContent(
        count=count,
        resource_id=rest[:id_length],
        sort_value=rest[id_length:].decode() if flags & _HAS_SORT_VALUE else None,
        backward=bool(flags & _BACKWARD),
    )


def _invalid_cursor() -> ScimProblem:
    detail = "The cursor is not one of this query in this directory. Begin again without one."
    return ScimProblem(400, detail, "invalidCursor")
