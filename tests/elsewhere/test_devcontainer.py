"""The development container: its file is what the specification asks for, and fits the course.

``PROPERTIES`` is a schema of our own for the properties that the file uses; their names and types
are those of the reference on https://containers.dev. Tools pass over a property that they do not
know without a word, so any other name is an error here: whoever uses one more looks it up there
and adds it.
"""

import copy
import json
import re

import pytest
from jsonschema import Draft202012Validator

from authoring.student_notebooks import ROOT

CONFIGURATION = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))


def schema(**properties: dict) -> dict:
    """Of an object with all of these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


EXTENSION = {"type": "string", "pattern": r"^[\w-]+\.[\w-]+$"}
PROPERTIES = schema(
    name={"type": "string"},
    image={"type": "string"},
    hostRequirements=schema(
        cpus={"type": "integer", "minimum": 1},
        memory={"type": "string", "pattern": r"^\d+([tgmk]b)?$"},
    ),
    postCreateCommand={"type": "string"},
    forwardPorts={"type": "array", "items": {"type": "integer"}},
    portsAttributes={
        "type": "object",
        "propertyNames": {"pattern": r"^\d+$"},
        "additionalProperties": schema(label={"type": "string"}),
    },
    customizations=schema(vscode=schema(extensions={"type": "array", "items": EXTENSION})),
)


def errors(configuration: dict) -> list[str]:
    """What is wrong with a configuration."""
    return [error.message for error in Draft202012Validator(PROPERTIES).iter_errors(configuration)]


def test_it_is_as_specified():
    assert errors(CONFIGURATION) == []


@pytest.mark.parametrize(
    "path",
    [
        ("postCreateCommand",),
        ("forwardPorts",),
        ("hostRequirements", "cpus"),
        ("portsAttributes", "8888", "label"),
        ("customizations", "vscode", "extensions"),
    ],
    ids=".".join,
)
def test_a_misspelt_property_is_noticed(path):
    *outer, last = path
    misspelt = place = copy.deepcopy(CONFIGURATION)
    for name in outer:
        place = place[name]
    place[last + "s"] = place.pop(last)
    assert any(f"'{last}s' was unexpected" in error for error in errors(misspelt))


def test_it_has_the_python_of_binder():
    image, version, system = re.fullmatch(
        r"(.+):\d+-(\d+\.\d+)-(\w+)", CONFIGURATION["image"]
    ).groups()
    assert (image, system) == ("mcr.microsoft.com/devcontainers/python", "bookworm")
    assert (ROOT / ".binder/runtime.txt").read_text().strip() == f"python-{version}"


def test_it_installs_what_binder_installs():
    command, requirements = CONFIGURATION["postCreateCommand"].split(" -r ")
    assert command == "pip install --user"  # the user of that image may not write to its Python
    assert ROOT / requirements == ROOT / ".binder/requirements.txt"
    assert (ROOT / requirements).is_file()


def test_the_port_it_forwards_is_the_one_of_jupyterlab():
    assert CONFIGURATION["forwardPorts"] == [8888]
    assert list(CONFIGURATION["portsAttributes"]) == ["8888"]
