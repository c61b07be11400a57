"""What a request of the API says: its body and its query as values that cannot be wrong.

Rules: a name that no one knows is refused; so is a NUL, which no store keeps; a body is small and is JSON.
"""

from collections.abc import Iterable
from typing import Final, TypeVar, get_origin, get_type_hints

import msgspec

from hallway.web.api.endpoint import Body
from hallway.web.api.problems import ApiProblem
from hallway.web.http import Request

LIMIT_BYTES: Final = 256 * 1024
"""A provider's metadata is the largest thing that is told."""
_JSON: Final = "application/json"

B = TypeVar("B", bound=Body)


async def read_body(request: Request, kind: type[B]) -> B:
    """The body as a `kind`. Raises `ApiProblem` and `BodyTooLarge`."""
    raw = await request.body(LIMIT_BYTES)
    media, _, rest = request.header(b"content-type").partition(";")
    if media.strip().lower() != _JSON or not _is_utf8(rest):
        raise ApiProblem("unsupported_media_type", f"Send the body as {_JSON}, in UTF-8.")
    try:
        said = msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as fault:
        raise _invalid(fault, "body") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise ApiProblem("malformed_request", f"The body is not JSON: {fault}.") from None
    if b"\\u0000" in raw and _has_nul(msgspec.to_builtins(said)):
        raise ApiProblem("malformed_request", "A text in the body has a NUL character.")
    return said


def read_query(request: Request, kind: type[B]) -> B:
    """The query as a `kind`; a name that came twice has its values in a list. Raises `ApiProblem`."""
    lists = _lists_of(kind)
    given: dict[str, object] = {}
    for name, value in request.pairs():
        if "\0" in value:
            raise ApiProblem("malformed_request", "The query has a NUL character.")
        if name in lists:
            kept = given.setdefault(name, [])
            if isinstance(kept, list):
                kept.append(value)
        elif name in given:
            raise ApiProblem("invalid", f"The parameter {name} came more than once.", [(name, "once only")])
        else:
            given[name] = value
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as fault:
        raise _invalid(fault, "query") from None


def refuse_query(request: Request) -> None:
    """A route that takes no parameter refuses every one."""
    if request.query:
        raise ApiProblem("invalid", "This address takes no parameters.", [("query", "takes none")])


def _lists_of(kind: type[Body]) -> frozenset[str]:
    return frozenset(name for name, hint in get_type_hints(kind).items() if get_origin(hint) in (list, tuple))


def _is_utf8(parameters: str) -> bool:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            return False
    return True


def _invalid(fault: msgspec.ValidationError, where: str) -> ApiProblem:
    """What msgspec says is wrong, and at which place."""
    sentence, _, path = str(fault).partition(" - at `")
    place = path.rstrip("`").removeprefix("$").lstrip(".") or where
    return ApiProblem("invalid", f"{place}: {sentence}.", [(place, sentence)])


def _has_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case dict():
            return _any_nul([*value.keys(), *value.values()])
        case list():
            return _any_nul(value)
        case _:
            return False


def _any_nul(values: Iterable[object]) -> bool:
    return any(_has_nul(one) for one in values)
