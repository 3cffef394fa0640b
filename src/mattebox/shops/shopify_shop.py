"""A shop on Shopify: its products' pictures, uploads, and the order and links of media."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mattebox.shops import shopify_operations as operations
from mattebox.shops.graphql_client import GraphqlClient, GraphqlOperation
from mattebox.shops.http_exchange import send_with_retries
from mattebox.shops.product_image import ProductImage, filename_of
from mattebox.shops.shop_error import ShopError, ShopUnavailable

READY, FAILED = "READY", "FAILED"
MEDIA_PER_PAGE = 50  # after the first page, which comes with the product
POLL_SECONDS, MAX_POLL_SECONDS = 0.3, 8.0
MAX_PROCESSING_SECONDS = 300.0
MIME_TYPES = {
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif",
}  # fmt: skip


class FileUpload(NamedTuple):
    """A file to send."""

    filename: str
    content: bytes


class FileState(NamedTuple):
    """What the shop says of a file: whether it is ready, where its original is, and what failed."""

    is_ready: bool
    url: str
    problem: str


class ShopifyShop:
    """A shop on Shopify, through its Admin API."""

    def __init__(self, client: GraphqlClient) -> None:
        self.client = client

    def images(self, *, collection: str | None = None, query: str | None = None) -> Iterator[ProductImage]:
        """The pictures of all products, of those of a collection (by its handle), or of those that a search finds."""
        for product in self._products(collection, query):
            for position, media in enumerate(self._media_of(product)):
                if image := _read_image(media, product, position):
                    yield image

    def media_ids(self, product_id: str) -> list[str]:
        """All media of a product, in their order."""
        pages = self._pages(operations.MEDIA_ORDER, {"id": product_id}, "media")
        return [media["id"] for media in pages]

    def variant_links(self, product_id: str) -> dict[str, list[str]]:
        """The variants of a product that show each of its media, by the medium."""
        links: dict[str, list[str]] = {}
        for variant in self._pages(operations.PRODUCT_VARIANTS, {"id": product_id}, "variants"):
            for media in variant["media"]["nodes"]:
                links.setdefault(media["id"], []).append(variant["id"])
        return links

    def upload(self, files: Sequence[FileUpload]) -> list[str]:
        """Send files to where the shop takes them from; their addresses there. ShopError."""
        inputs = [
            {"filename": f.filename, "mimeType": _mime_type(f.filename), "resource": "IMAGE", "httpMethod": "POST",
             "fileSize": str(len(f.content))}
            for f in files
        ]  # fmt: skip
        answer = self._mutate(operations.STAGE_UPLOADS, {"input": inputs}, "stagedUploadsCreate")
        for file, target in zip(files, answer["stagedTargets"], strict=True):
            self._post_file(file, target)
        return [target["resourceUrl"] for target in answer["stagedTargets"]]

    def replace_contents(self, sources: Mapping[str, str]) -> None:
        """Give pictures, by id, the contents at staged addresses; ids, links, order, alt texts and addresses stay."""
        self._update([{"id": media_id, "originalSource": source} for media_id, source in sources.items()])

    def create_picture(self, source: str, filename: str, alt: str) -> str:
        """Make a new picture of a staged upload; one of this name that an interrupted run made is taken. Its id."""
        files = [{"originalSource": source, "filename": filename, "alt": alt, "contentType": "IMAGE",
                  "duplicateResolutionMode": "RAISE_ERROR"}]  # fmt: skip
        answer = self.client.execute(operations.CREATE_FILES, {"files": files})["fileCreate"]
        if any(error.get("code") == "FILENAME_ALREADY_EXISTS" for error in answer["userErrors"]):
            existing = self.find_file(filename)
            if existing is not None:
                return existing
        _check_errors(answer["userErrors"])
        media_id: str = answer["files"][0]["id"]
        return media_id

    def find_file(self, filename: str) -> str | None:
        """The id of the file of this name."""
        data = self.client.execute(operations.FILES_BY_NAME, {"query": f'filename:"{filename}"'})
        return next((node["id"] for node in data["files"]["nodes"]), None)

    def wait_until_ready(self, media_ids: Sequence[str]) -> dict[str, FileState]:
        """Wait until the shop has processed files, for better or worse, and say how. ShopUnavailable."""
        end, pause = self.client.clock() + MAX_PROCESSING_SECONDS, POLL_SECONDS
        states: dict[str, FileState] = {}
        while True:
            waiting = [i for i in media_ids if i not in states]
            if not waiting:
                return states
            data = self.client.execute(operations.FILE_STATES, {"ids": waiting})
            for node in data["nodes"]:
                if node and node.get("fileStatus") in (READY, FAILED):
                    states[node["id"]] = _read_state(node)
            for media_id, node in zip(waiting, data["nodes"], strict=True):
                if node is None:
                    states[media_id] = FileState(False, "", "it does not exist any more")
            if len(states) < len(media_ids):
                if self.client.clock() > end:
                    raise ShopUnavailable(
                        "Shopify takes too long to process pictures", "try the same command again later"
                    )
                self.client.sleep(pause)
                pause = min(MAX_POLL_SECONDS, pause * 1.5)

    def acknowledge_failures(self, media_ids: Sequence[str]) -> None:
        """Give pictures whose new content failed their former one again."""
        self._mutate(operations.ACKNOWLEDGE_FAILURES, {"ids": list(media_ids)}, "fileAcknowledgeUpdateFailed")

    def attach(self, media_id: str, product_id: str) -> None:
        """Show a picture with a product, as its last one."""
        self._update([{"id": media_id, "referencesToAdd": [product_id]}])

    def detach(self, media_id: str, product_id: str) -> None:
        """Show a picture with a product no more; the shop keeps the file."""
        self._update([{"id": media_id, "referencesToRemove": [product_id]}])

    def move(self, product_id: str, media_id: str, position: int) -> None:
        """Put a medium of a product in this place, from 0, and wait until it is there."""
        variables = {"product": product_id, "moves": [{"id": media_id, "newPosition": str(position)}]}
        answer = self.client.execute(operations.REORDER, variables)["productReorderMedia"]
        _check_errors(answer["mediaUserErrors"])
        end = self.client.clock() + MAX_PROCESSING_SECONDS
        job = answer["job"]
        while job and not job["done"]:
            if self.client.clock() > end:
                raise ShopUnavailable("Shopify takes too long to reorder pictures", "try the same command again later")
            self.client.sleep(POLL_SECONDS)
            job = self.client.execute(operations.JOB, {"id": job["id"]})["job"]

    def link_variants(self, product_id: str, variant_ids: Sequence[str], media_id: str) -> None:
        """Show a picture with variants of its product; those that show it already are left as they are."""
        self._change_variants(
            operations.ATTACH_TO_VARIANTS, "productVariantAppendMedia", product_id, variant_ids, media_id,
            "PRODUCT_VARIANT_ALREADY_HAS_MEDIA",
        )  # fmt: skip

    def unlink_variants(self, product_id: str, variant_ids: Sequence[str], media_id: str) -> None:
        """Show a picture with these variants no more."""
        self._change_variants(
            operations.DETACH_FROM_VARIANTS, "productVariantDetachMedia", product_id, variant_ids, media_id,
            "MEDIA_IS_NOT_ATTACHED_TO_VARIANT",
        )  # fmt: skip

    def _products(self, collection: str | None, query: str | None) -> Iterator[dict[str, Any]]:
        after = None
        while True:
            page_size = {"first": operations.PRODUCTS_PER_PAGE, "after": after}
            if collection:
                variables = {"handle": collection, **page_size}
                data = self.client.execute(operations.COLLECTION_PRODUCTS, variables)["collectionByIdentifier"]
                if data is None:
                    raise ShopError(f"the shop has no collection {collection!r}", "give its handle, as in its address")
            else:
                data = self.client.execute(operations.PRODUCTS, {"query": query, **page_size})
            yield from data["products"]["nodes"]
            if not data["products"]["pageInfo"]["hasNextPage"]:
                return
            after = data["products"]["pageInfo"]["endCursor"]

    def _media_of(self, product: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield from product["media"]["nodes"]
        if product["media"]["pageInfo"]["hasNextPage"]:
            variables = {"id": product["id"], "first": MEDIA_PER_PAGE}
            yield from self._pages(
                operations.PRODUCT_MEDIA, variables, "media", product["media"]["pageInfo"]["endCursor"]
            )

    def _pages(
        self, operation: GraphqlOperation, variables: Mapping[str, Any], field: str, after: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """The nodes of a product's connection, page by page."""
        while True:
            product = self.client.execute(operation, {**variables, "after": after})["product"]
            if product is None:
                raise ShopError(f"{variables['id']}: the shop has no such product any more", "leave it out")
            yield from product[field]["nodes"]
            if not product[field]["pageInfo"]["hasNextPage"]:
                return
            after = product[field]["pageInfo"]["endCursor"]

    def _update(self, files: list[dict[str, Any]]) -> None:
        self._mutate(operations.UPDATE_FILES, {"files": files}, "fileUpdate")

    def _mutate(self, operation: GraphqlOperation, variables: Mapping[str, Any], name: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.execute(operation, variables)[name]
        _check_errors(answer["userErrors"])
        return answer

    def _change_variants(
        self,
        operation: GraphqlOperation,
        name: str,
        product_id: str,
        variant_ids: Sequence[str],
        media_id: str,
        harmless: str,
    ) -> None:
        for variant_id in variant_ids:
            media = [{"variantId": variant_id, "mediaIds": [media_id]}]
            answer = self.client.execute(operation, {"product": product_id, "media": media})[name]
            _check_errors([error for error in answer["userErrors"] if error.get("code") != harmless])

    def _post_file(self, file: FileUpload, target: Mapping[str, Any]) -> None:
        """Send a file as a form: the target's fields first, and the file last."""
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{p["name"]}"\r\n\r\n{p["value"]}\r\n'.encode()
            for p in target["parameters"]
        ]
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file.filename}"\r\n'
            f"Content-Type: {_mime_type(file.filename)}\r\n\r\n"
        )
        body = b"".join([*parts, head.encode(), file.content, f"\r\n--{boundary}--\r\n".encode()])
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        answer = send_with_retries(self.client.exchange, "POST", target["url"], body, headers, self.client.sleep)
        if answer.status not in (200, 201, 204):
            raise ShopError(f"{file.filename}: the upload is refused ({answer.status})", "try the same command again")


