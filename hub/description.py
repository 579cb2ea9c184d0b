"""The OpenAPI description: what FastAPI finds, and what every call may answer besides.

Errors are problems (RFC 9457) everywhere, so they are described once, in the words that callers
need, and not at every route.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from hub.web import PROBLEM

# Status and what it means here.
PROBLEMS = {
    "400": "The request cannot be read, or comes under a name that is not the hub's.",
    "401": "Nobody we know is asking: the token or cookie is missing, unknown or no longer good.",
    "403": "We know who is asking, and it is not theirs to do.",
    "404": "Absent, or hidden from whoever asks: the two look the same.",
    "405": "The address is not asked in this way.",
    "409": "Not now: what is asked does not fit the state that things are in. Nothing was changed.",
    "413": "The body is too large.",
    "422": "Something in the request is wrong: `errors` says what, with JSON pointers.",
    "429": "Too often. `Retry-After` says in seconds when to try again.",
}
PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "`/problems/` and a code that stays the same."},
        "title": {"type": "string", "description": "In the caller's language."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence in the caller's language."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901)."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "line": {"type": "integer", "description": "Of a file that was sent."},
                },
            },
        },
    },
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The description of the whole API, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        parts = made.setdefault("components", {})
        schemas = parts.setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas["Problem"] = PROBLEM_SCHEMA
        parts["responses"] = {
            f"Problem{status}": _answer(text) for status, text in PROBLEMS.items()
        }
        for path in made["paths"].values():
            for operation in path.values():
                for status in PROBLEMS:
                    ref = {"$ref": f"#/components/responses/Problem{status}"}
                    operation["responses"][status] = ref
        app.openapi_schema = made
    return app.openapi_schema


def _answer(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {PROBLEM: {"schema": schema}}}
