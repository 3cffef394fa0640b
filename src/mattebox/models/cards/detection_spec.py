"""What a detector's card says of its answers: kinds, scores, and how candidates are looked at again."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Verification(Struct, frozen=True, forbid_unknown_fields=True):
    """A second network that looks at each candidate of a detector again, see `models.candidate_verifier`.

    Attributes
    ----------
    model : str
        Its card.
    context : float
        Side of what it sees, against the longer side of the candidate's box.
    candidate_scores : tuple of float
        The detector's score from which each kind is a candidate.
    weights : tuple of (float, float, float)
        For each kind, of the logits of the detector's score and the verifier's, and a constant: the final score's.
    companion_weights : tuple of float
        For each kind, how much sure companions of about a candidate's size raise its logit, see `models.companions`;
        none where it is empty.
    surrounding_ratios : tuple of float
        For each kind, how many times as large as a surer one within it a box is dropped, see
        `models.detections.drop_surrounding`; 0, or none at all, drops none.
    """

    model: str
    context: float
    candidate_scores: tuple[float, ...]
    weights: tuple[tuple[float, float, float], ...]
    companion_weights: tuple[float, ...] = ()
    surrounding_ratios: tuple[float, ...] = ()


class Detection(Struct, frozen=True, forbid_unknown_fields=True):
    """What a detector answers.

    Attributes
    ----------
    decoder : str
        How its outputs are read, see `models.detection_decoders`.
    kinds : tuple of str
        What it finds, in the order of its scores: face, plate.
    min_scores : tuple of float
        The score from which each kind counts as found.
    frame_scores : tuple of float
        The same for frames of clips, where a single miss shows the object; min_scores where it is empty.
    largest : float
        Pixels of the longer side of an object up to which the network finds it; the picture is also searched at
        smaller sizes, for larger ones.
    verification : Verification, optional
        How its candidates are looked at again.
    """

    decoder: Literal["yunet", "centerface", "selected"] = "yunet"
    kinds: tuple[Literal["face", "plate"], ...] = ("face",)
    min_scores: tuple[float, ...] = (0.6,)
    frame_scores: tuple[float, ...] = ()
    largest: float = 300.0
    verification: Verification | None = None

    def __post_init__(self) -> None:
        second, count = self.verification, len(self.kinds)
        if second is not None and not count == len(second.candidate_scores) == len(second.weights):
            raise ValueError("give each kind of detection one of the candidate_scores and of the weights")
        for name in ("companion_weights", "surrounding_ratios"):
            if second is not None and len(getattr(second, name)) not in (0, count):
                raise ValueError(f"give each kind of detection one of the {name}, or none")
        if len(self.frame_scores) not in (0, count):
            raise ValueError("give each kind of detection one of the frame_scores, or none")
