"""Every deviation of a real client that is tolerated, by name.

Rules: nothing is tolerated that is not in this table; each use is noted on the exchange and counted per
directory; a strict directory refuses all of them. `docs/reference/quirks.md` has a heading for each, and
`tests/recorded/` a request.
"""

from dataclasses import dataclass, field
from enum import Enum

from hallway.scim.problem import ScimProblem


class Quirk(Enum):
    """The name is what exchanges, counters, metrics and docs say."""

    BOOLEAN_AS_TEXT = "boolean_as_text"  # Entra: "active": "False"
    OPERATION_CASE = "operation_case"  # Entra: "op": "Add"
    SINGLE_VALUE_AS_ARRAY = "single_value_as_array"  # Entra: manager as [{...}]
    ARRAY_AS_SINGLE_VALUE = "array_as_single_value"  # OneLogin: "emails": {...}
    UNKNOWN_ATTRIBUTE_IGNORED = "unknown_attribute_ignored"  # Okta, Entra: attributes nobody declared
    UNKNOWN_SCHEMA_IGNORED = "unknown_schema_ignored"  # Entra: .../ADSCIM/2.0/Group
    MISSING_SCHEMAS = "missing_schemas"
    PASSWORD_DISCARDED = "password_discarded"  # noqa: S105 - a name, not a secret
    EMPTY_TEXT_REMOVES = "empty_text_removes"  # Entra: replace with ""
    DOTTED_KEY = "dotted_key"  # Entra with its flag: "name.givenName" in a path-less value
    URN_KEY = "urn_key"  # Entra with its flag: "urn:...:User:employeeNumber" in a path-less value
    FILTERED_KEY = "filtered_key"  # Entra with its flag: 'emails[type eq "work"].value' as a key
    EXTENSION_WITHOUT_URN = "extension_without_urn"  # Entra: path "manager"
    REFERENCE_AS_TEXT = "reference_as_text"  # Entra: manager as a bare id
    REMOVE_WITH_VALUE = "remove_with_value"  # Entra, JumpCloud: remove members by a value array
    ELEMENT_MADE_FROM_FILTER = "element_made_from_filter"  # Entra: add to emails[type eq "work"].value
    EQUAL_READ_ONLY_VALUE = "equal_read_only_value"  # Okta: {"id": ..., "displayName": ...} in a replace
    FILTER_AFTER_VALUE_PATH = "filter_after_value_path"  # Entra: emails[type eq "work"].value eq "..."
    COMPLEX_AS_VALUE = "complex_as_value"  # Entra: manager eq "..."
    UNMATCHED_REMOVE = "unmatched_remove"  # Entra, Okta: remove of what is not there
    BARE_TOKEN = "bare_token"  # noqa: S105 - JumpCloud's API key: Authorization without a scheme
    API_KEY_HEADER = "api_key_header"  # JumpCloud: x-api-key
    BYTE_ORDER_MARK = "byte_order_mark"
    CONTENT_TYPE_MISSING = "content_type_missing"
    MISSING_ACTIVE_MEANS_TRUE = "missing_active_means_true"  # off by default: it can revive a leaver


OFF_BY_DEFAULT = frozenset({Quirk.MISSING_ACTIVE_MEANS_TRUE})
"""Quirks that change what a standard request means; a directory switches them on by name."""


@dataclass(slots=True)
class Tolerance:
    """What one directory tolerates, and what one request made use of."""

    strict: bool = False
    switched_on: frozenset[Quirk] = frozenset()
    met: set[Quirk] = field(default_factory=set)

    def accept(self, quirk: Quirk, otherwise: ScimProblem) -> None:
        """Note the use of `quirk`, or raise `otherwise` where the directory does not tolerate it."""
        if self.strict:
            raise otherwise
        self.met.add(quirk)

    def applies(self, quirk: Quirk) -> bool:
        """Whether a quirk that is off by default was switched on; notes nothing."""
        return quirk in self.switched_on and not self.strict
