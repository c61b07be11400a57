"""Extension schemas that a deployment declares (RFC 7643 §6, §7)."""

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.declared import (
    MAX_ATTRIBUTES,
    MAX_MISTAKES,
    MAX_SCHEMAS,
    MAX_TEXT,
    MAX_VALUES,
    DeclarationProblem,
    DeclaredExtension,
    declared_schemas,
)
from hallway.scim.json import Json, JsonObject
from hallway.scim.resource import parsed_resource
from hallway.scim.schema import Attribute, AttributeType, Extension, Mutability, Returned, Schema, Uniqueness
from hallway.scim.standard import ENTERPRISE_USER, STANDARD_SCHEMAS, USER_SCHEMA, group_type, user_type
from tests.scim.small import strict

EXAMPLES = Path(__file__).parents[2] / "examples" / "schemas"
URN = "urn:example:badge:1.0:User"


def attribute(**characteristics: Json) -> JsonObject:
    return {"name": "number", "type": "string", **characteristics}


def declaration(*attributes: Json, urn: Json = URN, **rest: Json) -> JsonObject:
    schema: JsonObject = {"id": urn, "name": "Badge", "attributes": list(attributes) or [attribute()]}
    return {"extends": "User", "schema": schema, **rest}


def one(*attributes: Json) -> Attribute:
    """The first attribute of a declaration of these."""
    return declared_schemas([declaration(*attributes)])[0].extension.schema.attributes[0]


def mistakes(document: Json) -> list[str]:
    with pytest.raises(DeclarationProblem) as caught:
        declared_schemas(document)
    assert str(caught.value) == "\n".join(caught.value.mistakes)
    return caught.value.mistakes


def places(document: Json) -> list[str]:
    return [mistake.partition(":")[0] for mistake in mistakes(document)]


class TestExamples:
    def test_the_schemas_of_lambdatest_load(self) -> None:
        users, groups = declared_schemas(orjson.loads((EXAMPLES / "lambdatest.json").read_bytes()))
        assert (users.extends, groups.extends) == ("User", "Group")
        assert users.extension.schema.id == "urn:ietf:params:scim:schemas:extension:LambdaTest:2.0:User"
        assert groups.extension.schema.id == "urn:ietf:params:scim:schemas:extension:LambdaTest:2.0:Group"
        assert [a.name for a in users.extension.schema.attributes] == ["OrganizationRole", "LambdatestGroup"]
        assert [a.name for a in groups.extension.schema.attributes] == ["LambdatestRoles"]
        roles = ("Admin", "User", "Guest")
        assert users.extension.schema.by_name["organizationrole"].canonical_values == roles
        assert groups.extension.schema.by_name["lambdatestroles"].canonical_values == roles

    @pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.name)
    def test_a_resource_can_have_what_an_example_declares(self, path: Path) -> None:
        for found in declared_schemas(orjson.loads(path.read_bytes())):
            urn = found.extension.schema.id
            kind = user_type((found.extension,)) if found.extends == "User" else group_type((found.extension,))
            values: JsonObject = {
                a.name: (a.canonical_values or ("x",))[0]
                for a in found.extension.schema.attributes
                if a.type is AttributeType.STRING and not a.multi_valued
            }
            body: JsonObject = {"schemas": [kind.schema.id, urn], "userName": "a", "displayName": "a", urn: values}
            if found.extends == "Group":
                del body["userName"]
            assert parsed_resource(body, kind, strict()) == body


class TestReading:
    def test_what_is_not_said_is_as_section_2_2_has_it(self) -> None:
        assert declared_schemas([declaration({"name": "number"})]) == (
            DeclaredExtension("User", Extension(Schema(URN, "Badge", "", (Attribute("number"),)))),
        )

    def test_everything_that_is_said_is_kept(self) -> None:
        part = attribute(name="$ref", type="reference", referenceTypes=["User"], mutability="immutable")
        read = one(
            attribute(
                name="doors",
                type="complex",
                multiValued=True,
                required=True,
                description="What it opens.",
                mutability="writeOnly",
                returned="never",
                uniqueness="none",
                subAttributes=[part],
            )
        )
        reference = Attribute(
            "$ref",
            AttributeType.REFERENCE,
            case_exact=True,
            mutability=Mutability.IMMUTABLE,
            reference_types=("User",),
        )
        assert read == Attribute(
            "doors",
            AttributeType.COMPLEX,
            multi_valued=True,
            required=True,
            mutability=Mutability.WRITE_ONLY,
            returned=Returned.NEVER,
            uniqueness=Uniqueness.NONE,
            description="What it opens.",
            sub_attributes=(reference,),
        )

    def test_references_and_binaries_are_case_exact_whatever_is_said(self) -> None:
        for kind in ("reference", "binary"):
            assert one(attribute(type=kind, caseExact=False)).case_exact
        assert one(attribute(caseExact=True)).case_exact
        assert not one(attribute()).case_exact

    def test_an_extension_can_be_required(self) -> None:
        assert declared_schemas([declaration(required=True)])[0].extension.required

    def test_a_document_copied_from_schemas_may_keep_its_frame(self) -> None:
        document = declaration()
        schema = document["schema"]
        assert isinstance(schema, dict)
        schema |= {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "meta": {"resourceType": "Schema"}}
        assert declared_schemas([document])[0].extension.schema.name == "Badge"

    def test_no_declaration_declares_nothing(self) -> None:
        assert declared_schemas([]) == ()


NAMES: list[Json] = [None, 1, "", "1st", "a b", "a.b", "a:b", "a[", "ä", "-a", "x" * 101, "$value"]
URNS: list[Json] = [None, 1, "", "badge", "urn:", "urn:x", "urn:example:a b", "urn:example:badge:", 'urn:example:"']


