"""Directory tokens: made, shown once, found by their id, compared by hash in constant time.

Rules: `hw_scim_<key id>_<secret>`, the secret 256 bits; what is kept is the SHA-256 of the whole text.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from hallway.hub.directories.model import Directory, NewToken, Token, TokenRevocation
from hallway.hub.directories.ports import Directories
from hallway.ids import TOKEN, EntryId, TokenId, fresh_id, wire
from hallway.journal.model import Actor, Change, Entry
from hallway.journal.ports import Ledger
from hallway.scim.json import JsonObject

PREFIX: Final = "hw_scim_"
SECRET_BYTES: Final = 32
DAY: Final = 86_400 * 1_000_000
_KEY_DIGITS: Final = 32
MAX_TEXT: Final = 4096


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token, and its text, which is nowhere else."""

    token: Token
    text: str


def token_text(token_id: TokenId, secret: bytes) -> str:
    """The text that the client sends."""
    return f"{PREFIX}{token_id.hex()}_{base64.b32encode(secret).decode().rstrip('=').lower()}"


def token_hash(text: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(text.encode()).digest()


def made_token(directory: Directory, now: int, entropy: bytes, days: int, label: str = "") -> MadeToken:
    """A token for `directory` that ends after `days`; `entropy` is 42 random bytes."""
    token_id = TokenId(fresh_id(now, entropy[SECRET_BYTES:]))
    text = token_text(token_id, entropy[:SECRET_BYTES])
    token = Token(token_id, directory.organization_id, directory.id, label, token_hash(text), now, now + days * DAY)
    return MadeToken(token, text)


def imported_token(directory: Directory, now: int, entropy: bytes, days: int, digest: bytes) -> Token:
    """A token made by another product, known by the SHA-256 of its text only."""
    token_id = TokenId(fresh_id(now, entropy[SECRET_BYTES:]))
    return Token(
        token_id, directory.organization_id, directory.id, "imported", digest, now, now + days * DAY, imported=True
    )


def new_token_change(token: Token, actor: Actor, entry_id: EntryId) -> Change:
    """What making it writes."""
    facts: JsonObject = {"expires_at": token.expires_at, "imported": token.imported, "label": token.label}
    if token.replaces is not None:
        facts["replaces"] = wire(TOKEN, token.replaces)
    entry = Entry(entry_id, "token.created", token.created_at, actor, token.id, token.directory_id, facts=facts)
    return Change(token.organization_id, (NewToken(token),), (entry,), entry_id)


async def revoke(ledger: Ledger, token: Token, actor: Actor, now: int, entry_id: EntryId) -> None:
    """End a token; raises `Stale` where it had ended already."""
    facts: JsonObject = {"label": token.label} if token.label else {}
    entry = Entry(entry_id, "token.revoked", now, actor, token.id, token.directory_id, facts=facts)
    await ledger.commit(Change(token.organization_id, (TokenRevocation(token, now),), (entry,), entry_id))


async def token_of(directories: Directories, text: str, now: int) -> Token | None:
    """The living token that `text` is, or None; one of ours is found by its id, an imported one by its hash."""
    digest = token_hash(text)
    token_id = _token_id(text)
    token = None if token_id is None else await directories.token_by_id(token_id)
    if token is None:
        token = await directories.token_by_hash(digest)
    kept = token.hash if token is not None else bytes(32)
    same = hmac.compare_digest(kept, digest)
    return token if token is not None and same and token.is_alive(now) else None


def _token_id(text: str) -> TokenId | None:
    if not text.startswith(PREFIX):
        return None
    digits, _, secret = text[len(PREFIX) :].partition("_")
    if len(digits) != _KEY_DIGITS or not secret:
        return None
    try:
        return TokenId(bytes.fromhex(digits))
    except ValueError:
        return None
