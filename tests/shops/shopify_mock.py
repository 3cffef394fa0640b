"""A shop that answers like Shopify's Admin API, by the published schema: a leaky bucket, staged uploads, asynchronous
processing, the rule that a file keeps its suffix, and failures."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from graphql import (
    FieldNode,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)

SCHEMA_PATH = Path(__file__).with_name("shopify-2026-10.graphql")
TOKEN, CLIENT_ID, CLIENT_SECRET = "shpat_test", "id", "secret"
API_PATH = "/admin/api/2026-10/graphql.json"
FAILING_NAME = "unlucky"  # files of this name fail to be processed
MUTATION_COST = 10


@dataclass
class MockFile:
    """A picture."""

    id: str
    filename: str
    content: bytes
    alt: str = ""
    status: str = "READY"
    polls_left: int = 0
    pending: bytes | None = None
    problem: str = ""
    version: int = 1


@dataclass
class MockProduct:
    """A product: its media in order, and those of each of its variants."""

    id: str
    title: str
    handle: str
    media: list[str] = field(default_factory=list)
    variants: dict[str, list[str]] = field(default_factory=dict)


class MockShop:
    """The shop's data, and what is asked of it."""

    def __init__(self, *, bucket: float = 1000.0, rate: float = 100.0, polls: int = 1, refunds: bool = False) -> None:
        self.files: dict[str, MockFile] = {}
        self.products: dict[str, MockProduct] = {}
        self.staged: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, Any] = {}
        self.bucket, self.rate, self.available, self.time = bucket, rate, bucket, time.monotonic()
        self.polls, self.refunds = polls, refunds
        self.counts: dict[str, int] = {}
        self.throttled_count = self.busy_answers = 0
        self.invalid: list[str] = []
        self.numbers = itertools.count(1)
        self.lock = threading.RLock()
        self.schema: GraphQLSchema = build_schema(SCHEMA_PATH.read_text())
        self.address = ""

    def add_product(self, title: str, pictures: list[tuple[str, bytes]], *, variant_count: int = 2) -> MockProduct:
        """A product whose variants show its first picture."""
        number = next(self.numbers)
        product = MockProduct(f"gid://shopify/Product/{number}", title, title.lower().replace(" ", "-"))
        for filename, content in pictures:
            file = self.add_file(filename, content, f"{title} {filename}")
            product.media.append(file.id)
        for n in range(variant_count):
            product.variants[f"gid://shopify/ProductVariant/{number}{n}"] = product.media[:1]
        self.products[product.id] = product
        return product

    def add_file(self, filename: str, content: bytes, alt: str) -> MockFile:
        file = MockFile(f"gid://shopify/MediaImage/{next(self.numbers)}", filename, content, alt)
        self.files[file.id] = file
        return file

    def snapshot(self) -> dict[str, Any]:
        """What customers see: of each product its pictures' contents and alt texts in order, and its variants'."""

        def fetch_shown(media_id: str) -> tuple[str, bytes]:
            return self.files[media_id].alt, self.files[media_id].content

        return {
            p.id: (
                [fetch_shown(m) for m in p.media],
                {v: [fetch_shown(m) for m in media] for v, media in p.variants.items()},
            )
            for p in self.products.values()
        }

    # answers

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            document = parse(body["query"])
            operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
            name = operation.name.value if operation.name else ""
            faults = validate(self.schema, document)
            if faults:
                self.invalid.append(f"{name}: {faults[0].message}")
                return {"errors": [{"message": faults[0].message}]}
            variables = body.get("variables") or {}
            cost = float(selection_cost(operation.selection_set, variables, document.definitions))
            cost += MUTATION_COST * (operation.operation.value == "mutation")
            status = self.take(cost)
            if status is None:
                self.throttled_count += 1
                error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
                return {"errors": [error], "data": None, "extensions": {"cost": self.cost(cost)}}
            self.counts[name] = self.counts.get(name, 0) + 1
            result = execute_sync(self.schema, document, root_value=_Root(self), variable_values=variables)
            errors = [{"message": error.message} for error in result.errors or []]
            if self.refunds:  # as Shopify does: what the answer did not use goes back into the bucket
                self.available += max(0.0, cost - MUTATION_COST - answer_cost(result.data))
            answer: dict[str, Any] = {"data": result.data, "extensions": {"cost": self.cost(cost)}}
            return answer | ({"errors": errors} if errors else {})

    def take(self, cost: float) -> float | None:
        now = time.monotonic()
        self.available = min(self.bucket, self.available + (now - self.time) * self.rate)
        self.time = now
        if cost > self.available:
            return None
        self.available -= cost
        return self.available

    def cost(self, cost: float) -> dict[str, Any]:
        status = {"maximumAvailable": self.bucket, "currentlyAvailable": self.available, "restoreRate": self.rate}
        return {"requestedQueryCost": cost, "actualQueryCost": cost, "throttleStatus": status}

    def advance(self, file: MockFile) -> None:
        """One step of processing."""
        if file.status != "PROCESSING":
            return
        if file.polls_left > 0:
            file.polls_left -= 1
            return
        if FAILING_NAME in file.filename or (file.pending or b"").startswith(b"broken"):
            file.status, file.problem, file.pending = "FAILED", "IMAGE_PROCESSING_FAILURE", None
            return
        if file.pending is not None:
            file.content, file.version, file.pending = file.pending, file.version + 1, None
        file.status = "READY"


