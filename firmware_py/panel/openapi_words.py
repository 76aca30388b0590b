"""Words that the OpenAPI description is built of."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
BOOL: Json = {"type": "boolean"}
OBJECT: Json = {"type": "object"}
MAYBE_OBJECT: Json = {"type": ["object", "null"]}
MAYBE_NUMBER: Json = {"type": ["number", "null"]}


def object_of(required: Json) -> Json:
    return {"type": "object", "properties": required, "required": list(required)}


def list_of(name: str, items: Json) -> Json:
    return object_of({name: {"type": "array", "items": items}})


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def json_of(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def answers(good: Json, *statuses: int, token: bool = True) -> Json:
    """Return the responses of an operation: the good ones and the possible errors."""
    # 400: the web server's, 421, 403: Host, Origin; 429: rate; all may come everywhere.
    errors = {400, 403, 405, 408, 413, 421, 429, *statuses, *((401,) if token else ())}
    error = {"description": "not carried out", "content": json_of(ref("Error"))}
    return {**good, **{str(status): error for status in sorted(errors)}}


def good(schema: Json, status: int = 200, doc: str = "done") -> Json:
    return {str(status): {"description": doc, "content": json_of(schema)}}


NOTHING: Json = {"204": {"description": "done"}}


def operation(name: str, doc: str, responses: Json, **more: Any) -> Json:
    """Return an operation; ``more`` has its parameters and body."""
    return {"operationId": name, "summary": doc, "responses": responses, **more}


def path_text(name: str, doc: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": TEXT, "description": doc}


def query(name: str, schema: Json, doc: str) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": doc}


FILE: Json = {"type": "string", "format": "binary"}
NAME = path_text("name", "of the model")
SOUNDS: Json = {kind: {"schema": FILE} for kind in ("audio/ogg", "audio/flac", "audio/wav")}
