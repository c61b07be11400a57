"""Recorded sequences as values; README.md beside this file says what each part means.

Rules: a fixture that could not be replayed does not load. Names are captured once, and used after that only.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hallway.scim.json import Json, JsonObject
from hallway.scim.quirks import Quirk

RECORDED: Final = Path(__file__).parent
CLIENTS: Final = ("jumpcloud", "entra", "okta", "onelogin", "ping", "cyberark", "others")
MARKS: Final = ("captured", "documented", "reconstructed")
GIVEN: Final = frozenset({"base", "token"})
"""What every replay knows before its first step."""

_USE = re.compile(r"\$\{(\w+)\}")
_CAPTURE = re.compile(r"\$id:(\w+)")
_QUIRKS: Final = frozenset(quirk.value for quirk in Quirk)
_FIXTURE_KEYS: Final = {"client", "title", "mark", "source", "directory", "headers", "steps"}
_STEP_KEYS: Final = {"name", "times", "request", "expect"}
_REQUEST_KEYS: Final = {"method", "path", "headers", "body", "text"}
_EXPECT_KEYS: Final = {"status", "headers", "body", "quirks"}


class Malformed(Exception):
    """The file is no fixture; says where and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request and what has to come back; `text` is a body that is sent as it stands.

    A header of None is not sent, or must not be there. `quirks` is None where any will do. With `times`
    the request is repeated, `${n}` counting from 1.
    """

    name: str
    method: str
    path: str
    headers: dict[str, str | None]
    body: Json
    text: str | None
    times: int
    statuses: tuple[int, ...]
    answer_headers: dict[str, str | None]
    answer: Json
    quirks: frozenset[str] | None

    @property
    def is_read(self) -> bool:
        """Whether it only reads: such an exchange is counted, and not kept unless it was refused."""
        return self.method in ("GET", "HEAD") or self.path.partition("?")[0].endswith("/.search")


@dataclass(frozen=True, slots=True)
class Fixture:
    """One file: who sends, how sure we are of it, the directory it needs, and the steps."""

    name: str
    client: str
    title: str
    mark: str
    source: str
    provider: str
    rules: JsonObject
    steps: tuple[Step, ...]


def fixture_files() -> list[Path]:
    """Every recorded sequence, in the order of names."""
    return sorted(RECORDED.glob("*/*.json"))


def loaded(path: Path) -> Fixture:
    """The fixture in a file. Raises Malformed."""
    name = f"{path.parent.name}/{path.stem}"
    try:
        return parsed(name, json.loads(path.read_text(encoding="utf-8")))
    except ValueError as problem:
        raise Malformed(f"{name}: no JSON: {problem}") from None


def parsed(name: str, content: Json) -> Fixture:
    """The fixture that `content` says. Raises Malformed."""
    top = _object(content, name, _FIXTURE_KEYS)
    directory = _object(top.get("directory", {}), f"{name}: directory", {"provider", "rules"})
    mark = _text(top, "mark", name)
    if mark not in MARKS:
        raise Malformed(f"{name}: mark is one of {', '.join(MARKS)}")
    shared = _headers(top.get("headers", {}), f"{name}: headers")
    listed = top.get("steps")
    if not isinstance(listed, list) or not listed:
        raise Malformed(f"{name}: steps is an array of at least one")
    steps = tuple(_step(step, shared, f"{name}, step {number}") for number, step in enumerate(listed, 1))
    if len({step.name for step in steps}) < len(steps):
        raise Malformed(f"{name}: two steps have one name")
    _check_captures(name, steps)
    return Fixture(
        name,
        client=_text(top, "client", name),
        title=_text(top, "title", name),
        mark=mark,
        source=_text(top, "source", name),
        provider=str(directory.get("provider", "other")),
        rules=_object(directory.get("rules", {}), f"{name}: rules"),
        steps=steps,
    )


def captures(template: Json) -> list[str]:
    """The names that an expected answer gives to ids, in their order."""
    return [found[1] for text in _texts(template) if (found := _CAPTURE.fullmatch(text))]


def uses(template: Json) -> set[str]:
    """The names that `${name}` stands for, anywhere within."""
    return {name for text in _texts(template) for name in _USE.findall(text)}


def substituted(template: Json, known: dict[str, str]) -> Json:
    """`template` with every `${name}` in keys and texts replaced. Raises KeyError for an unknown name."""
    match template:
        case str():
            return _USE.sub(lambda found: known[found[1]], template)
        case list():
            return [substituted(element, known) for element in template]
        case dict():
            return {str(substituted(key, known)): substituted(value, known) for key, value in template.items()}
        case _:
            return template


def _step(content: Json, shared: dict[str, str | None], at: str) -> Step:
    step = _object(content, at, _STEP_KEYS)
    name = _text(step, "name", at)
    at = f"{at} ({name})"
    request = _object(step.get("request"), f"{at}: request", _REQUEST_KEYS)
    expect = _object(step.get("expect"), f"{at}: expect", _EXPECT_KEYS)
    text = request.get("text")
    times = step.get("times", 1)
    if not (text is None or isinstance(text, str)) or ("text" in request and "body" in request):
        raise Malformed(f"{at}: a request has a body or a text")
    if not isinstance(times, int) or times < 1:
        raise Malformed(f"{at}: times is a positive number")
    path = _text(request, "path", at)
    if not path.startswith("/") or " " in path:
        raise Malformed(f"{at}: a path starts with a slash and is written as it is sent")
    return Step(
        name,
        method=_text(request, "method", at),
        path=path,
        headers={**shared, **_headers(request.get("headers", {}), at)},
        body=request.get("body"),
        text=text,
        times=times,
        statuses=_statuses(expect.get("status"), at),
        answer_headers=_headers(expect.get("headers", {}), at),
        answer=expect.get("body"),
        quirks=_named_quirks(expect.get("quirks"), at),
    )


def _check_captures(name: str, steps: tuple[Step, ...]) -> None:
    known = set(GIVEN)
    for step in steps:
        before: list[Json] = [step.path, *step.headers.values(), step.body, step.text]
        counted = {"n"} if step.times > 1 else set()
        fresh = captures(step.answer)
        if unknown := uses(before) - known - counted:
            raise Malformed(f"{name}, {step.name}: {sorted(unknown)} are not captured before")
        if len(set(fresh)) < len(fresh) or known & set(fresh) or (fresh and counted):
            raise Malformed(f"{name}, {step.name}: a name is captured twice")
        known.update(fresh)
        if unknown := uses([step.answer, *step.answer_headers.values()]) - known - counted:
            raise Malformed(f"{name}, {step.name}: {sorted(unknown)} are not captured")


def _statuses(value: Json, at: str) -> tuple[int, ...]:
    listed = value if isinstance(value, list) else [value]
    found = tuple(status for status in listed if isinstance(status, int) and 100 <= status < 600)
    if not found or len(found) < len(listed):
        raise Malformed(f"{at}: status is a number or an array of them")
    return found


def _named_quirks(value: Json, at: str) -> frozenset[str] | None:
    if value is None:
        return None
    named = {quirk for quirk in value if isinstance(quirk, str)} if isinstance(value, list) else {""}
    if unknown := named - _QUIRKS:
        raise Malformed(f"{at}: {sorted(unknown)} are no quirks")
    return frozenset(named)


def _headers(value: Json, at: str) -> dict[str, str | None]:
    headers = _object(value, at)
    if not all(header is None or isinstance(header, str) for header in headers.values()):
        raise Malformed(f"{at}: a header is text or null")
    return {name: header if isinstance(header, str) else None for name, header in headers.items()}


def _object(value: Json, at: str, keys: set[str] | None = None) -> JsonObject:
    if not isinstance(value, dict):
        raise Malformed(f"{at}: is an object")
    if keys is not None and (unknown := value.keys() - keys):
        raise Malformed(f"{at}: has no {sorted(unknown)}")
    return value


def _text(value: JsonObject, key: str, at: str) -> str:
    text = value.get(key)
    if not isinstance(text, str) or not text:
        raise Malformed(f"{at}: {key} is text")
    return text


def _texts(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for element in value:
                yield from _texts(element)
        case dict():
            for key, member in value.items():
                yield key
                yield from _texts(member)
