"""One attempt: a message is sent, and what came back is judged."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hallway.delivery.model import ANSWER_BYTES, SECOND, Attempt, Endpoint
from hallway.delivery.ports import Message, Strategy, Verdict
from hallway.delivery.schedule import retry_after
from hallway.ids import DeliveryAttemptId, fresh_id
from hallway.outbound import Outbound, OutboundProblem, Question


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of an attempt; `asked` is the pause that the endpoint asked for, in microseconds."""

    attempt: Attempt
    verdict: Verdict
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Trying:
    """Sends messages; redirects are never followed, and of an answer the first kilobyte is read."""

    outbound: Outbound
    strategies: Mapping[str, Strategy]
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]

    async def tried(self, endpoint: Endpoint, message: Message) -> Tried:
        """The attempt, whatever came of it."""
        at, began = self.clock(), time.monotonic_ns()
        attempt_id = DeliveryAttemptId(fresh_id(at, self.entropy(10)))
        question = Question(endpoint.url, message.headers(at // SECOND), message.body, ANSWER_BYTES, True, True)
        try:
            answer = await self.outbound.ask(question)
        except OutboundProblem as problem:
            failed = Attempt(attempt_id, at, None, _since(began), f"{problem.code}: {problem}")
            return Tried(failed, Verdict.AGAIN)
        verdict = self.strategies[endpoint.kind].verdict(answer)
        reason = "" if verdict is Verdict.TAKEN else f"It answered {answer.status}."
        attempt = Attempt(attempt_id, at, answer.status, _since(began), reason, answer.body[:ANSWER_BYTES])
        return Tried(attempt, verdict, retry_after(answer.headers, self.clock()))


def _since(began: int) -> int:
    """Microseconds; by a clock that nobody sets."""
    return (time.monotonic_ns() - began) // 1000
