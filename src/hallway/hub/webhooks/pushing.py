"""Streams of security events that are pushed (RFC 8935): one token for each POST, in the order of the lane.

Rules: an endpoint of this kind is about one directory, which it belongs to; what its receiver asks for as Authorization
is sealed, and never shown again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from hallway.delivery.model import Endpoint, EndpointState, NewEndpoint
from hallway.delivery.ports import Headers, Message, Verdict, usual_verdict
from hallway.hub.directories.model import Directory, DirectoryState
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.events.streams import checked_audience
from hallway.hub.events.tokens import STREAMED, TokenMaker
from hallway.hub.organizations.service import Refused
from hallway.hub.webhooks.messages import Vault
from hallway.hub.webhooks.service import WebhookDesk, checked_url, commit, listed
from hallway.ids import ENDPOINT, DirectoryId, EndpointId, OrganizationId, wire
from hallway.journal.feed import Placed
from hallway.journal.model import Actor
from hallway.outbound import Answer

KIND: Final = "stream"
MAX_AUTHORIZATION: Final = 4096
_CONTENT: Final = (("content-type", "application/secevent+jwt"), ("accept", "application/json"))


@dataclass(frozen=True, slots=True)
class Pushes:
    """The strategy of endpoints of kind `stream`; `vault` is asked each time, since keys are rotated."""

    maker: TokenMaker
    vault: Callable[[], Vault]

    def types(self, _: Endpoint) -> Collection[str]:
        """What becomes of a directory's resources."""
        return STREAMED

    async def messages(self, endpoint: Endpoint, entries: Sequence[Placed]) -> Mapping[int, Message]:
        """A token for each entry that is about the endpoint's directory and still there."""
        if endpoint.belongs_to is None:
            return {}
        authorization = self.vault().decrypt(endpoint.sealed, _context(endpoint.id)).decode()
        headers = (*_CONTENT, ("authorization", authorization)) if authorization else _CONTENT
        found: dict[int, Message] = {}
        for owner in dict.fromkeys(one.organization_id for one in entries):
            own = [one for one in entries if one.organization_id == owner]
            written = await self.maker.teller.entries.at(owner, [one.seq for one in own])
            key = DirectoryKey(owner, DirectoryId(endpoint.belongs_to))
            for one in own:
                token = await self.maker.token(key, endpoint.name, written[one.seq]) if one.seq in written else None
                if token is not None:
                    found[one.position] = Message(token.encode(), _always(headers))
        return found

    def verdict(self, answer: Answer) -> Verdict:
        """As usual; what the receiver says that it cannot read (RFC 8935 §2.4) is not sent again."""
        return (
            Verdict.NEVER if answer.status == 400 and _code(answer.body) == "invalid_request" else usual_verdict(answer)
        )


@dataclass(frozen=True, slots=True)
class PushWish:
    """Where tokens go, for whom, and what stands as Authorization ("" for nothing)."""

    url: str
    audience: str
    authorization: str = ""


async def create_push(desk: WebhookDesk, directory: Directory, wish: PushWish, actor: Actor) -> Endpoint:
    """A stream of a directory's changes from now on, pushed. Raises `Refused`."""
    audience = checked_audience(wish.audience)
    authorization = wish.authorization.strip()
    if len(authorization) > MAX_AUTHORIZATION or not (authorization.isascii() and authorization.isprintable()):
        raise Refused("invalid", "What stands as Authorization is one line of ASCII, as Bearer and a token.")
    if directory.state is DirectoryState.DELETED:
        raise Refused("conflict", "The directory was deleted.")
    endpoint_id = EndpointId(desk.fresh_id())
    made = Endpoint(
        desk.owner, endpoint_id, KIND, checked_url(desk, wish.url), EndpointState.ACTIVE, desk.clock(),
        desk.vault().encrypt(authorization.encode(), _context(endpoint_id)), organization_id=directory.organization_id,
        name=audience, belongs_to=directory.id,
    )  # fmt: skip
    await commit(desk, NewEndpoint(made), made, "endpoint.created", actor)
    return made


async def pushed(desk: WebhookDesk, owner: OrganizationId, directory_id: DirectoryId) -> Sequence[Endpoint]:
    """The streams of a directory that are pushed, oldest first."""
    return [one for one in await listed(desk, KIND) if (one.organization_id, one.belongs_to) == (owner, directory_id)]


async def found_push(desk: WebhookDesk, directory: Directory, text: str) -> Endpoint:
    """A pushed stream of a directory by its id. Raises `Refused`."""
    for one in await pushed(desk, directory.organization_id, directory.id):
        if wire(ENDPOINT, one.id) == text:
            return one
    raise Refused("not_found", "The directory has no stream with this id that is pushed.")


def _always(headers: Headers) -> Callable[[int], Headers]:
    return lambda _: headers


def _code(body: bytes) -> str | None:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return said.get("err") if isinstance(said, dict) else None


def _context(endpoint_id: bytes) -> bytes:
    return b"endpoint.authorization:" + endpoint_id
