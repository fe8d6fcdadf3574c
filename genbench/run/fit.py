"""Does a value fit an annotation? Answered strictly, and in words a person can act on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError

from genbench.core.errors import suggestion
from genbench.core.settings import Setting

WANTS = {
    "string_type": "wants text",
    "int_type": "wants a whole number",
    "int_parsing": "wants a whole number",
    "int_from_float": "wants a whole number",
    "float_type": "wants a number",
    "float_parsing": "wants a number",
    "bool_type": "wants true or false",
    "bool_parsing": "wants true or false",
    "dict_type": "wants a mapping of keys to values",
    "model_type": "wants a mapping of keys to values",
    "model_attributes_type": "wants a mapping of keys to values",
    "tuple_type": "wants a list",
    "list_type": "wants a list",
    "finite_number": "wants a finite number",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must hold at least {min_length}",
    "string_too_short": "must not be empty",
    "string_too_long": "must be at most {max_length} characters long",
}


def in_words(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors as what is wanted and what was got."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "literal_error":
        allowed = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
        got = error.get("input")
        near = suggestion(got, allowed) if isinstance(got, str) else ""
        return f"wants {context['expected']}; got {got!r}{near if 'did you mean' in near else ''}"
    if kind in WANTS:
        return f"{WANTS[kind].format(**context)}; got {_shown(error.get('input'))}"
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def fit(setting: Setting, value: Any) -> tuple[Any, str | None]:
    """(the value as the setting takes it, None), or (the value, what is wrong with it).

    Strict: text is no number and true is no 1. A whole float such as 1e3 counts as an integer, a list as a tuple.
    """
    try:
        adapter = TypeAdapter(setting.annotation)
    except PydanticSchemaGenerationError:
        return value, None
    whole = isinstance(value, float) and value.is_integer()
    for attempt in (value, int(value)) if whole else (value,):
        try:
            return adapter.validate_python(attempt, strict=True), None
        except ValidationError as error:
            wrong = error
    try:
        return adapter.validate_json(json.dumps(value), strict=True), None
    except (TypeError, ValueError):  # not JSON, or does not fit as JSON either (ValidationError is a ValueError)
        return value, _first(wrong, value)


def fitted(settings: Mapping[str, Setting], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given values as their settings take them; unknown names and misfits, refused before, are left as they are."""
    return {name: fit(settings[name], value)[0] if name in settings else value for name, value in given.items()}


def whole(value: Any) -> Any:
    """1000.0 as 1000: YAML reads 1e3 as a float, and people mean a count."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _first(wrong: ValidationError, value: Any) -> str:
    errors = [dict(e) for e in wrong.errors(include_url=False)]
    wants = list(dict.fromkeys(in_words(e) for e in errors))
    heads = {words.partition("; got ")[0] for words in wants}
    if len(wants) > 1 and all(head.startswith("wants ") for head in heads):  # a union: any of them would do
        either = " or ".join(dict.fromkeys(words.partition("; got ")[0].removeprefix("wants ") for words in wants))
        return f"wants {either}; got {_shown(value)}"
    return wants[0]


def _shown(value: Any) -> str:
    if isinstance(value, BaseModel):
        return type(value).__name__
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
