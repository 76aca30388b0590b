"""The part of the OpenAPI description that is about files: presets, and everything of a box."""

from __future__ import annotations

from firmware_py.panel.openapi_words import (
    BOOL,
    FILE,
    MAYBE_OBJECT,
    OBJECT,
    TEXT,
    Json,
    answers,
    good,
    object_of,
    operation,
    path_text,
    query,
)

_PRESET = path_text("name", "of the preset")
_TOML: Json = {"application/toml": {"schema": TEXT}}

_RESTORED = object_of(
    {
        "models": {"type": "array", "items": TEXT, "description": "names of those installed"},
        "presets": {"type": "integer", "description": "how many were stored"},
        "problems": {"type": "array", "items": TEXT, "description": "what was passed over"},
        "playing": MAYBE_OBJECT,
    }
)

PATHS: Json = {
    "/api/backup": {
        "get": operation(
            "backup",
            "Presets, uploaded models and settings in one file",
            answers(
                {
                    "200": {
                        "description": "a zip",
                        "content": {"application/zip": {"schema": FILE}},
                    }
                },
                *(409, 502, 503),
            ),
        ),
        "post": operation(
            "restore",
            "Put such a file onto the box; presets and models of the same names are replaced",
            answers(good(_RESTORED), 409, 422, 502, 503),
            requestBody={
                "required": True,
                "content": {"application/octet-stream": {"schema": FILE}},
            },
        ),
    },
    "/api/presets/{name}": {
        "get": operation(
            "preset",
            "The file of a preset",
            answers({"200": {"description": "TOML", "content": _TOML}}, 404, 409, 502, 503),
            parameters=[_PRESET],
        ),
        "post": operation(
            "write_preset",
            "Store a preset's file under this name; what plays goes on",
            answers(good(OBJECT, 201), 409, 422, 502, 503),
            parameters=[_PRESET, query("replace", BOOL, "also where a preset has this name")],
            requestBody={"required": True, "content": {"text/plain": {"schema": TEXT}}},
        ),
    },
}
