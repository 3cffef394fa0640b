"""Product feeds, as for Google Merchant Center and Meta's catalogue: CSV or TSV with links to pictures."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mattebox.errors import UsageError
from mattebox.io.atomic_write import write_bytes
from mattebox.shops.product_image import filename_of

ID_COLUMN = "id"
LINK_COLUMNS = ("image_link", "additional_image_link")  # of both; Google separates several links by commas
META_LINK_PATTERN = re.compile(r"image\[\d+\]\.url")  # of Meta's newer feeds
DELIMITERS = "\t,;|"


@dataclass(frozen=True)
class FeedPicture:
    """A picture of a feed: the product's id, its number among the product's pictures from 0, and its address."""

    product_id: str
    number: int
    url: str

    @property
    def name(self) -> str:
        """A file name without suffix, of the product and the number."""
        stem = re.sub(r"[^\w-]+", "-", self.product_id).strip("-") or "product"
        return f"{stem}-{self.number + 1}" if self.number else stem

    @property
    def suffix(self) -> str:
        """Of the address, in lower case; may be empty."""
        return Path(filename_of(self.url)).suffix.lower()


@dataclass
class ProductFeed:
    """A feed: its columns as they are written, its rows, and what separates them."""

    columns: list[str]
    rows: list[dict[str, str]]
    delimiter: str

    @classmethod
    def read(cls, path: Path) -> ProductFeed:
        """Read a feed. UsageError where it is none."""
        try:
            text = path.read_bytes().decode("utf-8-sig")
            first = text.partition("\n")[0]
            delimiter = max(DELIMITERS, key=first.count)
            reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
            columns = list(reader.fieldnames or [])
            rows = [{name: value or "" for name, value in row.items() if name is not None} for row in reader]
        except (OSError, ValueError, csv.Error) as error:
            raise UsageError(f"{path}: cannot be read ({error})", "give a feed as CSV or TSV in UTF-8") from error
        feed = cls(columns, rows, delimiter)
        if not feed._link_columns() or feed._id_column() is None:
            raise UsageError(f"{path}: is no product feed", "its first line names the columns id and image_link")
        return feed

    def pictures(self) -> Iterator[FeedPicture]:
        """The pictures of all products, in their order; each once for a product."""
        id_column = self._id_column()
        for row in self.rows:
            urls = dict.fromkeys(url for column in self._link_columns() for url in self._urls(row, column))
            for number, url in enumerate(urls):
                yield FeedPicture(row[id_column or ""], number, url)

    def replace_links(self, new_links: Mapping[tuple[str, str], str]) -> None:
        """Put new addresses into the place of others, by product and address; what is not named stays."""
        id_column = self._id_column()
        for row in self.rows:
            for column in self._link_columns():
                urls = self._urls(row, column)
                if urls:
                    product = row[id_column or ""]
                    row[column] = ",".join(new_links.get((product, url), url) for url in urls)

    def write(self, path: Path) -> None:
        """Write the feed with its own columns and separators. OutputError."""
        file = io.StringIO(newline="")
        writer = csv.DictWriter(file, self.columns, delimiter=self.delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_bytes(path, file.getvalue().encode(), overwrite=True)

    def _link_columns(self) -> list[str]:
        names = {column: column.strip().lower().replace(" ", "_") for column in self.columns}
        return [c for c, name in names.items() if name in LINK_COLUMNS or META_LINK_PATTERN.fullmatch(name)]

    def _id_column(self) -> str | None:
        return next((c for c in self.columns if c.strip().lower() == ID_COLUMN), None)

    @staticmethod
    def _urls(row: Mapping[str, str], column: str) -> list[str]:
        """The addresses in a field; a comma separates them where an address follows it."""
        return [url.strip() for url in re.split(r",(?=\s*\w+://)", row.get(column, "")) if url.strip()]
