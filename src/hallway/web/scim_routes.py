"""Where SCIM is served: below the base URL of each directory."""

from typing import Final

from hallway.web.rows import NONE, TOKEN, Row

SCIM: Final = "/scim/{directory}/v2"


def _scim(method: str, path: str, handler: str, description: str, guard: str = TOKEN) -> Row:
    """Programs of any site may post here: they bring a token, and no cookie opens anything."""
    return Row(method, SCIM + path, guard, handler, description, cross_site=True)


ROUTES: Final = (
    _scim("GET", "/ServiceProviderConfig", "service_provider_config", "What this server supports.", NONE),
    _scim("GET", "/ResourceTypes", "resource_types", "The resource types.", NONE),
    _scim("GET", "/ResourceTypes/{id}", "resource_type", "One resource type by its name.", NONE),
    _scim("GET", "/Schemas", "schemas", "All schemas, with the extensions that are switched on.", NONE),
    _scim("GET", "/Schemas/{id}", "schema", "One schema by its URN.", NONE),
    _scim("GET", "", "root_list", "List or filter users and groups together."),
    _scim("POST", "/.search", "root_search", "The same, asked in a body."),
    _scim("POST", "/Bulk", "bulk", "Several operations in one request."),
    _scim("GET", "/Users", "user_list", "List or filter users."),
    _scim("POST", "/Users", "user_create", "Create a user."),
    _scim("POST", "/Users/.search", "user_search", "List or filter users, asked in a body."),
    _scim("GET", "/Users/{id}", "user_get", "Get a user."),
    _scim("PUT", "/Users/{id}", "user_replace", "Replace a user."),
    _scim("PATCH", "/Users/{id}", "user_patch", "Change a user."),
    _scim("DELETE", "/Users/{id}", "user_delete", "Delete a user, or deactivate by the rules."),
    _scim("GET", "/Groups", "group_list", "List or filter groups."),
    _scim("POST", "/Groups", "group_create", "Create a group."),
    _scim("POST", "/Groups/.search", "group_search", "List or filter groups, asked in a body."),
    _scim("GET", "/Groups/{id}", "group_get", "Get a group."),
    _scim("PUT", "/Groups/{id}", "group_replace", "Replace a group."),
    _scim("PATCH", "/Groups/{id}", "group_patch", "Change a group or its members."),
    _scim("DELETE", "/Groups/{id}", "group_delete", "Delete a group; its members stay."),
    *(
        _scim(method, "/Me", "me", "501: a directory's token is not a user.")
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    ),
)
