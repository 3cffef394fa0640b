"""No import cycles, a lowest layer that needs numpy and msgspec only, all dependencies declared and used.

The layers themselves are contracts of import-linter in pyproject.toml (`scripts/check layers`); its engine, grimp,
reads the imports here too: those inside functions and under TYPE_CHECKING count like those at the top.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parent.parent
LOWEST_LAYER = ["errors", "types", "core", "recipe", "_version"]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("mattebox", include_external_packages=True, cache_dir=None)


def cycle(graph: grimp.ImportGraph) -> list[str]:
    """The modules of one import cycle, in order; empty when there is none."""
    try:
        TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules}).prepare()
    except CycleError as found:
        return list(found.args[1])
    return []


def third_party_packages(graph: grimp.ImportGraph, module: str) -> set[str]:
    """The third-party packages that a module (or a package with all it holds) imports."""
    inside = {module} | graph.find_descendants(module)
    imported = {name for each in inside for name in graph.find_modules_directly_imported_by(each)}
    return {name for name in imported if name.split(".")[0] not in {"mattebox", *sys.stdlib_module_names}}


def declared(*extras: str) -> set[str]:
    """The packages pyproject.toml names for the base install and these extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    return {re.split(r"[^\w.-]", line)[0].lower() for line in wanted}


def packages(modules: set[str]) -> set[str]:
    """The distributions that provide these modules."""
    known = importlib.metadata.packages_distributions()
    return {name.lower().replace("_", "-") for module in modules for name in known.get(module, [module])}


def test_no_import_cycles() -> None:
    assert cycle(grimp.build_graph("mattebox", cache_dir=None)) == []


def test_a_cycle_through_a_function_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ring").mkdir()
    (tmp_path / "ring/__init__.py").touch()
    (tmp_path / "ring/one.py").write_text("import ring.two\n")
    (tmp_path / "ring/two.py").write_text("def later():\n    from ring import one\n    return one\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert set(cycle(grimp.build_graph("ring", cache_dir=None))) == {"ring.one", "ring.two"}


@pytest.mark.parametrize("module", LOWEST_LAYER)
def test_the_lowest_layer_needs_numpy_and_msgspec_alone(graph: grimp.ImportGraph, module: str) -> None:
    allowed = {"numpy", "msgspec"} | ({"PIL"} if module == "core" else set())  # two modules, see pyproject
    assert third_party_packages(graph, f"mattebox.{module}") <= allowed


EXTRAS = ("heif", "provenance", "server", "store", "cluster", "telemetry", "openvino", "video", "train", "convert")


def test_every_import_is_a_declared_dependency(graph: grimp.ImportGraph) -> None:
    known = declared(*EXTRAS)  # of a namespace (opentelemetry) one distribution is enough
    assert [module for module in third_party_packages(graph, "mattebox") if not packages({module}) & known] == []


def test_every_dependency_is_imported(graph: grimp.ImportGraph) -> None:
    assert declared(*EXTRAS) <= packages(third_party_packages(graph, "mattebox"))
