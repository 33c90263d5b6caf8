#!/usr/bin/env python3
"""Derives the simulator's action catalogue from the official Tencent Cloud SDK.

    catalogue.py            writes ../catalogue/<service>.json
    catalogue.py --check    compares instead, and exits 1 where they differ

Only facts are taken: names of actions and fields, and their types.
`actions.json` names the actions that the simulator speaks; `required.json` adds
which fields the API demands, because the SDK does not say.
Catalogue files marked `"published": false` are written by hand: the SDK does
not have those actions, and this program leaves them alone.
"""

import importlib
import inspect
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
CATALOGUE = HERE.parent / "catalogue"

SCALARS = {"str": "string", "int": "integer", "float": "float", "bool": "boolean"}
FIELD = re.compile(r"^\s*:type (\w+): (.+?)\s*$", re.MULTILINE)
CLASS = re.compile(r"^:class:`[\w.]+\.(\w+)`$")


def main(arguments):
    wanted = json.loads((HERE / "actions.json").read_text())
    required = json.loads((HERE / "required.json").read_text())
    differing = []
    for service, entry in wanted.items():
        text = render(catalogue(service, entry["version"], entry["actions"], required.get(service, {})))
        path = CATALOGUE / f"{service}.json"
        if "--check" not in arguments:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            differing.append(path.name)
    if differing:
        print(
            f"{', '.join(differing)}: differs from the models of the installed SDK; if that is the one that "
            "requirements.txt names, run catalogue.py to rewrite, else install it",
            file=sys.stderr,
        )
    return 1 if differing else 0


def catalogue(service, version, names, required):
    """One service's catalogue as a plain object."""
    package = f"tencentcloud.{service}.v{version.replace('-', '')}"
    models = importlib.import_module(f"{package}.models")
    client = importlib.import_module(f"{package}.{service}_client")
    methods = set(dir(next(c for n, c in vars(client).items() if n.lower() == f"{service}client")))
    actions, types, pending = {}, {}, []
    for name in sorted(names):
        if name not in methods:
            raise SystemExit(f"the SDK's {service} {version} has no action {name}")
        actions[name] = {"request": f"{name}Request", "response": f"{name}Response"}
        pending += actions[name].values()
    while pending:
        name = pending.pop()
        if name not in types:
            types[name] = fields(getattr(models, name))
            pending += [t for t in map(referred, types[name].values()) if t]
    for name, marked in required.items():
        for field in marked:
            if field not in types.get(name, {}):
                raise SystemExit(f"required.json: {service} has no field {name}.{field}")
            types[name][field]["required"] = True
    return {"service": service, "version": version, "published": True, "actions": actions, "types": types}


def fields(model):
    """The fields of one model class: name -> {"type": ...}."""
    documented = dict(FIELD.findall(inspect.getdoc(model.__init__) or ""))
    actual = {name[1:] for name in vars(model())}
    if set(documented) != actual:
        raise SystemExit(f"{model.__name__}: documentation and attributes differ: {set(documented) ^ actual}")
    return {name: shape(kind) for name, kind in documented.items()}


def shape(kind):
    """Translates a documented type, such as `list of Tag`, into the catalogue's form."""
    if kind in SCALARS:
        return {"type": SCALARS[kind]}
    if kind.startswith("list of "):
        item = kind.removeprefix("list of ").removesuffix(" non-negative")
        return {"type": "list", "of": SCALARS.get(item, item)}
    match = CLASS.match(kind)
    if not match:
        raise SystemExit(f"unknown documented type: {kind}")
    return {"type": "object", "of": match.group(1)}


def referred(field):
    """The model that a field refers to, if it refers to one."""
    of = field.get("of")
    return of if of and of not in SCALARS.values() else None


def render(entry):
    """JSON with one field a line, so that a change of the SDK reads as a small difference."""
    lines = ["{"]
    for key in ("service", "version", "published"):
        lines.append(f'  "{key}": {json.dumps(entry[key])},')
    lines.append('  "actions": {')
    lines.append(",\n".join(f'    "{n}": {json.dumps(a)}' for n, a in sorted(entry["actions"].items())))
    lines.append("  },")
    lines.append('  "types": {')
    types = []
    for name, content in sorted(entry["types"].items()):
        body = ",\n".join(f'      "{n}": {json.dumps(f)}' for n, f in sorted(content.items()))
        types.append(f'    "{name}": {{\n{body}\n    }}' if body else f'    "{name}": {{}}')
    lines.append(",\n".join(types))
    lines += ["  }", "}", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
