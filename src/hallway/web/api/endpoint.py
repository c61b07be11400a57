"""A row of the REST API, and what its handler gets and gives."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from msgspec import Struct

from hallway.journal.model import Actor
from hallway.web.api.guard import Caller
from hallway.web.api.problems import ApiProblem
from hallway.web.http import Request
from hallway.web.wiring import Hub

ROOT: Final = "/api/v1"

T = TypeVar("T")


class Body(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a request says, in its body or its query; a name that is not known is refused."""


class Document(Struct, frozen=True, kw_only=True):
    """What an answer says."""


@dataclass(slots=True)
class Expected:
    """What the request's `If-Match` holds a change to; `kept` is the version that was found to be it, once it was."""

    tags: str = ""
    kept: tuple[bytes, int] | None = None

    def must_be(self, etag: str, kept: tuple[bytes, int] | None = None) -> None:
        """Raise `precondition_failed` where what is there is not what was asked for; `kept` is an id and a version
        that the commit is then held to.
        """
        if not self.tags:
            return
        if self.tags != "*" and etag not in [one.strip() for one in self.tags.split(",")]:
            raise precondition_failed()
        if self.tags != "*":
            self.kept = kept


def precondition_failed() -> ApiProblem:
    """412."""
    return ApiProblem("precondition_failed", "It is not what If-Match says any more; read it again, then decide anew.")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read: `hub` writes through this call's own ledger."""

    hub: Hub
    caller: Caller
    request: Request
    body: Body | None = None
    query: Body | None = None
    expected: Expected = field(default_factory=Expected)

    @property
    def actor(self) -> Actor:
        """Who does it, for the journal."""
        return self.caller.actor(self.request.client_address)

    def said(self, kind: type[T]) -> T:
        """The body, which the row says is of this type."""
        return _of(kind, self.body)

    def asked(self, kind: type[T]) -> T:
        """The query, which the row says is of this type."""
        return _of(kind, self.query)

    def param(self, name: str) -> str:
        """What stands in the path."""
        return self.request.params[name]


def _of(kind: type[T], value: object) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"the row does not promise a {kind.__name__}")
    return value


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives: a document or nothing; `etag` names its version, `location` where a new thing is."""

    document: Document | None = None
    etag: str = ""
    location: str = ""


Serve: TypeAlias = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row: `scope` is what a caller needs; `answer` None is 204; `versioned` ones have an ETag and take If-Match;
    `about` says more than the summary; `problems` are codes beyond those that its shape implies.
    """

    method: str
    path: str
    scope: str
    summary: str
    serve: Serve
    answer: type[Document] | None = None
    body: type[Body] | None = None
    query: type[Body] | None = None
    status: int = 200
    about: str = ""
    problems: tuple[str, ...] = ()
    versioned: bool = False

    @property
    def name(self) -> str:
        """Its handler's name in the route table."""
        return f"api_{self.serve.__name__}"

    @property
    def takes_if_match(self) -> bool:
        """Whether a request may say which version it is about."""
        return self.versioned and self.method in ("PATCH", "PUT", "DELETE")

    @property
    def area(self) -> str:
        """What it is about, as the docs group it."""
        return self.scope.partition(":")[0]