class TestMistakes:
    def test_every_mistake_is_named_by_its_place(self) -> None:
        document: Json = [
            declaration(attribute(name="1st", type="text"), attribute(returned="seldom")),
            declaration(extends="Thing", urn="x"),
            "text",
            {"extends": "Group", "required": "yes", "schema": None, "hat": 1},
        ]
        assert places(document) == [
            "$[2]",
            "$[0].schema.attributes[0].type",
            "$[0].schema.attributes[0].name",
            "$[0].schema.attributes[1].returned",
            "$[1].extends",
            "$[1].schema.id",
            "$[3].hat",
            "$[3].schema",
            "$[3].required",
        ]

    @pytest.mark.parametrize("document", [None, {}, "x", 1])
    def test_a_file_is_an_array(self, document: Json) -> None:
        assert places(document) == ["$"]

    @pytest.mark.parametrize("name", NAMES)
    def test_a_name_is_what_a_path_can_say(self, name: Json) -> None:
        assert places([declaration(attribute(name=name))]) == ["$[0].schema.attributes[0].name"]

    @pytest.mark.parametrize("name", ["a", "A-1", "has_more", "a$", "$ref", "x" * 100])
    def test_the_grammar_of_names_is_that_of_section_2_1(self, name: str) -> None:
        assert one(attribute(name=name)).name == name

    @pytest.mark.parametrize("urn", URNS)
    def test_an_id_is_a_uri_without_what_ends_a_name(self, urn: Json) -> None:
        assert places([declaration(urn=urn)]) == ["$[0].schema.id"]

    def test_a_urn_is_declared_once_and_is_none_of_the_standard(self) -> None:
        assert places([declaration(), declaration(urn=URN.upper())]) == ["$[1].schema.id"]
        for schema in STANDARD_SCHEMAS:
            assert places([declaration(urn=schema.id.lower())]) == ["$[0].schema.id"]

    def test_two_names_differ_in_more_than_case(self) -> None:
        twice = [attribute(name="Door"), attribute(name="door")]
        assert places([declaration(*twice)]) == ["$[0].schema.attributes[1].name"]
        inside = attribute(type="complex", subAttributes=[*twice])
        assert places([declaration(inside)]) == ["$[0].schema.attributes[0].subAttributes[1].name"]

    @pytest.mark.parametrize(
        ("characteristics", "name"),
        [
            ({"multiValued": "true"}, "multiValued"),
            ({"description": 1}, "description"),
            ({"description": "x" * (MAX_TEXT + 1)}, "description"),
            ({"type": ["string"]}, "type"),
            ({"mutability": "readwrite"}, "mutability"),
            ({"uniqueness": None}, "uniqueness"),
            ({"uniqueness": "server"}, "uniqueness"),
            ({"mutability": "writeOnly"}, "returned"),
            ({"canonicalValues": "Admin"}, "canonicalValues"),
            ({"canonicalValues": ["Admin", "Admin"]}, "canonicalValues"),
            ({"canonicalValues": ["Admin", ""]}, "canonicalValues"),
            ({"canonicalValues": ["Admin", 1]}, "canonicalValues"),
            ({"canonicalValues": [str(n) for n in range(MAX_VALUES + 1)]}, "canonicalValues"),
            ({"type": "boolean", "canonicalValues": ["a"]}, "canonicalValues"),
            ({"referenceTypes": ["User"]}, "referenceTypes"),
            ({"subAttributes": [{"name": "a"}]}, "subAttributes"),
            ({"type": "complex"}, "subAttributes"),
            ({"type": "complex", "subAttributes": []}, "subAttributes"),
            ({"hat": 1}, "hat"),
        ],
    )
    def test_a_characteristic_is_one_of_section_7(self, characteristics: JsonObject, name: str) -> None:
        assert places([declaration(attribute(**characteristics))]) == [f"$[0].schema.attributes[0].{name}"]

    def test_a_complex_attribute_is_not_inside_another(self) -> None:
        inner = attribute(type="complex", subAttributes=[{"name": "a"}])
        found = places([declaration(attribute(type="complex", subAttributes=[inner, "x"]))])
        assert found == [
            "$[0].schema.attributes[0].subAttributes[1]",
            "$[0].schema.attributes[0].subAttributes[0].type",
        ]

    def test_there_are_limits(self) -> None:
        many: list[Json] = [declaration(urn=f"urn:example:{n}") for n in range(MAX_SCHEMAS + 1)]
        assert places(many) == ["$"]
        assert len(declared_schemas(many[1:])) == MAX_SCHEMAS
        attributes: list[Json] = [attribute(name=f"a{n}") for n in range(MAX_ATTRIBUTES + 1)]
        assert places([declaration(*attributes)]) == ["$[0].schema.attributes"]
        wrong: list[Json] = [{"name": "", "hat": 1}] * MAX_ATTRIBUTES
        assert len(mistakes([declaration(*wrong)])) == MAX_MISTAKES


KEYS = st.sampled_from(
    ["extends", "required", "schema", "id", "name", "attributes", "type", "subAttributes", "returned"]
)
LEAVES = st.sampled_from(["User", URN, "complex", "string", "never", "value", USER_SCHEMA.id, ENTERPRISE_USER.id])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | LEAVES | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@given(JSON | st.lists(JSON).map(lambda attributes: [declaration(*attributes)]))
def test_any_json_gives_schemas_or_its_mistakes(document: Json) -> None:
    try:
        found = declared_schemas(document)
    except DeclarationProblem as problem:
        assert problem.mistakes
        assert all(mistake.startswith("$") for mistake in problem.mistakes)
        return
    assert len({one.extension.schema.id.lower() for one in found}) == len(found)
