"""Attribute paths and PATCH paths (RFC 7644 §3.10, §3.5.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.filter import Compare, Op
from hallway.scim.patch_path import find_patch_path, patch_path
from hallway.scim.path import AttributePath, ExtensionPath, attribute_path, path_text
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import Extension, ResourceType, Schema
from tests.scim.small import BADGE, ENTERPRISE, ENTERPRISE_URN, OTHER_URN, USER, USER_URN, USERS, strict, tolerant


def path_of(text: str, tolerance: Tolerance | None = None) -> AttributePath | ExtensionPath | None:
    return attribute_path(text, USERS, tolerance or strict())


USER_NAME = AttributePath(USER, USER.by_name["username"], None, None)
_NAME = USER.by_name["name"]
GIVEN_NAME = AttributePath(USER, _NAME, _NAME.subs["givenname"], None)
_MANAGER = ENTERPRISE.by_name["manager"]
MANAGER = AttributePath(ENTERPRISE, _MANAGER, None, ENTERPRISE_URN)
MANAGER_VALUE = AttributePath(ENTERPRISE, _MANAGER, _MANAGER.subs["value"], ENTERPRISE_URN)
CREATED = AttributePath(None, USERS.common["meta"], USERS.common["meta"].subs["created"], None)


class TestAttributePath:
    """RFC 7644 §3.10."""

    @pytest.mark.parametrize(
        ("text", "path"),
        [
            ("userName", USER_NAME),
            ("USERNAME", USER_NAME),
            (f"{USER_URN}:userName", USER_NAME),
            (f"{USER_URN.upper()}:username", USER_NAME),
            ("name.givenName", GIVEN_NAME),
            ("NAME.givenname", GIVEN_NAME),
            (f"{USER_URN}:name.givenName", GIVEN_NAME),
            (f"{ENTERPRISE_URN}:manager", MANAGER),
            (f"{ENTERPRISE_URN}:manager.value", MANAGER_VALUE),
            (f"{ENTERPRISE_URN.upper()}:MANAGER.VALUE", MANAGER_VALUE),
            (ENTERPRISE_URN, ExtensionPath(ENTERPRISE)),
            (ENTERPRISE_URN.upper(), ExtensionPath(ENTERPRISE)),
            (OTHER_URN, ExtensionPath(BADGE)),
            ("meta.created", CREATED),
            (f"{USER_URN}:meta.created", CREATED),
        ],
    )
    def test_a_name_is_found_in_any_case(self, text: str, path: AttributePath | ExtensionPath) -> None:
        assert path_of(text) == path
        assert path_of(path_text(path)) == path

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            ".",
            ":",
            "nick",
            "name.",
            "name.nick",
            "name.givenName.x",
            "userName.value",
            ".givenName",
            "userName ",
            USER_URN,
            f"{USER_URN}:",
            f"{USER_URN}:nick",
            f"{ENTERPRISE_URN}:userName",
            f"{ENTERPRISE_URN}.manager",
            "urn:x:User:userName",
            "urn:ietf:params:scim:schemas:core:2",
            "core:2.0:User:userName",
        ],
    )
    def test_an_unknown_name_is_none(self, text: str) -> None:
        assert path_of(text) is None

    def test_paths_show_their_text(self) -> None:
        assert repr(GIVEN_NAME) == "AttributePath('name.givenName')"
        assert repr(ExtensionPath(BADGE)) == f"ExtensionPath('{OTHER_URN}')"

    def test_a_leaf_is_what_the_path_ends_in(self) -> None:
        assert USER_NAME.leaf.name == "userName"
        assert GIVEN_NAME.leaf.name == "givenName"

    def test_an_extension_attribute_without_its_urn_is_a_quirk(self) -> None:
        tolerance = tolerant()
        assert path_of("Manager.value", tolerance) == MANAGER_VALUE
        assert tolerance.met == {Quirk.EXTENSION_WITHOUT_URN}
        assert path_of("manager") is None

    def test_it_is_unknown_where_two_extensions_have_it(self) -> None:
        assert path_of("department", tolerant()) is None

    def test_a_core_schema_may_declare_a_common_attribute_itself(self) -> None:
        schema = Schema("urn:x:Thing", "Thing", "", (USERS.common["externalid"],))
        things = ResourceType("Thing", "/Things", "", schema, (Extension(ENTERPRISE),))
        found = attribute_path("externalId", things, strict())
        assert isinstance(found, AttributePath)
        assert found.schema is schema


class TestPatchPath:
    """RFC 7644 §3.5.2, figure 7."""

    def test_a_sub_attribute_is_kept_beside_its_attribute(self) -> None:
        path = patch_path("name.givenName", USERS, strict())
        assert isinstance(path.target, AttributePath)
        assert (path.target.attribute.name, path.target.sub) == ("name", None)
        assert path.sub is not None
        assert (path.sub.name, path.filter, path.name) == ("givenName", None, "name.givenName")

    @pytest.mark.parametrize("urn", ["", f"{USER_URN}:", f"{USER_URN.upper()}:"])
    def test_a_value_path_may_have_a_sub_attribute_and_a_urn(self, urn: str) -> None:
        path = patch_path(f'{urn}EMAILS[TYPE eq "wo]rk"].Value', USERS, strict())
        assert isinstance(path.filter, Compare)
        assert (path.filter.path.sub, path.filter.op, path.filter.value) == (
            USER.by_name["emails"].subs["type"],
            Op.EQ,
            "wo]rk",
        )
        assert path.sub is not None
        assert (path.sub.name, path.name) == ("value", "emails.value")

    def test_a_value_path_may_end_with_its_bracket(self) -> None:
        path = patch_path('emails[type eq "work"]', USERS, strict())
        assert path.filter is not None
        assert (path.sub, path.name) == (None, "emails")

    def test_a_simple_multi_valued_attribute_is_chosen_from_by_value(self) -> None:
        path = patch_path('tags[value eq "a"]', USERS, strict())
        assert isinstance(path.filter, Compare)
        assert path.filter.path.leaf.name == "tags"

    def test_an_extension_stands_for_itself(self) -> None:
        path = patch_path(ENTERPRISE_URN, USERS, strict())
        assert (path.target, path.name) == (ExtensionPath(ENTERPRISE), ENTERPRISE_URN)
        assert patch_path(f"{ENTERPRISE_URN}:manager.value", USERS, strict()).name.endswith(":manager.value")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "nick",
            "emails.nick",
            'emails[type eq "work"].nick',
            "emails[",
            'emails[type eq "work"',
            'emails[type eq "work"]value',
            'emails[type eq "work"] .value',
            'name[givenName eq "a"]',
            'emails.value[type eq "work"]',
            'userName[value eq "a"]',
            f'{ENTERPRISE_URN}[manager eq "a"]',
            'nick[type eq "work"]',
        ],
    )
    def test_what_is_no_path_is_an_invalid_path(self, text: str) -> None:
        with pytest.raises(ScimProblem) as caught:
            patch_path(text, USERS, tolerant())
        assert (caught.value.status, caught.value.scim_type) == (400, "invalidPath")

    @pytest.mark.parametrize(
        "text", ["emails[]", "emails[type]", "emails[type eq work]", 'emails[nick eq "a"]', 'tags[type eq "a"]']
    )
    def test_what_is_no_filter_is_an_invalid_filter(self, text: str) -> None:
        with pytest.raises(ScimProblem) as caught:
            patch_path(text, USERS, tolerant())
        assert (caught.value.status, caught.value.scim_type) == (400, "invalidFilter")

    def test_an_unknown_attribute_can_be_asked_for(self) -> None:
        assert find_patch_path("nick", USERS, strict()) is None
        assert find_patch_path('emails[type eq "work"].nick', USERS, strict()) is None

    @given(
        st.text()
        | st.lists(
            st.sampled_from(["emails", "[", "]", "type", ' eq "work"', ".value", "name", ":", USER_URN, ENTERPRISE_URN])
        ).map("".join)
    )
    def test_any_text_is_a_path_or_a_problem(self, text: str) -> None:
        try:
            patch_path(text, USERS, tolerant())
        except ScimProblem as problem:
            assert problem.scim_type in {"invalidPath", "invalidFilter"}
            problem.detail.encode()
