"""What the REST API answers where it refuses: problem details (RFC 9457), with a code that stays the same.

Rules: codes are a closed set, and each has a heading in `docs/reference/api-problems.md`; a detail says what to change
and repeats no secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from hallway.hub.organizations.service import Refused
from hallway.journal.model import Stale, Unavailable
from hallway.store.database import ScanTimedOut
from hallway.web.guards import Limited
from hallway.web.http import BodyTooLarge, EdgeProblem, Header, Request, Response

PREFIX: Final = "/api/"
DOCS: Final = "/api/v1/docs"
PROBLEM_JSON: Final[Header] = (b"content-type", b"application/problem+json")


@dataclass(frozen=True, slots=True)
class Kind:
    """A code's status and title, and what whoever gets it should do."""

    status: int
    title: str
    remedy: str


PROBLEMS: Final = {
    "malformed_request": Kind(
        400,
        "The request could not be read",
        "The body is no JSON, has a NUL, or a header or the query can be read in two ways. `detail` says which. "
        "Change the program; sending it again changes nothing.",
    ),
    "invalid_cursor": Kind(
        400,
        "The cursor is not one of this list",
        "Use `next` of a page of this list as it came. Begin the list anew where it is lost.",
    ),
    "unauthenticated": Kind(
        401,
        "No valid key or token",
        "Send `Authorization: Bearer` with a living API key or access token. The answer is the same whatever is "
        "wrong with it.",
    ),
    "insufficient_scope": Kind(
        403,
        "The key or token may not do this",
        "The key is alive, and has not the scope that `WWW-Authenticate` names. Make a key that has it.",
    ),
    "forbidden": Kind(
        403,
        "This is not allowed",
        "A rule of the product says no, whoever asks; `detail` says which.",
    ),
    "not_found": Kind(
        404,
        "There is no such thing",
        "There is no such thing, or it is another organization's. Both look the same.",
    ),
    "method_not_allowed": Kind(
        405,
        "This address does not take this method",
        "`Allow` says which methods the address takes.",
    ),
    "conflict": Kind(
        409,
        "This does not fit what is there",
        "What is there says no: a name that is taken, a state that does not fit, or somebody who was first. Read "
        "it again, then decide anew.",
    ),
    "request_in_progress": Kind(
        409,
        "The first request with this key is still under way",
        "The first request with this `Idempotency-Key` has no answer yet. Wait as long as `Retry-After` says, and"
        " send the same again.",
    ),
    "answer_lost": Kind(
        409,
        "The first request was carried out, and its answer was lost",
        "The first request with this `Idempotency-Key` was carried out, and the server ended before it could keep"
        " the answer. Nothing was done twice. Read what is there; a secret that was in the answer is lost, so "
        "make another one.",
    ),
    "cursor_gone": Kind(
        410,
        "The cursor is too old",
        "The feed keeps no more what stands behind this cursor, or the deployment was restored from a backup. Begin "
        "anew from the snapshot whose address `snapshot` has, and go on from the cursor that it names.",
    ),
    "precondition_failed": Kind(
        412,
        "It was changed meanwhile",
        "It is not what `If-Match` names any more. Read it again, then decide anew.",
    ),
    "body_too_large": Kind(
        413,
        "The body is too large",
        "A body has at most 256 KiB.",
    ),
    "unsupported_media_type": Kind(
        415,
        "The body's type is not taken here",
        "Send `Content-Type: application/json`.",
    ),
    "wrong_host": Kind(
        421,
        "This server does not answer under this name",
        "The name in `Host` is none of this server's. Use the address of the deployment.",
    ),
    "invalid": Kind(
        422,
        "A value is not right",
        "A value is missing, of another type, too long, or breaks a rule; a name is not known. `errors` says "
        "where, `detail` what was expected.",
    ),
    "idempotency_key_reused": Kind(
        422,
        "The Idempotency-Key belongs to another request",
        "An `Idempotency-Key` belongs to one request. Choose a new one, at random, for each.",
    ),
    "search_took_too_long": Kind(
        422,
        "The search took too long",
        "Ask for less: more of the name, or a narrower filter.",
    ),
    "too_many_requests": Kind(
        429,
        "Too many requests",
        "Wait as many seconds as `Retry-After` says. Each key has its own limit, and each address one for wrong "
        "keys ([settings](settings.md#rate_limit_per_second)).",
    ),
    "internal_error": Kind(
        500,
        "Something went wrong on our side",
        "It is our fault. The log of the server has it under `request_id`. A POST with an `Idempotency-Key` may "
        "be sent again.",
    ),
    "unavailable": Kind(
        503,
        "This cannot be done right now",
        "The database is busy or away. Nothing was changed. Try again as `Retry-After` says.",
    ),
}
"""Every code."""

_OF_STATUS: Final = {
    400: "malformed_request",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    421: "wrong_host",
    500: "internal_error",
    503: "unavailable",
}
_OF_REFUSAL: Final = {
    "not_found": "not_found",
    "conflict": "conflict",
    "invalid": "invalid",
    "forbidden": "forbidden",
    "plan": "forbidden",
}


class ApiProblem(Exception):
    """A refusal of the API: `places` says where in body or query something is wrong, and what; `more` has keys of this
    code's own.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        places: Sequence[tuple[str, str]] = (),
        headers: tuple[Header, ...] = (),
        more: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.places = tuple(places)
        self.headers = headers
        self.more = more or {}


def api_problem(request: Request, error: Exception, base_url: str, retry_seconds: int) -> Response | None:
    """The answer to a known problem on an address of the API; None for the rest."""
    known = _known(error, retry_seconds) if request.path.startswith(PREFIX) else None
    return None if known is None else rendered(known, request, base_url)


def rendered(problem: ApiProblem, request: Request, base_url: str) -> Response:
    """Problem details."""
    kind = PROBLEMS[problem.code]
    body: dict[str, object] = {
        "type": f"{base_url}{DOCS}#{problem.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": request.request_id,
        **problem.more,
    }
    if problem.places:
        body["errors"] = [{"at": at, "detail": detail} for at, detail in problem.places]
    return Response(kind.status, orjson.dumps(body), (PROBLEM_JSON, *problem.headers))


def _known(error: Exception, retry_seconds: int) -> ApiProblem | None:
    wait = ((b"retry-after", str(retry_seconds).encode()),)
    match error:
        case ApiProblem():
            return error
        case Refused(reason=reason, detail=detail):
            return ApiProblem(_OF_REFUSAL.get(reason, "invalid"), detail)
        case Stale():
            return ApiProblem("conflict", "Somebody else changed this just now; read it again.")
        case BodyTooLarge(detail=detail):
            return ApiProblem("body_too_large", detail)
        case EdgeProblem(status=status, detail=detail, headers=headers):
            return ApiProblem(_OF_STATUS.get(status, "malformed_request"), detail, (), headers)
        case Limited(detail=detail, retry_after=after):
            return ApiProblem("too_many_requests", detail, (), ((b"retry-after", after),))
        case ScanTimedOut():
            return ApiProblem("search_took_too_long", "Ask for less: more of the name, or a narrower filter.")
        case Unavailable():
            return ApiProblem("unavailable", "The database cannot take or answer this now.", (), wait)
        case _:
            return None
