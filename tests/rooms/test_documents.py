"""Answers joined from stored bytes."""

import json

from hallway.hub.directories.documents import rendered
from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import MemberOfGroup, Stored
from hallway.ids import ResourceId
from hallway.scim.standard import ENTERPRISE_USER

ADA, GRACE = (ResourceId(bytes(15) + bytes([number])) for number in (1, 2))
BASE = b"https://hub.example/scim/dir/v2"


def test_member_without_display_name_has_no_display() -> None:
    group = Stored(ResourceId(bytes(16)), Kind.GROUP, 1, 1, 0, 0, b'{"displayName":"Engines"', members=2)
    members = (MemberOfGroup(ADA, Kind.USER, "Ada"), MemberOfGroup(GRACE, Kind.USER, ""))
    named, nameless = json.loads(rendered(group, BASE, members))["members"]
    assert (named["display"], named["type"]) == ("Ada", "User")
    assert nameless == {
        "value": f"user_{GRACE.hex()}",
        "$ref": f"{BASE.decode()}/Users/user_{GRACE.hex()}",
        "type": "User",
    }


def test_manager_without_display_name_has_a_reference_only() -> None:
    document = b'{"userName":"grace","%b":{"manager":{"value":"user_1"}}' % ENTERPRISE_USER.id.encode()
    for display, shown in (("Ada", {"displayName": "Ada"}), ("", {})):
        grace = Stored(GRACE, Kind.USER, 1, 1, 0, 0, document, None, len(document) - 2, ADA, display)
        manager = json.loads(rendered(grace, BASE))[ENTERPRISE_USER.id]["manager"]
        assert manager == {"value": "user_1", "$ref": f"{BASE.decode()}/Users/user_{ADA.hex()}", **shown}
