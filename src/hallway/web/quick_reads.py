"""The two reads that directory products send most, answered before a task is made: a user by id, and by userName.

Rules: only what is plain is taken: a bearer token that was looked up within the last half second, one address form,
no condition, no projection. Whatever else a request has, or finds, is left to the handlers: `None`, with nothing
counted; so are the first reads of an hour, which are kept as exchanges. The bytes are those of the handlers, made by
the same functions; a test compares them (`tests/web/test_quick_reads.py`).
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from hallway.exchanges.model import TokenUse
from hallway.hub.directories.documents import rendered
from hallway.hub.directories.resources import Stored
from hallway.journal.model import Unavailable
from hallway.scim.fold import fold
from hallway.scim.messages import Paging, list_response
from hallway.store.reading import BY_ID, BY_NAME
from hallway.store.shape import stored_of
from hallway.store.statement import Params, ResultRow, Statement
from hallway.web.edge import SAME_HEADERS, Door, Observer, without_port
from hallway.web.forwarding import is_trusted
from hallway.web.guards import DirectoryGuard, Unlocked
from hallway.web.http import Header, fresh_request_id
from hallway.web.scim_door import CONTENT_TYPES, ScimDoor, bounded, content_type_of

_USER: Final = 1
_ID: Final = re.compile(rb"/user_([0-9a-f]{32})")
_NAMED: Final = re.compile(
    rb"filter=userName(?:%20|\+)eq(?:%20|\+)(?:%22|\")((?:[A-Za-z0-9._~@-]|%40){1,256})(?:%22|\")"
)
"""A userName without anything that is written in more than one way, but for its `@`."""
_LEFT_OUT: Final = (b"if-none-match", b"if-match", b"content-length", b"transfer-encoding", b"expect", b"x-api-key")
"""Headers of requests that are not plain."""
_TYPE_LINES: Final = {header: b"%b: %b\r\n" % header for header in CONTENT_TYPES}
_ADDED: Final = b"".join([b"%b: %b\r\n" % header for header in SAME_HEADERS])
GET: Final = "/scim/{directory}/v2/Users/{id}"
LIST: Final = "/scim/{directory}/v2/Users"


class Now(Protocol):
    """A database that answers at once: SQLite, whose reads are made in the loop."""

    def rows_now(self, statement: Statement, params: Params) -> Sequence[ResultRow]:
        """Rows of one statement; raises `Unavailable`."""
        ...


_ONE: Final = list_response([b""], Paging(1, 1)).removesuffix(b"]}")
"""The answer that has one resource, up to that."""


class _Found(NamedTuple):
    """What is to be sent: the route's template, the headers of its own, the body."""

    template: str
    head: bytes
    body: bytes


class Answered(NamedTuple):
    """What observers are told of a request that never was a `Request`."""

    method: str
    template: str
    request_id: str


@dataclass(frozen=True, slots=True)
class QuickReads:
    """Called by the protocol with each GET without a body, on a connection that stays open."""

    database: Now
    guard: DirectoryGuard
    scim: ScimDoor
    door: Door
    observers: tuple[Observer, ...]

    def __call__(self, url: bytes, pairs: Sequence[Header], peer: str) -> Callable[[bytes], bytes] | None:
        """The answer, made of the headers that every answer has; None where the handlers are to see the request."""
        began = time.perf_counter()
        headers = dict(pairs)
        if len(headers) != len(pairs) or not self._is_plain(headers, peer):
            return None
        unlocked = self.guard.remembered(headers.get(b"authorization", b""))
        if unlocked is None:
            return None
        place, _, question = url.removeprefix(unlocked.users_path).partition(b"?")
        if len(place) + len(question) >= len(url):
            return None
        if not question:
            found = self._by_id(unlocked, place, headers)
        else:
            found = self._by_name(unlocked, question, headers) if not place else None
        now = self.scim.desk.clock()
        if found is None or self.scim.recorder.wants_read(unlocked.directory.id, now):
            return None
        if not self.guard.lets_through(unlocked):
            return None
        self._note(unlocked, headers, (peer, now))
        return self._answer(found, began)

    def _is_plain(self, headers: dict[bytes, bytes], peer: str) -> bool:
        if without_port(headers.get(b"host", b"").decode("latin-1").lower()) not in self.door.hosts:
            return False
        if not headers.keys().isdisjoint(_LEFT_OUT):
            return False
        return not (self.door.trusted_proxies and is_trusted(peer, self.door.trusted_proxies))

    def _by_id(self, unlocked: Unlocked, place: bytes, headers: dict[bytes, bytes]) -> _Found | None:
        match = _ID.fullmatch(place)
        if match is None:
            return None
        digits = match[1].decode()
        stored = self._stored(unlocked, BY_ID, bytes.fromhex(digits))
        if stored is None:
            return None
        body = rendered(stored, unlocked.base)
        head = b'%betag: W/"%d"\r\ncontent-location: %b/Users/user_%b\r\n' % (
            _TYPE_LINES[content_type_of(headers)],
            stored.revision,
            unlocked.base,
            match[1],
        )
        return _Found(GET, head, body)

    def _by_name(self, unlocked: Unlocked, question: bytes, headers: dict[bytes, bytes]) -> _Found | None:
        named = _NAMED.fullmatch(question)
        if named is None:
            return None
        stored = self._stored(unlocked, BY_NAME, fold(named[1].replace(b"%40", b"@").decode()))
        if stored is None:
            return None
        body = b"%b%b]}" % (_ONE, rendered(stored, unlocked.base))
        return _Found(LIST, _TYPE_LINES[content_type_of(headers)], body)

    def _stored(self, unlocked: Unlocked, statement: Statement, key: object) -> Stored | None:
        """The one user that a key finds, None where she is not there or not to be sent as she was stored."""
        directory = unlocked.directory
        try:
            rows = self.database.rows_now(statement, (directory.organization_id, directory.id, _USER, key))
        except Unavailable:
            return None
        if len(rows) != 1 or rows[0][0] != directory.organization_id:
            return None  # another organization's row is a breach: the handlers meet it too, and say so
        stored, nested = stored_of(rows[0][1:])
        return None if nested or stored.schema_version != unlocked.served.version else stored

    def _note(self, unlocked: Unlocked, headers: dict[bytes, bytes], came: tuple[str, int]) -> None:
        directory = unlocked.directory
        client = bounded(headers.get(b"user-agent", b"").decode("latin-1"))
        peer, at = came
        use = TokenUse(directory.organization_id, directory.id, unlocked.token.id, at, peer, client)
        self.scim.recorder.used(use, "read")

    def _answer(self, found: _Found, began: float) -> Callable[[bytes], bytes]:
        request_id = fresh_request_id()
        template, head, body = found
        seen = Answered("GET", template, request_id)

        def octets(common: bytes) -> bytes:
            whole = b"HTTP/1.1 200 OK\r\n%b%bcontent-length: %d\r\n%bx-request-id: %b\r\n\r\n%b" % (
                common, head, len(body), _ADDED, request_id.encode(), body,
            )  # fmt: skip
            seconds = time.perf_counter() - began
            for observer in self.observers:
                observer(seen, 200, len(body), seconds)
            return whole

        return octets
