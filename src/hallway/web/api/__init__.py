"""The REST API: rows that name method, path, scope, handler and types; the document and the docs are made of them."""
