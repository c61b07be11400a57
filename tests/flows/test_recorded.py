"""What real clients send, replayed against the running server on both engines."""

import functools
from pathlib import Path

import pytest

from tests.flows.replay import quirk_failures, replayed, sent_step
from tests.flows.scim_client import Hub, connected
from tests.recorded.fixture import captures, fixture_files, loaded

FILES = [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in fixture_files()]
STRICT = [
    pytest.param(path, id=f"{path.parent.name}/{path.stem}")
    for path in fixture_files()
    if any(step.quirks and step.is_read for step in loaded(path).steps)
]


@pytest.mark.parametrize("path", FILES)
async def test_recorded_sequence_gets_the_expected_answers(hub: Hub, path: Path) -> None:
    fixture = loaded(path)
    source = hub.directory(rules=dict(fixture.rules), provider=fixture.provider)
    replay = await replayed(fixture, source)
    failures = replay.failures + quirk_failures(replay, functools.partial(hub.exchanges, source.id))
    assert failures == []


@pytest.mark.parametrize("path", STRICT)
async def test_strict_directory_refuses_what_is_read_by_a_quirk(hub: Hub, path: Path) -> None:
    """A read leaves no exchange to name its quirks: that the strict directory refuses it shows that it is one."""
    fixture = loaded(path)
    source = hub.directory(rules={**fixture.rules, "strict": True}, provider=fixture.provider)
    anybody = dict.fromkeys(_captured(path), "user_" + "0" * 32)
    known = {**anybody, "base": source.base_url, "token": source.token}
    async with connected(source) as client:
        for step in fixture.steps:
            if step.quirks and step.is_read:
                assert (await sent_step(client, step, known)).status in (400, 401), step.name


def _captured(path: Path) -> set[str]:
    return {name for step in loaded(path).steps for name in captures(step.answer)}
