"""A charter out of YAML. Nothing but plain values is made, and each knows its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from hub.charters.files.faults import Notes, decode
from hub.charters.files.sheet import Reader
from hub.errors import Fault

_DEPTH = 12
_INT = re.compile(r"[-+]?[0-9]{1,15}")
_FLOAT = re.compile(r"[-+]?[0-9]{1,9}\.[0-9]{1,9}")
_PLAIN = "tag:yaml.org,2002:"
_KINDS = ("str", "null", "bool", "int", "float", "timestamp", "map", "seq")


def read_yaml(raw: bytes, *, file: str = "") -> dict[str, Any]:
    """The one charter of a YAML file. Raises FileFaults."""
    found, notes = _read_all(raw, file)
    if len(found) != 1:
        notes.add("", Fault("file_one_charter"))
        notes.stop()
    return found[0]


def read_yaml_all(raw: bytes, *, file: str = "") -> list[dict[str, Any]]:
    """All charters of a YAML file that may hold several, under ``charters``. Raises FileFaults."""
    return _read_all(raw, file)[0]


def _read_all(raw: bytes, file: str) -> tuple[list[dict[str, Any]], Notes]:
    notes = Notes(file)
    data = _load(decode(raw, notes), notes)
    notes.stop()
    if isinstance(data, Mapping) and set(data) == {"charters"}:
        given, base = data["charters"], "/charters/{}"
    elif isinstance(data, Mapping) and set(data) == {"charter"}:
        given, base = [data["charter"]], "/charter"
    else:
        given, base = [data], ""
    found = []
    for n, each in enumerate(given if isinstance(given, list) else [given]):
        if not isinstance(each, Mapping):
            notes.add(base.format(n), Fault("file_no_charter"))
        else:
            found.append(Reader(notes, base.format(n)).charter(each))
    notes.stop()
    return found, notes


def _load(text: str, notes: Notes) -> Any:
    try:
        if trap := _trap(text):
            notes.add("", trap[0], line=trap[1])
            return None
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        notes.add("", Fault("file_not_yaml"), line=mark.line + 1 if mark else None)
        return None
    except (yaml.YAMLError, RecursionError, ValueError):
        notes.add("", Fault("file_not_yaml"))
        return None
    return _value(node, "", notes) if node is not None else None


def _trap(text: str) -> tuple[Fault, int] | None:
    """What makes a small file large or deep, found before anything is built; its line.

    Anchors and aliases, which a charter needs none of, and brackets within brackets.
    """
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            return Fault("file_alias"), line
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEPTH:
            return Fault("file_not_yaml"), line
    return None


def _value(node: yaml.Node, at: str, notes: Notes) -> Any:
    line = node.start_mark.line + 1
    notes.lines.setdefault(at, line)
    if str(node.tag).removeprefix(_PLAIN) not in _KINDS:
        notes.add(at, Fault("file_not_yaml"), line=line)
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, at, notes)
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, f"{at}/{n}", notes) for n, each in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, at: str, notes: Notes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else None
        line = key.start_mark.line + 1
        if not isinstance(name, str):
            notes.add(at, Fault("file_not_yaml"), line=line)
            continue
        pointer = f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
        if name in found:
            notes.add(pointer, Fault("field_repeats"), line=line)
            continue
        notes.lines[pointer] = line
        found[name] = _value(value, pointer, notes)
    return found


def _scalar(node: yaml.Node) -> Any:
    """Text, yes or no, a whole or decimal number, or nothing; a date stays the text it is."""
    text, kind = str(node.value), str(node.tag).removeprefix(_PLAIN)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in ("yes", "true", "on")
    if kind == "int" and _INT.fullmatch(text):
        return int(text)
    if kind == "float" and _FLOAT.fullmatch(text):
        # As text, so that version 1.10 is not 1.1.
        return text
    return text
