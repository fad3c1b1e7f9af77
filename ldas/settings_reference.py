"""The reference of all settings of a profile as Markdown, from the pydantic models that read it."""

import types
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ldas.config import Profile

HEAD = """# Configuration

A profile is one YAML file for one domain; [`deploy/profiles`](../deploy/profiles) holds those of the reference paper.
Unknown keys are errors. `${NAME}` and `${NAME:-default}` in a value are replaced from the environment, so that a
profile holds no machine's paths and no secret. `ldas check PROFILE` says what is wrong with one.

This page is written by `ldas settings > docs/configuration.md` from the settings models; a test compares the two.
"""
BOUNDS = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}


@dataclass(frozen=True)
class Entry:
    """One key of a section: dotted below the section, what it takes, its default and what it means."""

    key: str
    takes: str
    default: str
    meaning: str


def settings_reference() -> str:
    """The whole page."""
    parts, plain = [HEAD], []
    for name, field in Profile.model_fields.items():
        model = _model_of(field.annotation)
        if model is None:
            plain.append(_entry(name, field, field.default))
        else:
            default = field.default if isinstance(field.default, BaseModel) else None
            parts.append(_section(name, cleandoc(model.__doc__ or ""), list(_entries(model, default, ""))))
    parts.insert(1, _section("Keys beside the sections", cleandoc(Profile.__doc__ or ""), plain))
    return "\n".join(parts)


def _section(title: str, text: str, entries: list[Entry]) -> str:
    rows = [f"| `{entry.key}` | {entry.takes} | {entry.default} | {entry.meaning} |" for entry in entries]
    head = ["| key | takes | default | meaning |", "|---|---|---|---|"]
    return "\n".join([f"## {title}", "", text, "", *head, *rows, ""])


def _entries(model: type[BaseModel], given: BaseModel | None, prefix: str) -> Iterator[Entry]:
    """The keys of a model, those of models inside it below their own key; `given` overrides the defaults."""
    explained: dict[type[BaseModel], str] = {}
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True) if given is None else getattr(given, name)
        inner = _model_of(field.annotation)
        if inner is None:
            yield _entry(prefix + name, field, default)
            continue
        about = _sentence(field.description or inner.__doc__ or "")
        if default is None and inner in explained:
            yield Entry(prefix + name, f"keys as `{explained[inner]}`, or nothing", "nothing", about)
            continue
        explained.setdefault(inner, prefix + name)
        if type(None) in get_args(field.annotation):
            yield Entry(prefix + name, "the keys below, or nothing", "" if default else "nothing", about)
        yield from _entries(inner, default if isinstance(default, BaseModel) else None, f"{prefix}{name}.")


def _entry(key: str, field: FieldInfo, default: Any) -> Entry:
    shown = "**required**" if default is PydanticUndefined else f"`{_plain(default)}`"
    return Entry(key, _takes(field.annotation, field.metadata), shown, _sentence(field.description or ""))


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The settings model that an annotation is, or is the only other choice than None."""
    for choice in (annotation, *(get_args(annotation) if _is_union(annotation) else ())):
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            return choice
    return None


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _takes(annotation: Any, metadata: list[Any]) -> str:
    """What a value may be, in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _takes(arguments[0], list(arguments[1:]))
    if origin is Literal:
        return ", ".join(f"`{_plain(value)}`" for value in arguments)
    if _is_union(annotation):
        kinds = [_takes(kind, metadata) for kind in arguments if kind is not type(None)]
        return " or ".join([*kinds, *(["nothing"] if type(None) in arguments else [])])
    if origin is tuple:
        number = "a list of" if arguments[-1] is Ellipsis else f"{len(arguments)} x"
        return f"{number} {_takes(arguments[0], [])}"
    if origin is dict:
        return f"a map to {_takes(arguments[1], [])}"
    names = {"int": "whole number", "float": "number", "str": "text", "bool": "`true`, `false`", "datetime": "UTC time"}
    return " ".join([names.get(annotation.__name__, annotation.__name__), ", ".join(_bounds(metadata))]).strip()


def _bounds(metadata: list[Any]) -> list[str]:
    found = []
    for item in metadata:
        constraints = item.metadata if isinstance(item, FieldInfo) else [item]
        for constraint in constraints:
            for kind, (sign, name) in BOUNDS.items():
                if isinstance(constraint, kind):
                    found.append(f"{sign} {getattr(constraint, name):g}")
    return found


def _plain(value: Any) -> str:
    """A value as it is written in YAML."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(_plain(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_plain(item)}' for key, item in value.items())}}}"
    return f'"{value}"' if value == "" else str(value)


def _sentence(text: str) -> str:
    """A docstring on one line, safe in a table."""
    return " ".join(text.split()).replace("|", "\\|")
