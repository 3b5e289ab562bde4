"""The files that a configuration is written in: read with more care than YAML asks for, and blamed by name."""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from kbwf.errors import ConfigError
from kbwf.masking import masked
from kbwf.settings import StudySettings, load_settings

_TRAP = re.compile(r"[-+]?(0[\d_]+|.*:.*)")


def load_study(raw: dict[str, Any], paths: Iterable[str], given: Mapping[str, Any] | None = None) -> StudySettings:
    """Validate a configuration that was merged from files; a wrong key is laid to the last file that names it.

    Args:
        raw: all of them together.
        paths: the files, in the order in which they were laid over each other.
        given: what the command line says (`--config`).

    Raises:
        ConfigError: a file cannot be read or gives a key twice, or the configuration is not valid.
    """
    sources = [(_shown(path), read_config(path)) for path in paths]
    sources += [("--config", dict(given))] if given else []
    return load_settings(raw, "the configuration", lambda location: _source_of(location, sources))


def read_config(path: str) -> dict[str, Any]:
    """A file's keys.

    Raises:
        ConfigError: it cannot be read, is no mapping, or gives a key twice, of which YAML would take the last.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        try:
            read = from_json(text)
        except json.JSONDecodeError:
            read = _from_yaml(text)
    except RepeatedKeyError as error:
        raise ConfigError(f"{_shown(path)} gives the key {error} twice; put what both say under one") from error
    except _UnclearNumberError as error:
        raise ConfigError(f"{_shown(path)} says {error}; write the number plainly, or quote it") from error
    except RecursionError as error:
        raise ConfigError(f"{_shown(path)} is nested too deeply to be read; give a configuration file") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        # Without the cause: an error of YAML's shows the line, in which a key may stand.
        raise ConfigError(f"{_shown(path)} cannot be read ({masked(str(error))}); give a configuration file") from None
    if _holds_itself(read):
        raise ConfigError(
            f"{_shown(path)} holds something that holds itself (an alias inside its anchor); write it out"
        )
    read = {} if read is None else read
    if not isinstance(read, dict):
        raise ConfigError(f"{_shown(path)} is no configuration: its top level is {type(read).__name__}, not a mapping")
    return read


def from_json(text: str) -> Any:
    """A JSON text that says everything once.

    Raises:
        json.JSONDecodeError: it is none.
        RepeatedKeyError: an object has a key twice, of which JSON's reader would take the last.
    """
    return json.loads(text, object_pairs_hook=_without_repetition)


class RepeatedKeyError(Exception):
    """Names the key, and its line where that is known."""


class _UnclearNumberError(Exception):
    """Says what is written, and what it would count as."""


class _Loader(yaml.SafeLoader):
    """YAML in which a mapping has each key once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """As of YAML; keys that a merge (`<<`) brings along may be given again."""
        names = [(key.tag, key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for place, name in enumerate(names):
            if name in names[:place]:
                line = node.value[place][0].start_mark.line + 1
                raise RepeatedKeyError(f"{name[1]!r} (line {line})")
        return super().construct_mapping(node, deep)


def _from_yaml(text: str) -> Any:
    try:
        return yaml.load(text, _Loader)
    except (AttributeError, LookupError, TypeError, ValueError) as error:  # of the library, where a tag's value is none
        raise yaml.YAMLError(f"a value is not of the type that it is written as: {error}") from error


def _plain_int(loader: _Loader, node: yaml.ScalarNode) -> int:
    """An integer but for YAML 1.1's traps: 010 is octal there, and 1:30 is ninety."""
    value = loader.construct_yaml_int(node)
    if _TRAP.fullmatch(node.value):
        raise _UnclearNumberError(f"{node.value} (line {node.start_mark.line + 1}), which YAML reads as {value}")
    return int(value)


_Loader.add_constructor("tag:yaml.org,2002:int", _plain_int)


def _holds_itself(read: Any) -> bool:
    """Whether to write it out would not end."""
    try:
        json.dumps(read, default=str, skipkeys=True)
    except (ValueError, RecursionError):
        return True
    return False


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise RepeatedKeyError(repr(name))
    return dict(pairs)


def _source_of(location: Sequence[str | int], sources: Sequence[tuple[str, Any]]) -> str:
    """The last source that names most of a key; no source says what is missing everywhere.

    Mappings are laid over each other, anything else takes the place of what was there: what earlier sources have below
    a later one's list is no part of the configuration.
    """
    most, blamed = 0, ""
    for name, read in reversed(sources):
        depth, is_final = _depth(location, read)
        if depth > most:
            most, blamed = depth, name
        if is_final:
            break
    return blamed


def _depth(location: Sequence[str | int], read: Any) -> tuple[int, bool]:
    """How many parts of a key are there, and whether something else than mappings was met on the way."""
    is_final = False
    for depth, part in enumerate(location):
        is_final = is_final or not isinstance(read, dict)
        try:
            read = read[part]
        except (KeyError, IndexError, TypeError):
            return depth, is_final
    return len(location), is_final


def _shown(path: str) -> str:
    """As a person would write it from where they are."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
