"""A coroutine that runs at once until it first has to wait, and is a task only from then on.

Rules: an answer that needs no waiting costs no task and no turn of the loop. Before the first wait there is no
current task, which `asyncio.timeout` asks for: who needs one waits for a turn of the loop first. What is bound to
the context stays with the coroutine.
"""

import asyncio
import types
from collections.abc import Coroutine, Generator
from contextvars import copy_context
from typing import Any


def begun(coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> asyncio.Task[None] | None:
    """The task that does the rest, None where nothing is left; what was raised until then is raised by the task."""
    context = copy_context()
    try:
        awaited = context.run(coroutine.send, None)
    except StopIteration:
        return None
    except Exception as error:  # noqa: BLE001 - as a task would, for whoever looks at how it ended
        return asyncio.Task(_failed(error), loop=loop, context=context)
    return asyncio.Task(_rest(coroutine, awaited), loop=loop, context=context)


async def _failed(error: Exception) -> None:
    raise error


async def _rest(coroutine: Coroutine[Any, Any, None], awaited: object) -> None:
    await _resumed(coroutine, awaited)


@types.coroutine
def _resumed(coroutine: Coroutine[Any, Any, None], awaited: object) -> Generator[object, object, None]:
    """Wait for what the coroutine waits for, and hand it what comes of it, until it is through."""
    try:
        while True:
            try:
                sent = yield awaited
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as thrown:  # noqa: BLE001 - it is handed on, whatever it is
                awaited = coroutine.throw(thrown)
            else:
                awaited = coroutine.send(sent)
    except StopIteration:
        return
