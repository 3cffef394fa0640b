"""Modules of the page in one file each: an entry module with all that it imports, so that a visit needs few requests.

Every module becomes a function that returns what it exports, called once, after those that it imports. The sources keep
to what this reads: imports and exports at the start of a line, each import on one line and of a file beside, exports of
functions, classes and constants declared one by one, no cycles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

IMPORT = re.compile(r'^import (?:\* as (?P<space>\w+)|\{ (?P<names>[^}]+) \}) from "\./(?P<module>\w+\.js)";$', re.M)
EXPORT = re.compile(r"^export (?=(?:const|class|function\*?|async function\*?) (?P<name>\w+))", re.M)
OTHER = re.compile(r"^(?:import\b(?!\()|export\b).*", re.M)


def bundle_modules(entry: str, sources: Mapping[str, str], base: str | None = None) -> str:
    """One module that does what an entry module does.

    Parameters
    ----------
    entry
        The name of the entry module.
    sources
        Source texts of all modules by their names.
    base
        The entry of a bundle beside this one, which imports this one when it is needed: the modules that are in it are
        taken from there, and are the same ones.

    Returns
    -------
    str
        The source of a module. It exports `modules`: what each of the bundled modules exports, by name.

    Raises
    ------
    ValueError
        A module imports or exports in another way than those that are read, or what is not exported; or modules import
        each other.
    """
    known = [] if base is None else _in_order(base, sources)
    parts = [
        f'modules["{name}"] = (() => {{\n{_function_body(name, sources)}}})();\n'
        for name in _in_order(entry, sources)
        if name not in known
    ]
    start = "const modules = {};\n" if base is None else f'import {{ modules }} from "./{base}";\n'
    return "".join([start, *parts, "export { modules };\n"])


def _in_order(entry: str, sources: Mapping[str, str]) -> list[str]:
    """The names of an entry module and all that it needs, each after those that it imports."""
    ordered: dict[str, None] = {}

    def visit(name: str, importers: tuple[str, ...]) -> None:
        if name in importers:
            raise ValueError(f"modules import each other: {' -> '.join((*importers, name))}")
        if name not in ordered:
            for statement in IMPORT.finditer(sources[name]):
                visit(statement["module"], (*importers, name))
            ordered[name] = None

    visit(entry, ())
    return list(ordered)


def _function_body(name: str, sources: Mapping[str, str]) -> str:
    for statement in IMPORT.finditer(sources[name]):
        _check_import(name, statement, _export_names(sources[statement["module"]]))
    body = EXPORT.sub("", IMPORT.sub(_declaration, sources[name]))
    if other := OTHER.search(body):
        raise ValueError(f"{name} cannot be bundled: {other[0]}")
    return f"{body.rstrip()}\nreturn {{ {', '.join(_export_names(sources[name]))} }};\n"


def _export_names(source: str) -> list[str]:
    return [match["name"] for match in EXPORT.finditer(source)]


def _check_import(name: str, statement: re.Match[str], exported: list[str]) -> None:
    names = [part.partition(" as ")[0].strip() for part in (statement["names"] or "").split(",") if part.strip()]
    if missing := set(names) - set(exported):
        raise ValueError(f"{name} imports {', '.join(sorted(missing))}, which {statement['module']} does not export")


def _declaration(statement: re.Match[str]) -> str:
    """The statement that takes the place of an import."""
    names = statement["space"] or f"{{ {statement['names'].replace(' as ', ': ')} }}"
    return f'const {names} = modules["{statement["module"]}"];'
