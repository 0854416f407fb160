"""The OpenAPI document of answers in another form than ours."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from taskapp.dialects.forms import IDS, TASK, Form, Totals

PLACE = "#/components/schemas/"
# In our own form always: errors (RFC 9457), and what is meant to be imported again.
OURS = ("Problem", "Export", "ExportedTask")


def formed(document: dict[str, Any], form: Form) -> dict[str, Any]:
    """Return the document, with bodies and answers as this form has them."""
    if form.is_ours:
        return document
    document = deepcopy(document)
    schemas: dict[str, Any] = document["components"]["schemas"]
    for name in OURS:
        schemas[name] = _inlined(schemas[name], schemas)
    _form_task(schemas[TASK], form)
    for name in schemas.keys() - set(OURS):
        _rename(schemas[name], form)
    for content in _answers(document):
        content["schema"] = _wrapped(content["schema"], form)
    return document


def _inlined(part: Any, schemas: dict[str, Any]) -> Any:
    """Return a part of the document with copies of the schemas that it refers to."""
    if isinstance(part, list):
        return [_inlined(each, schemas) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(schemas[part["$ref"].removeprefix(PLACE)], schemas)
    return {name: _inlined(each, schemas) for name, each in part.items()}


def _form_task(schema: dict[str, Any], form: Form) -> None:
    properties = schema["properties"]
    if form.ids_are_text:
        for name in IDS:
            about = properties[name]
            kinds = ["string", "null"] if isinstance(about["type"], list) else "string"
            properties[name] = {**about, "type": kinds, "example": str(about["example"])}
            del properties[name]["format"]
    for name, field in form.aliases:
        properties[name] = {**properties[field], "description": f"The same as `{field}`."}
        schema["required"] = sorted({*schema["required"], name})


def _rename(schema: dict[str, Any], form: Form) -> None:
    further = {name for name, _ in form.aliases}

    def names(ours: str) -> list[str]:
        return [ours] if ours in further else form.all_names(ours)

    properties = schema.get("properties", {})
    schema["properties"] = {
        name: about for ours, about in properties.items() for name in names(ours)
    }
    if "required" in schema:
        schema["required"] = sorted(name for ours in schema["required"] for name in names(ours))


def _answers(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what is said about the JSON of each answer of success."""
    for path in document["paths"].values():
        for method, operation in path.items():
            if method != "parameters":
                for status, response in operation["responses"].items():
                    content = response.get("content", {})
                    if str(status).startswith("2") and "application/json" in content:
                        yield content["application/json"]


def _wrapped(schema: dict[str, Any], form: Form) -> dict[str, Any]:
    task = {"$ref": PLACE + TASK}
    if form.task_under and schema == task:
        return _object({form.task_under: task})
    if form.list_under and schema == {"type": "array", "items": task}:
        numbers = Totals(0, 0, 1).members()
        members = {form.name(name): {"type": "integer", "minimum": 0} for name in numbers}
        return _object({form.list_under: schema, **members})
    return schema


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": sorted(properties)}
