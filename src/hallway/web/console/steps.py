"""One step of a guide at somebody else's product, for directories and connections alike.

Rules: labels of the other product are quoted as it writes them and are not translated; one act per line; every value
to paste stands in the step that needs it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paste:
    """A field of theirs, and what goes in: one of our values by its kind, or `value` itself."""

    field: str
    what: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: acts in order, then what to paste."""

    title: str
    acts: tuple[str, ...]
    pastes: tuple[Paste, ...] = ()