def selection_cost(selections: SelectionSetNode | None, variables: dict[str, Any], definitions: Any) -> float:
    """What a selection costs, nearly as Shopify counts: an object 1, a connection 2 and its nodes."""
    if selections is None:
        return 0
    total = 0.0
    for node in selections.selections:
        inner = getattr(node, "selection_set", None)
        cost = selection_cost(inner, variables, definitions)
        if not isinstance(node, FieldNode) or inner is None:
            total += cost
            continue
        size = next((a.value for a in node.arguments or () if a.name.value in ("first", "ids")), None)
        if size is None:
            total += 0 if node.name.value in ("nodes", "pageInfo") else 1
            total += cost
            continue
        name = getattr(getattr(size, "name", None), "value", None)
        value = variables.get(name) if name else int(getattr(size, "value", 1))
        total += 2 + (len(value) if isinstance(value, list) else int(value or 1)) * max(1.0, cost)
    return total


def answer_cost(value: Any) -> float:
    """What an answer used: 1 for each object, 2 for each connection."""
    if isinstance(value, list):
        return sum(map(answer_cost, value))
    if not isinstance(value, dict):
        return 0.0
    return (2 if "nodes" in value else 1) + sum(answer_cost(v) for k, v in value.items() if k != "pageInfo")


class _Root:
    """Resolves the fields of queries and mutations."""

    def __init__(self, shop: MockShop) -> None:
        self.mock = shop

    def shop(self, _: Any) -> dict[str, Any]:
        return {"name": "Test"}

    def products(self, _: Any, first: int, after: str | None = None, query: str | None = None, **__: Any) -> Any:
        found = [p for p in self.mock.products.values() if not query or query in p.handle]
        return page([self._product(p) for p in found], first, after)

    def collectionByIdentifier(self, _: Any, identifier: dict[str, Any]) -> Any:
        found = [p for p in self.mock.products.values() if p.handle.startswith(identifier["handle"])]
        if not found:
            return None
        return {"products": lambda _, first, after=None, **__: page([self._product(p) for p in found], first, after)}

    def product(self, _: Any, id: str) -> Any:
        return self._product(self.mock.products[id]) if id in self.mock.products else None

    def nodes(self, _: Any, ids: list[str]) -> list[Any]:
        found = []
        for file_id in ids:
            file = self.mock.files.get(file_id)
            if file is not None:
                self.mock.advance(file)
            found.append(None if file is None else self._file(file))
        return found

    def files(self, _: Any, first: int, query: str = "", **__: Any) -> Any:
        name = re.findall(r'filename:"(.*)"', query)[0]
        return page([self._file(f) for f in self.mock.files.values() if f.filename == name], first, None)

    def job(self, _: Any, id: str) -> Any:
        finish = self.mock.jobs.get(id)
        if finish is not None:
            finish()
        self.mock.jobs[id] = None
        return {"id": id, "done": True}

    def stagedUploadsCreate(self, _: Any, input: list[dict[str, Any]]) -> Any:
        targets = []
        for item in input:
            token = f"t{next(self.mock.numbers)}"
            self.mock.staged[token] = {"filename": item["filename"], "content": None}
            address = f"{self.mock.address}/staged/{token}"
            parameters = [{"name": "policy", "value": token}, {"name": "content-type", "value": item["mimeType"]}]
            targets.append({"url": address, "resourceUrl": f"{address}/{item['filename']}", "parameters": parameters})
        return {"stagedTargets": targets, "userErrors": []}

    def fileUpdate(self, _: Any, files: list[dict[str, Any]]) -> Any:
        errors = [e for n, item in enumerate(files) if (e := self._update_fault(n, item))]
        if errors:
            return {"files": None, "userErrors": errors}
        for item in files:
            file = self.mock.files[item["id"]]
            if item.get("originalSource"):
                file.pending, file.status = self._staged(item["originalSource"])["content"], "PROCESSING"
                file.polls_left = self.mock.polls
            file.alt = item.get("alt", file.alt)
            for product_id in item.get("referencesToAdd") or []:
                media = self.mock.products[product_id].media
                media.append(file.id) if file.id not in media else None
            for product_id in item.get("referencesToRemove") or []:
                product = self.mock.products[product_id]
                product.media = [m for m in product.media if m != file.id]
                product.variants = {v: [m for m in ids if m != file.id] for v, ids in product.variants.items()}
        return {"files": [self._file(self.mock.files[i["id"]]) for i in files], "userErrors": []}

    def fileCreate(self, _: Any, files: list[dict[str, Any]]) -> Any:
        for n, item in enumerate(files):
            if any(f.filename == item["filename"] for f in self.mock.files.values()):
                return {"files": None, "userErrors": [fault(n, "FILENAME_ALREADY_EXISTS", "exists")]}
        made = []
        for item in files:
            file = self.mock.add_file(item["filename"], self._staged(item["originalSource"])["content"], item["alt"])
            file.status, file.polls_left = "PROCESSING", self.mock.polls
            made.append(self._file(file))
        return {"files": made, "userErrors": []}

    def fileAcknowledgeUpdateFailed(self, _: Any, **given: Any) -> Any:
        file_ids = given["fileIds"]
        for file_id in file_ids:
            self.mock.files[file_id].status, self.mock.files[file_id].problem = "READY", ""
        return {"files": [self._file(self.mock.files[i]) for i in file_ids], "userErrors": []}

    def productReorderMedia(self, _: Any, id: str, moves: list[dict[str, Any]]) -> Any:
        product = self.mock.products[id]
        if any(m["id"] not in product.media for m in moves):
            return {"job": None, "mediaUserErrors": [fault(0, "MEDIA_DOES_NOT_EXIST_ON_PRODUCT", "not there")]}

        def finish() -> None:
            for move in moves:
                product.media.remove(move["id"])
                product.media.insert(int(move["newPosition"]), move["id"])

        job_id = f"gid://shopify/Job/{next(self.mock.numbers)}"
        self.mock.jobs[job_id] = finish
        return {"job": {"id": job_id, "done": False}, "mediaUserErrors": []}

    def productVariantAppendMedia(self, _: Any, **given: Any) -> Any:
        product = self.mock.products[given["productId"]]
        for item in given["variantMedia"]:
            if product.variants[item["variantId"]]:
                return {"userErrors": [fault(0, "PRODUCT_VARIANT_ALREADY_HAS_MEDIA", "has one")]}
            if any(m not in product.media for m in item["mediaIds"]):
                return {"userErrors": [fault(0, "MEDIA_DOES_NOT_EXIST_ON_PRODUCT", "not there")]}
            product.variants[item["variantId"]] = list(item["mediaIds"])
        return {"userErrors": []}

    def productVariantDetachMedia(self, _: Any, **given: Any) -> Any:
        variants = self.mock.products[given["productId"]].variants
        for item in given["variantMedia"]:
            if not set(item["mediaIds"]) <= set(variants[item["variantId"]]):
                return {"userErrors": [fault(0, "MEDIA_IS_NOT_ATTACHED_TO_VARIANT", "not attached")]}
            variants[item["variantId"]] = [m for m in variants[item["variantId"]] if m not in item["mediaIds"]]
        return {"userErrors": []}

    def _update_fault(self, number: int, item: dict[str, Any]) -> dict[str, Any] | None:
        file = self.mock.files.get(item["id"])
        if file is None:
            return fault(number, "FILE_DOES_NOT_EXIST", "there is no such file")
        if file.status != "READY":
            return fault(number, "NON_READY_STATE", "it is not ready")
        if item.get("originalSource"):
            staged = self._staged(item["originalSource"])
            if staged is None or staged["content"] is None:
                return fault(number, "INVALID_IMAGE_SOURCE_URL", "nothing was uploaded there")
            if Path(staged["filename"]).suffix.lower() != Path(file.filename).suffix.lower():
                return fault(number, "MISMATCHED_FILENAME_AND_ORIGINAL_SOURCE", "the extension must stay")
        return None

    def _staged(self, address: str) -> Any:
        return self.mock.staged.get(address.split("/staged/")[-1].partition("/")[0])

    def _product(self, product: MockProduct) -> dict[str, Any]:
        variants = [
            {"__typename": "ProductVariant", "id": v, "media": self._connection(ids)}
            for v, ids in product.variants.items()
        ]
        return {
            "__typename": "Product", "id": product.id, "title": product.title, "handle": product.handle,
            "media": self._connection(product.media),
            "variants": lambda _, first, after=None, **__: page(variants, first, after),
        }  # fmt: skip

    def _connection(self, ids: list[str]) -> Any:
        return lambda _, first, after=None, **__: page([self._file(self.mock.files[m]) for m in ids], first, after)

    def _file(self, file: MockFile) -> dict[str, Any]:
        number = file.id.rpartition("/")[2]
        url = f"{self.mock.address}/cdn/{number}/{file.filename}?v={file.version}"
        problem = [{"code": file.problem, "message": "it cannot be processed"}] if file.problem else []
        return {
            "__typename": "MediaImage", "id": file.id, "alt": file.alt, "fileStatus": file.status,
            "mimeType": "image/jpeg", "mediaContentType": "IMAGE", "fileErrors": problem,
            "image": {"url": url} if file.status != "PROCESSING" or file.version > 1 else None,
            "originalSource": {"url": url},
        }  # fmt: skip


