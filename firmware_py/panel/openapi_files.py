"""The part of the OpenAPI description that is about files: presets, all of a box, collections."""

from __future__ import annotations

from firmware_py.panel.openapi_words import (
    BOOL,
    FILE,
    MAYBE_OBJECT,
    OBJECT,
    SOUNDS,
    TEXT,
    Json,
    answers,
    good,
    json_of,
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

_ADDRESS = {**TEXT, "description": "of an index.json or its folder, http or https"}
_ONE_LISTED = json_of(object_of({"address": _ADDRESS, "name": TEXT}))

PATHS: Json = {
    "/api/collection": {
        "post": operation(
            "collection",
            "The models of a collection that is hosted somewhere",
            answers(good(object_of({"name": TEXT, "models": {"type": "array"}})), 422),
            requestBody={"required": True, "content": json_of(object_of({"address": _ADDRESS}))},
        )
    },
    "/api/collection/preview": {
        "post": operation(
            "collection_preview",
            "A short sound of one of them",
            answers({"200": {"description": "a sound file", "content": SOUNDS}}, 404, 422),
            requestBody={"required": True, "content": _ONE_LISTED},
        )
    },
    "/api/collection/install": {
        "post": operation(
            "collection_install",
            "Install one of them, if its file is the one of the index",
            answers({**good(OBJECT, 201), **good(OBJECT)}, 404, 409, 422, 503),
            requestBody={"required": True, "content": _ONE_LISTED},
        )
    },
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
