"""What every store has to do with streams of security events, and with what waits in them.

Run by `test_conformance.py`, as `conformance.py` is.
"""

import pytest

from hallway.hub.events.streams import NewStream, Pending, Settled, Stream, StreamRemoval
from hallway.ids import EntryId, StreamId
from hallway.journal.model import Stale
from hallway.store.streams import StreamStore
from tests.store.stage import Stage


async def made(stage: Stage, place: int = 0, audience: str = "reader") -> Stream:
    """A stream of a directory, written."""
    key = stage.key_of(place)
    one = Stream(
        key.organization_id, StreamId(stage.desk.fresh_id()), key.directory_id, audience, b"h" * 32, 7,
        stage.desk.now(),
    )  # fmt: skip
    await stage.write(NewStream(one), organization=key.organization_id)
    return one


def waiting(*positions: int) -> list[Pending]:
    """Events at these positions."""
    return [Pending(one, one + 100, EntryId(bytes([one]) * 16)) for one in positions]


async def holds_a_stream_comes_back_as_it_was_written(stage: Stage) -> None:
    """By id and by directory, oldest first; never in another organization."""
    store = StreamStore(stage.database)
    first, second, beside, foreign = [await made(stage, place) for place in (0, 0, 1, 2)]
    owner = first.organization_id
    assert await store.stream(owner, first.id) == first
    assert await store.of_directory(owner, first.directory_id) == [first, second]
    assert await store.of_directory(owner, beside.directory_id) == [beside]
    assert await store.stream(owner, foreign.id) is None
    assert await store.of_directory(owner, foreign.directory_id) == []


async def holds_what_was_handed_on_waits_until_it_is_taken(stage: Stage) -> None:
    """In order; what was refused is counted, with the last reason."""
    store, one, other = StreamStore(stage.database), await made(stage), await made(stage)
    await store.hand(one, 12, waiting(9, 8, 10))
    await store.hand(other, 12, waiting(8))
    assert await store.pending(one, 2) == waiting(8, 9)
    await store.settle(one, Settled([EntryId(b"\x08" * 16)], [EntryId(b"\x0a" * 16)], "too odd"), 99)
    assert await store.pending(one, 9) == waiting(9)
    assert await store.pending(other, 9) == waiting(8)
    found = await store.stream(one.organization_id, one.id)
    assert found is not None
    assert (found.position, found.polled_at, found.refused, found.last_error) == (12, 99, 1, "too odd")
    await store.settle(one, Settled(), 100)
    assert len(await store.pending(one, 9)) == 1


async def holds_of_two_polls_at_once_one_hands_on(stage: Stage) -> None:
    """The other one finds the stream moved, and nothing of hers is written."""
    store, one = StreamStore(stage.database), await made(stage)
    await store.hand(one, 9, waiting(8))
    with pytest.raises(Stale):
        await store.hand(one, 10, waiting(9, 10))
    assert await store.pending(one, 9) == waiting(8)


async def holds_a_stream_that_ended_takes_what_waited_with_it(stage: Stage) -> None:
    """And others keep theirs."""
    store, one, other = StreamStore(stage.database), await made(stage), await made(stage)
    await store.hand(one, 9, waiting(8))
    await store.hand(other, 9, waiting(8))
    await stage.write(StreamRemoval(one))
    assert await store.stream(one.organization_id, one.id) is None
    assert await store.pending(one, 9) == []
    assert await store.pending(other, 9) == waiting(8)
    with pytest.raises(Stale):
        await stage.write(StreamRemoval(one))
