"""Each row of a room as the steps that write it.

A room's row type is registered here once, by the store module that owns its tables.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from hallway.journal.model import Row
from hallway.store.statement import Step

RowType = TypeVar("RowType")

_STEPS: dict[type, Callable[[bytes, object], Sequence[Step]]] = {}


def writes(row_type: type[RowType]) -> Callable[[Callable[[bytes, RowType], Sequence[Step]]], None]:
    """Register the function that turns a row of `row_type` into steps."""

    def register(function: Callable[[bytes, RowType], Sequence[Step]]) -> None:
        if row_type in _STEPS:
            raise ValueError(f"{row_type.__name__} is registered twice")
        _STEPS[row_type] = function  # type: ignore[assignment]  # looked up by the row's own type

    return register


def steps_of(organization_id: bytes, row: Row) -> Sequence[Step]:
    """The steps that write `row`."""
    return _STEPS[type(row)](organization_id, row)