def page(nodes: list[Any], first: int, after: str | None) -> dict[str, Any]:
    start = int(after or 0)
    end = start + first
    return {"nodes": nodes[start:end], "pageInfo": {"hasNextPage": end < len(nodes), "endCursor": str(end)}}


def fault(number: int, code: str, message: str) -> dict[str, Any]:
    return {"field": ["files", str(number)], "code": code, "message": message}


def _handler(shop: MockShop) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if shop.busy_answers:
                shop.busy_answers -= 1
                self.reply(503, b"busy")
            elif self.path == "/admin/oauth/access_token":
                given = json.loads(body)
                is_right = (given["client_id"], given["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)
                answer = {"access_token": TOKEN, "expires_in": 86399} if is_right else {"error": "shop_not_permitted"}
                self.reply(200 if is_right else 400, json.dumps(answer).encode())
            elif self.path.startswith("/staged/"):
                self.reply(*stage(shop, self.path.removeprefix("/staged/"), self.headers["Content-Type"], body))
            elif self.path != API_PATH or self.headers.get("X-Shopify-Access-Token") != TOKEN:
                self.reply(401 if self.path == API_PATH else 404, b"{}")
            else:
                self.reply(200, json.dumps(shop.answer(json.loads(body))).encode())

        def do_GET(self) -> None:
            number = self.path.split("/")[2] if self.path.startswith("/cdn/") else ""
            file = shop.files.get(f"gid://shopify/MediaImage/{number}")
            self.reply(404 if file is None else 200, b"" if file is None else file.content)

        def reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            with contextlib.suppress(ConnectionError):  # of a client that was killed
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def stage(shop: MockShop, token: str, content_type: str, body: bytes) -> tuple[int, bytes]:
    """Take a staged upload: the form's fields come first, and the file last."""
    boundary = content_type.partition("boundary=")[2].encode()
    parts = [p.removeprefix(b"\r\n") for p in body.split(b"--" + boundary)[1:-1]]
    names = [re.findall(rb'name="(\w[\w-]*)"', part)[0].decode() for part in parts]
    values = [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts]
    if names != ["policy", "content-type", "file"] or values[0].decode() != token or token not in shop.staged:
        return 403, b"SignatureDoesNotMatch"
    shop.staged[token]["content"] = values[-1]
    return 204, b""


@contextlib.contextmanager
def serve(shop: MockShop) -> Iterator[str]:
    """The shop on a free port of this machine; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(shop))
    shop.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield shop.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
