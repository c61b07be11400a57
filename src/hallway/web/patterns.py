"""What the page of all components shows in them: examples, with long names among them."""

from typing import Any, Final

_AT: Final = 1_795_442_531_000_000
_MESSAGE: Final = """PATCH /scim/dir_0f…/v2/Users/user_7c… HTTP/1.1
User-Agent: JumpCloud-SCIM/1.0
Content-Type: application/scim+json

{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
 "Operations": [{"op": "replace", "path": "active", "value": false}]}"""

EXAMPLES: Final[dict[str, Any]] = {
    "at": _AT,
    "address": "https://id.example.com/scim/dir_4f1c0d2e9a7b4c5d8e6f0a1b2c3d4e5f/v2",
    "token": "hw_scim_5nJ2vZkq9Xr7yTg4mPbL1cWs8dHf3aQe6uKo0iNxRjA",
    "message": _MESSAGE,
    "people": (
        ("Ada Lovelace", "ada@acme.example", "good", "Active", 42),
        (
            "Wolfeschlegelsteinhausenbergerdorff, Hubert Blaine",
            "hubert.wolfeschlegel@acme.example",
            "waiting",
            "Waits",
            7,
        ),
        ("Jo", "jo@acme.example", "off", "Deactivated", 0),
    ),
    "chart": tuple(
        (f"{day} Nov", good, bad)
        for day, (good, bad) in enumerate(
            ((12, 0), (18, 1), (0, 0), (7, 0), (31, 0), (22, 6), (14, 2), (9, 0), (3, 0), (27, 0), (40, 1), (16, 0)), 12
        )
    ),
}

WRONG: Final = {
    "name": "Enter a name for this directory",
    "address": "Enter the address, starting with https://",
    "plan": "Choose a plan",
}
"""What is wrong with the form of the page, when somebody wants to see that."""
