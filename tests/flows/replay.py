"""A recorded sequence sent to a running server, step by step, and its answers and exchanges judged.

Rules: black box. The replay knows a base URL and a token, and how to ask for the directory's exchanges. It goes on
after a step that failed, so that one run shows all that is wrong.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.flows.scim_client import Answer, ScimClient, Source, connected
from tests.recorded.fixture import Fixture, Step, substituted
from tests.recorded.template import differences

TRIES: Final = 200
PAUSE_SECONDS: Final = 0.05
"""Refusals are written in the background, within a second: the list of exchanges is asked for until they are there."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A step as it went out, with the status that came."""

    step: Step
    path: str
    status: int


@dataclass(slots=True)
class Replay:
    """What a replay found; `known` are the captured ids."""

    failures: list[str] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)


async def replayed(fixture: Fixture, source: Source) -> Replay:
    """All steps sent in order to a fresh directory."""
    replay = Replay(known={"base": source.base_url, "token": source.token})
    async with connected(source) as client:
        for step in fixture.steps:
            for number in range(1, step.times + 1):
                try:
                    await _play(client, step, replay, {"n": str(number)} if step.times > 1 else {})
                except KeyError as missing:
                    replay.failures.append(f"{step.name}: not sent, {missing} was not captured")
    return replay


async def sent_step(client: ScimClient, step: Step, known: dict[str, str]) -> Answer:
    """The answer to one step. Raises KeyError for a name that was not captured."""
    headers = {
        name: str(substituted(value, known)) if value is not None else None for name, value in step.headers.items()
    }
    body = step.text.encode() if step.text is not None else None
    if step.body is not None:
        body = json.dumps(substituted(step.body, known), ensure_ascii=False).encode()
    if body is None:
        headers.pop("Content-Type", None)
    return await client.send(step.method, str(substituted(step.path, known)), body, headers)


def quirk_failures(replay: Replay, exchanges: Callable[[], list[dict[str, Any]]]) -> list[str]:
    """Steps whose exchange is not kept, or does not name exactly the quirks that were expected.

    Reads, answers to strangers (401) and methods that are not there (405) leave no exchange; steps without
    expected quirks are only looked for.
    """
    wanted = [sent for sent in replay.sent if not sent.step.is_read and sent.status not in (401, 405)]
    unpaired = wanted
    kept: list[dict[str, Any]] = []
    for _ in range(TRIES):
        kept = sorted(exchanges(), key=lambda exchange: exchange.get("at", 0))
        unpaired = [sent for sent, exchange in _paired(wanted, kept) if exchange is None]
        if not unpaired:
            break
        time.sleep(PAUSE_SECONDS)
    failures = [
        f"{sent.step.name}: no exchange of {sent.step.method} {sent.path} with {sent.status}" for sent in unpaired
    ]
    for sent, exchange in _paired(wanted, kept):
        expected = sent.step.quirks
        if exchange is not None and expected is not None and set(exchange["quirks"]) != expected:
            met = sorted(exchange["quirks"])
            failures.append(f"{sent.step.name}: quirks {met}, expected {sorted(expected)}")
    return failures


async def _play(client: ScimClient, step: Step, replay: Replay, counted: dict[str, str]) -> None:
    known = {**replay.known, **counted}
    path = str(substituted(step.path, known))
    answer = await sent_step(client, step, known)
    replay.sent.append(Sent(step, path, answer.status))
    found = _answer_failures(step, answer, known)
    replay.failures += [f"{step.name}: {failure}" for failure in found]
    replay.known.update({name: value for name, value in known.items() if name not in counted})


def _answer_failures(step: Step, answer: Answer, known: dict[str, str]) -> list[str]:
    if answer.status not in step.statuses:
        return [f"status {answer.status}, expected {' or '.join(map(str, step.statuses))}: {answer.body!r}"]
    found = [] if step.answer is None else differences(step.answer, answer.body, known)
    for name, template in step.answer_headers.items():
        came = answer.headers.get(name.lower())
        if template is None:
            found += [f"header {name} is {came!r}, expected none"] if came is not None else []
        else:
            found += differences(template, came, known, f"header {name}")
    return found


def _paired(wanted: list[Sent], kept: list[dict[str, Any]]) -> list[tuple[Sent, dict[str, Any] | None]]:
    """Each request with its exchange: the first that is left of the same method, path and status."""
    left = list(kept)
    pairs: list[tuple[Sent, dict[str, Any] | None]] = []
    for sent in wanted:
        of_it = (exchange for exchange in left if _is_of(exchange, sent))
        exchange = next(of_it, None)
        if exchange is not None:
            left.remove(exchange)
        pairs.append((sent, exchange))
    return pairs


def _is_of(exchange: dict[str, Any], sent: Sent) -> bool:
    if exchange["method"] != sent.step.method or exchange["status"] != sent.status:
        return False
    return _tidy(str(exchange["path"])).endswith(_tidy(sent.path))


def _tidy(path: str) -> str:
    """The path without its query, with single slashes and none at its end."""
    return "/" + "/".join(part for part in path.partition("?")[0].split("/") if part)
