"""The value of any JSON text, as a type."""

from typing import TypeAlias, Union

Json: TypeAlias = Union[None, bool, int, float, str, "list[Json]", "dict[str, Json]"]
JsonObject: TypeAlias = dict[str, Json]
