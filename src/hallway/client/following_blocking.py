"""Following the feed in a thread or a process of its own; the rules are those of `following.py`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import sleep
from typing import Protocol

from hallway.client.blocking import HubClient
from hallway.client.following import EVERYTHING, Batch, is_refused_for_good, pause, warned
from hallway.client.model import Receipt, Snapshot, Told
from hallway.client.problem import ApiProblem, CursorExpired, HubProblem
from hallway.client.rest import Wanted


class BlockingReader(Protocol):
    """The application's side: see `Reader`."""

    def cursor(self) -> str | None:
        """How far it has read; None if it never has."""
        ...

    def begin_again(self, cursor: str, parts: Iterator[Snapshot]) -> None:
        """Take over how everything is now, and keep the cursor. Members that are in no part are gone."""
        ...

    def take(self, batch: Batch) -> None:
        """Do what the events say, keep the receipts, and keep the cursor if there is one. Events may come again."""
        ...

    def owed(self) -> Sequence[Receipt]:
        """Receipts that the Hub has not taken yet."""
        ...

    def sent(self, receipt: Receipt) -> None:
        """The Hub took this receipt, or never will."""
        ...


@dataclass(frozen=True, slots=True)
class Follower:
    """Reads on and on; `report` hears of what goes wrong meanwhile, `rest` waits."""

    client: HubClient
    reader: BlockingReader
    wanted: Wanted = EVERYTHING
    report: Callable[[HubProblem], None] = warned
    rest: Callable[[float], None] = sleep

    def run(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Follow while `goes_on` says so; when the Hub cannot be read, the pauses grow to a minute."""
        failures = 0
        while goes_on():
            try:
                self.turn()
                failures = 0
            except HubProblem as problem:
                self.report(problem)
                failures += 1
                self.rest(pause(problem, failures))

    def turn(self) -> None:
        """One question to the feed, and what follows from its answer. Raises `ApiProblem`, `Unreachable`."""
        self.send_receipts()
        cursor = self.reader.cursor()
        told = self._told(cursor) if cursor is not None else None
        if told is None:
            self._begin_again()
        elif told.items or told.next != cursor:
            self.reader.take(Batch(told.items, told.next))
            self.send_receipts()

    def send_receipts(self) -> None:
        """Send what is owed; what the Hub refuses for good is reported and let go."""
        for receipt in self.reader.owed():
            try:
                self.client.send_receipt(receipt)
            except ApiProblem as problem:
                if not is_refused_for_good(problem):
                    raise
                self.report(problem)
            self.reader.sent(receipt)

    def _told(self, cursor: str) -> Told | None:
        """What is behind a cursor; None where the Hub does not have it any more."""
        try:
            return self.client.events(cursor, self.wanted)
        except CursorExpired as problem:
            self.report(problem)
            return None

    def _begin_again(self) -> None:
        first = self.client.snapshot()
        self.reader.begin_again(first.cursor, self._parts(first))

    def _parts(self, first: Snapshot) -> Iterator[Snapshot]:
        part = first
        yield part
        while part.next:
            part = self.client.snapshot(part.next)
            yield part
