"""The naming rules of CONTRIBUTING.md, as far as a machine can hold them."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def words(text: str) -> set[str]:
    return set(text.split())


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
IRREGULAR_PARTICIPLES = words("""
    begun bent brought built caught done drawn driven fed felt found given gone grown heard held hidden kept
    known laid led left lent lit lost made met paid said seen sent shaken shown shrunk sold spent spoken sunk
    taken taught thrown told torn understood woken worn written
""")
NOT_PARTICIPLES = {"distributed", "embed", "exceed", "feed", "need", "proceed", "read", "seed", "shared", "speed"}
BARE_ADJECTIVES = words("""
    alike apart bare beside busy closer coarse crisp fine free gentle late near ready safe same several soft
    strange suitable suited sure tidy twice usual whole worth wrong
""")
METAPHORS = words("""
    album barn brush cellar corridor crew desk door facer finder furniture house imager imitator insight kin
    leave office opinion patient seal shelf spool stylist tell trainee veil wish wishes workshop zoo
""")
VAGUE_CONSTANTS = words("""
    AHEAD APART BEHIND BESIDE BIG ENOUGH EVERY FEW FEWEST HELD KEPT KNOWN LARGE LEAST LITTLE LONG LOOK LOW MANY
    MORE MOST NEAR NOTHING OTHERS PATIENCE PAUSE PURE ROUGH SEEN SHORT SHOWN SLOW SMALL SOFT SURE TOLD TRUST
    USUAL WIDE WORST
""")


def modules() -> dict[str, ast.Module]:
    """Dotted names and syntax trees of all modules of the package and the benchmarks."""
    found = {}
    for top, base in ((ROOT / "src" / "mattebox", ROOT / "src"), (ROOT / "benchmarks", ROOT)):
        for path in sorted(top.rglob("*.py")):
            name = ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__")
            found[name] = ast.parse(path.read_text())
    return found


MODULES = modules()


def is_participle(word: str) -> bool:
    regular = re.fullmatch(r"[a-z]+ed", word) is not None and word not in NOT_PARTICIPLES
    return regular or word in IRREGULAR_PARTICIPLES


def is_misleading(name: str) -> bool:
    """Whether a module's or function's name is a participle, a bare adjective or a metaphor."""
    word = name.strip("_")
    return is_participle(word) or word in BARE_ADJECTIVES or word in METAPHORS


def definitions(tree: ast.AST, kinds: tuple[type[ast.AST], ...]) -> Iterator[tuple[str, ast.AST, bool]]:
    """Names of definitions, their nodes, and whether they are properties."""
    for node in ast.walk(tree):
        if isinstance(node, kinds):
            decorators = {ast.unparse(d).split("(")[0] for d in node.decorator_list}  # type: ignore[attr-defined]
            yield node.name, node, bool(decorators & {"property", "cached_property", "functools.cached_property"})  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["told", "granted", "_looked", "closer", "veil", "thrown"])
def test_the_rules_see_what_they_are_for(name: str) -> None:
    assert is_misleading(name)


@pytest.mark.parametrize("name", ["estimate_foreground", "read", "subject_box", "embed", "dehazing", "middleware"])
def test_the_rules_let_good_names_pass(name: str) -> None:
    assert not is_misleading(name)


def test_modules_are_nouns_of_the_field() -> None:
    leaves = {name: name.rpartition(".")[2] for name in MODULES}
    assert [name for name, leaf in leaves.items() if is_misleading(leaf)] == []


def test_functions_are_no_participles_adjectives_or_metaphors() -> None:
    wrong = [
        f"{module}:{name}"
        for module, tree in MODULES.items()
        for name, _, is_property in definitions(tree, FUNCTIONS)
        if not is_property and not name.startswith("__") and is_misleading(name)
    ]
    assert wrong == []


def test_constants_say_what_they_bound() -> None:
    wrong = [
        f"{module}:{target.id}"
        for module, tree in MODULES.items()
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id.strip("_") in VAGUE_CONSTANTS
    ]
    assert wrong == []


def test_class_names_are_unique() -> None:
    homes = defaultdict(list)
    for module, tree in MODULES.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(module)
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}
