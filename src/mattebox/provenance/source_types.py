"""Digital source types: how much of a picture was captured, and how much was made by an algorithm.

IPTC NewsCodes `digitalsourcetype`, release of 2024-10-23. docs/provenance.md has the table in words.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"


class SourceType(enum.Enum):
    """Source types that mattebox states, from the one that says least to the one that says most."""

    ENHANCED = "algorithmicallyEnhanced"
    COMPOSITE_CAPTURE = "compositeCapture"
    COMPOSITE_SYNTHETIC = "compositeSynthetic"
    GENERATIVE_EDIT = "compositeWithTrainedAlgorithmicMedia"
    GENERATED = "trainedAlgorithmicMedia"

    @property
    def uri(self) -> str:
        """The term's address, by which files name it."""
        return VOCABULARY + self.value

    @property
    def is_generative(self) -> bool:
        """Whether something in the picture was drawn by a generative model."""
        return self in (SourceType.COMPOSITE_SYNTHETIC, SourceType.GENERATIVE_EDIT, SourceType.GENERATED)


def parse_source_type(text: str) -> SourceType | None:
    """The source type that an address or a bare term names; None for one that mattebox never states."""
    term = text.strip().rpartition("/")[2]
    return next((known for known in SourceType if known.value == term), None)


def combine_source_types(types: Iterable[SourceType]) -> SourceType | None:
    """The type of a picture to which all of these apply: the one that says most; None for none.

    A generated picture stays one, whatever is done to it later.
    """
    order = list(SourceType)
    return max(types, key=order.index, default=None)
