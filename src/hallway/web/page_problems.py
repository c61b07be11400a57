"""What a page says when it cannot be shown."""

from dataclasses import dataclass, replace
from typing import Final

from hallway.hub.organizations.service import Refused
from hallway.journal.model import Unavailable
from hallway.store.database import ScanTimedOut
from hallway.web.edge import PLAIN
from hallway.web.guards import Limited
from hallway.web.http import EdgeProblem, Header, Request, Response
from hallway.web.language import N_, Language
from hallway.web.pages import Pages, is_fragment

_REFUSALS: Final = {"not_found": 404, "conflict": 409, "invalid": 422, "forbidden": 403, "plan": 403}

_TITLES: Final = {
    400: N_("We could not read this request"),
    403: N_("You may not do this"),
    404: N_("There is nothing at this address"),
    405: N_("This cannot be done here"),
    409: N_("This was changed in the meantime"),
    413: N_("This is too large"),
    415: N_("We could not read this form"),
    421: N_("This address is not one of ours"),
    422: N_("This cannot be done"),
    429: N_("Too many attempts"),
    500: N_("Something went wrong on our side"),
    503: N_("We cannot do this right now"),
}
_WHAT_TO_DO: Final = {
    403: N_("The request came from a page of another site, so nothing was changed. Open the page here and try again."),
    404: N_("The address may be mistyped, or what was here was removed."),
    405: N_("Go back to the page before, and use its buttons."),
    421: N_("Use the address that you were given, or ask whoever runs this service."),
    429: N_("Nothing is wrong with your account. Wait a moment, then try again."),
    500: N_("Nothing was changed that you were not told of. Try again; if it repeats, tell support this number."),
    503: N_("The database does not answer at the moment. Nothing was changed. Try again in a few seconds."),
}


@dataclass(frozen=True, slots=True)
class _Known:
    status: int
    detail: str
    said: bool
    headers: tuple[Header, ...] = ()


def page_problem(pages: Pages, request: Request, error: Exception, is_page: bool) -> Response | None:
    """The answer to a known problem for whoever reads pages; None for what is none, and for programs elsewhere."""
    known = _known(error)
    if isinstance(error, Refused) and known is not None:
        known = replace(known, detail=refusal(pages.language(request), error))
    reader = b"text/html" in request.headers.get(b"accept", b"")
    if known is None or not (is_page or reader):
        return None
    if not reader and not is_fragment(request):
        return Response(known.status, known.detail.encode() + b"\n", (PLAIN, *known.headers))
    status = known.status if known.status in _TITLES else 400
    answer = pages.render(
        request,
        "errors/problem.html",
        known.status,
        fragment="errors/fragment.html",
        title=_TITLES[status],
        detail=known.detail if known.said else _WHAT_TO_DO.get(status, known.detail),
        number=request.request_id if status >= 500 else "",
    )
    return answer._replace(headers=(*answer.headers, *known.headers))


def refusal(language: Language, refused: Refused) -> str:
    """What a refusal says, in a language."""
    text = language.words.gettext(refused.text)
    return text % refused.values if refused.values else text


def _known(error: Exception) -> _Known | None:
    """What a problem is; `said` where its own sentence is written for people."""
    match error:
        case Refused(reason=reason, detail=detail):
            return _Known(_REFUSALS.get(reason, 422), detail, True)
        case EdgeProblem(status=status, detail=detail, headers=headers):
            return _Known(status, detail, False, headers)
        case Limited(detail=detail, retry_after=wait):
            return _Known(429, detail, False, ((b"retry-after", wait),))
        case ScanTimedOut():
            return _Known(422, "The search took too long. Type more of the name.", True)
        case Unavailable():
            return _Known(503, "The database cannot take this now.", False, ((b"retry-after", b"5"),))
        case _:
            return None