def _read_image(media: dict[str, Any], product: dict[str, Any], position: int) -> ProductImage | None:
    """A picture of an answer; None for a video or model, and for a picture that failed."""
    if media.get("mediaContentType") != "IMAGE" or not media.get("image"):
        return None
    shown = media["image"]["url"]
    original = (media.get("originalSource") or {}).get("url") or shown
    return ProductImage(
        media["id"], product["id"], product["title"], product["handle"], media.get("alt") or "", original,
        filename_of(shown), position, media.get("fileStatus") == READY,
    )  # fmt: skip


def _read_state(node: dict[str, Any]) -> FileState:
    problems = "; ".join(f"{error['code']}: {error['message']}" for error in node.get("fileErrors") or [])
    url = (node.get("originalSource") or node.get("image") or {}).get("url") or ""
    return FileState(node["fileStatus"] == READY, url, problems or ("" if node["fileStatus"] == READY else "it failed"))


def _check_errors(errors: Sequence[Mapping[str, Any]]) -> None:
    """ShopError for what a mutation complains of."""
    if errors:
        messages = "; ".join(f"{e['message']}{' (' + e['code'] + ')' if e.get('code') else ''}" for e in errors)
        raise ShopError(f"Shopify refuses the change ({messages[:300]})", "see what it says of the picture")


def _mime_type(filename: str) -> str:
    suffix = f".{filename.rpartition('.')[2].lower()}"
    if suffix not in MIME_TYPES:
        raise ShopError(f"{filename}: Shopify does not take such pictures", f"choose one of {', '.join(MIME_TYPES)}")
    return MIME_TYPES[suffix]
