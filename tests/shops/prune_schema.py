"""Cuts out of Shopify's published schema what mattebox uses of it, for tests.

    npm pack @shopify/dev-mcp@1.16.0 && tar xf shopify-dev-mcp-*.tgz
    python -m tests.shops.prune_schema package/dist/data/admin_2026-10.json.gz > tests/shops/shopify-2026-10.graphql
    python -m tests.shops.prune_schema --validate package/dist/data/admin_*.json.gz

The schema is in npm's package @shopify/dev-mcp, under the ISC licence (Copyright 2025-present, Shopify Inc.).
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    get_named_type,
    parse,
    validate,
    visit,
)

from mattebox.shops.graphql_client import SHOP_NAME
from mattebox.shops.shopify_operations import ALL_OPERATIONS

LICENCE = """\
# From npm's package @shopify/dev-mcp 1.16.0 (ISC licence, Copyright 2025-present, Shopify Inc.),
# pruned by tests/shops/prune_schema.py
"""


def load_schema(path: Path) -> GraphQLSchema:
    content = json.loads(gzip.decompress(path.read_bytes()))
    schema = build_client_schema(content.get("data") or content)
    schema._validation_errors = []  # it deprecates fields of interfaces, which graphql-core finds wrong
    return schema


class _FieldCollector(Visitor):
    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.info, self.fields = info, defaultdict(set)

    def enter_field(self, node: Any, *_: Any) -> None:
        parent = self.info.get_parent_type()
        if parent is not None:
            self.fields[parent.name].add(node.name.value)


def prune(schema: GraphQLSchema) -> str:
    """The types, fields and arguments that the operations need, in GraphQL's schema language."""
    info = TypeInfo(schema)
    collector = _FieldCollector(info)
    for operation in (SHOP_NAME, *ALL_OPERATIONS):
        visit(parse(operation.text), TypeInfoVisitor(info, collector))
    for name in list(collector.fields):
        for interface in getattr(schema.type_map[name], "interfaces", ()):
            collector.fields[name] |= collector.fields.get(interface.name, set())
    for name in ("Product", "ProductVariant", "MediaImage", "Video"):
        collector.fields[name].add("id")
    collector.fields["Video"] |= {"mediaContentType", "fileStatus"}
    waiting, lines = list(collector.fields), []
    seen = {"ID", "String", "Int", "Boolean", "Float"}
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            definition, others = _define(schema.type_map[name], collector)
            lines.append(definition)
            waiting += others
    root = f"schema {{ query: {schema.query_type.name} mutation: {schema.mutation_type.name} }}"
    return LICENCE + root + "\n" + "\n".join(lines) + "\n"


def _define(kept: Any, collector: _FieldCollector) -> tuple[str, list[str]]:
    """A type's definition, and the names of the types in it."""
    name = kept.name
    if isinstance(kept, GraphQLScalarType):
        return f"scalar {name}", []
    if isinstance(kept, GraphQLEnumType):
        return f"enum {name} {{ {' '.join(kept.values)} }}", []
    if isinstance(kept, GraphQLInputObjectType):
        fields = "\n".join(f"  {field_name}: {field.type}" for field_name, field in kept.fields.items())
        return f"input {name} {{\n{fields}\n}}", [get_named_type(field.type).name for field in kept.fields.values()]
    word = "type" if isinstance(kept, GraphQLObjectType) else "interface"
    shared = [i.name for i in kept.interfaces if i.name in ("Node", "Media", "File") and _needs(i, collector, name)]
    lines, others = [f"{word} {name}{' implements ' + ' & '.join(shared) if shared else ''} {{"], []
    for field_name in sorted(collector.fields[name]):
        field = kept.fields[field_name]
        arguments = ", ".join(f"{a}: {argument.type}" for a, argument in field.args.items())
        lines.append(f"  {field_name}{f'({arguments})' if arguments else ''}: {field.type}")
        others.append(get_named_type(field.type).name)
        others += [get_named_type(argument.type).name for argument in field.args.values()]
    return "\n".join([*lines, "}"]), others


def _needs(interface: Any, collector: _FieldCollector, name: str) -> bool:
    fields = collector.fields.get(interface.name, {"id"} if interface.name == "Node" else set())
    return bool(fields) and fields <= collector.fields[name]


def main() -> None:
    paths = [Path(word) for word in sys.argv[1:] if not word.startswith("--")]
    if "--validate" not in sys.argv:
        sys.stdout.write(prune(load_schema(paths[0])))
        return
    for path in paths:
        schema = load_schema(path)
        faults = [e.message for o in (SHOP_NAME, *ALL_OPERATIONS) for e in validate(schema, parse(o.text))]
        sys.stdout.write(f"{path.name}: {len(ALL_OPERATIONS) + 1} operations, faults: {faults}\n")


if __name__ == "__main__":
    main()
