"""Tokens of a directory, by the API."""

from enum import Enum
from typing import Annotated, Final

from msgspec import Meta

from hallway.hub.directories.model import Directory
from hallway.hub.directories.model import Token as Kept
from hallway.hub.directories.rotation import closings, rotated
from hallway.hub.directories.tokens import MadeToken
from hallway.ids import TOKEN, parsed, wire
from hallway.web.api.directories import ONE as DIRECTORY_PATH
from hallway.web.api.directories import READ, WRITE, acting, directory_of, key_of
from hallway.web.api.endpoint import Answer, Body, Call, Document, Endpoint
from hallway.web.api.paging import Next, Paged, sliced
from hallway.web.api.problems import ApiProblem
from hallway.web.api.words import Instant, Text, TokenId, instant, maybe

PATH: Final = f"{DIRECTORY_PATH}/tokens"
ONE: Final = f"{PATH}/{{token}}"


class TokenState(Enum):
    """What a token is now."""

    ALIVE = "alive"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Token(Document, frozen=True, kw_only=True):
    """A bearer token of a directory, without its text."""

    id: TokenId
    label: Text
    state: TokenState
    imported: Annotated[bool, Meta(description="Made by another product, and known by its hash only.")]
    created_at: Instant
    expires_at: Instant
    revoked_at: Instant | None
    first_used_at: Instant | None
    last_used_at: Annotated[Instant | None, Meta(description="Up to ten seconds late.")]
    replaces: Annotated[TokenId | None, Meta(description="Whose place it takes.")]
    closes_at: Annotated[Instant | None, Meta(description="When it ends by itself, since its successor is in use.")]


class TokenList(Document, frozen=True, kw_only=True):
    """A page of tokens, oldest first."""

    items: list[Token]
    next: Next


class NewToken(Body, frozen=True, kw_only=True):
    """A token to make."""

    label: Text = ""
    days: Annotated[int, Meta(ge=1, le=3650, description="How long it lives; the deployment's default.")] | None = None


class TokenWithText(Document, frozen=True, kw_only=True):
    """A new token with its text, which is in no other answer."""

    token: Token
    text: Annotated[str, Meta(description="Paste it at the other side.", examples=["hw_scim_…"])]


def _document(one: Kept, now: int, closes_at: int | None) -> Token:
    state = TokenState.ALIVE if one.is_alive(now) else TokenState.EXPIRED
    return Token(
        id=wire(TOKEN, one.id), label=one.label, state=TokenState.REVOKED if one.revoked_at is not None else state,
        imported=one.imported, created_at=instant(one.created_at), expires_at=instant(one.expires_at),
        revoked_at=maybe(one.revoked_at), first_used_at=maybe(one.first_used_at), last_used_at=maybe(one.last_used_at),
        replaces=None if one.replaces is None else wire(TOKEN, one.replaces), closes_at=maybe(closes_at),
    )  # fmt: skip


async def _token(call: Call, directory: Directory) -> Kept:
    own = parsed(TOKEN, call.param("token"))
    for one in await call.hub.stores.directories.tokens(key_of(directory)):
        if one.id == own:
            return one
    raise ApiProblem("not_found", "This directory has no such token.")


def _made(call: Call, made: MadeToken, path: str) -> Answer:
    told = _document(made.token, call.hub.desk.now(), None)
    return Answer(TokenWithText(token=told, text=made.text), location=f"{path}/{told.id}")


async def token_list(call: Call) -> Answer:
    """Oldest first."""
    tokens = await call.hub.stores.directories.tokens(key_of(await directory_of(call)))
    now = call.hub.desk.now()
    closing = closings(tokens, now)
    page, following = sliced(tokens, lambda one: one.id, call.asked(Paged))
    return Answer(TokenList(items=[_document(one, now, closing.get(one.id)) for one in page], next=following))


async def token_create(call: Call) -> Answer:
    """Another token beside those there are."""
    said, directory = call.said(NewToken), await directory_of(call)
    days = said.days or call.hub.settings.tokens_default_days
    return _made(call, await acting(call).add_token(directory, days, said.label), call.request.path)


async def token_rotate(call: Call) -> Answer:
    """A successor; the old one ends a day after its first use."""
    directory = await directory_of(call)
    old, days = await _token(call, directory), call.hub.settings.tokens_default_days
    made = await rotated(call.hub.desk, directory, old, days, call.actor)
    return _made(call, made, call.request.path.rsplit("/", 2)[0])


async def token_revoke(call: Call) -> Answer:
    """End it now."""
    one = await _token(call, await directory_of(call))
    if one.revoked_at is None:
        await acting(call).revoke_token(one)
    return Answer()


ENDPOINTS: Final = (
    Endpoint("GET", PATH, READ, "List a directory's tokens.", token_list, TokenList, query=Paged),
    Endpoint(
        "POST", PATH, WRITE, "Make another token.", token_create, TokenWithText, NewToken, status=201,
        about="Its text is in this answer only.",
    ),
    Endpoint(
        "POST", f"{ONE}/rotate", WRITE, "Make a token's successor.", token_rotate, TokenWithText, status=201,
        about="The old one goes on until a day after the new one's first use.",
    ),
    Endpoint(
        "DELETE", ONE, WRITE, "Revoke a token.", token_revoke, status=204,
        about="One that was revoked stays so.",
    ),
)  # fmt: skip
"""The rows."""
