"""`VideoCutter`: frames in, cut-out frames out, a few later; for those who bring their own frames."""

from __future__ import annotations

from typing import Any

from mattebox.core.interface import name_parameter
from mattebox.errors import UsageError
from mattebox.models.matte_session import Session, open_session
from mattebox.recipe.steps import Cut
from mattebox.types import Picture
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.coherence import CoherenceName, choose_coherence, create_coherence
from mattebox.video.frame_cutout import CutFrame, cut_frame
from mattebox.video.key_frames import MAX_LOOK_AHEAD
from mattebox.video.matte_prediction import MattePredictor
from mattebox.video.motion import choose_motion_estimator

DEFAULT_COHERENCE: CoherenceName = "auto"
FILE_COHERENCE: CoherenceName = "keys"  # of what "auto" stands for, where the network keeps no state
LIVE_COHERENCE: CoherenceName = "motion"


class CoarseCutter:
    """The part of cutting that needs the frames in their order: network, motion, scene cuts.

    Parameters
    ----------
    session : Session
        The network.
    votes : int
        Views that it averages; 0 for its card's number.
    coherence : {"auto", "keys", "motion", "frame", "recurrent"}
        How mattes are made to hold together; auto is a recurrent network's own way, else keys.
    motion : {"auto", "dis", "own"}
        How motion is estimated.
    segment_frames : int, optional
        Length of the segments that must not depend on what was reused before them.
    """

    def __init__(
        self,
        session: Session,
        *,
        votes: int = 0,
        coherence: CoherenceName = DEFAULT_COHERENCE,
        motion: str = "auto",
        segment_frames: int | None = None,
    ) -> None:
        self._predictor = MattePredictor(session, votes, reuse=True)
        self.coherence = choose_coherence(coherence, session, FILE_COHERENCE)
        if self.coherence == "recurrent" and (votes > 1 or segment_frames is not None):
            name, value = ("votes", votes) if votes > 1 else ("resume", True)
            raise UsageError(
                f"model {session.card.name} keeps a state from frame to frame",
                f"leave out {name_parameter(name, value)}, or choose {name_parameter('coherence', 'keys')}",
            )
        self._coherence = create_coherence(self.coherence, self._predictor, choose_motion_estimator(motion))
        self._segment_frames = segment_frames

    def push(self, picture: Picture, index: int, time: float) -> list[CoarseMatte]:
        """Take the next frame, and return those whose mattes are finished."""
        if self._segment_frames and 0 in (
            index % self._segment_frames,
            (index + MAX_LOOK_AHEAD) % self._segment_frames,
        ):
            self._predictor.forget()
        return self._coherence.push(self._predictor.describe(picture, index, time))

    def flush(self) -> list[CoarseMatte]:
        """The rest."""
        return self._coherence.flush()


class VideoCutter:
    """Cuts the subject out of the frames of a video, one after the other, in constant memory.

    Parameters
    ----------
    model : str
        The network, as for `cut`.
    coherence : {"auto", "motion", "keys", "frame", "recurrent"}
        How mattes are made to hold together in time: every frame by the network and averaged along the motion (two
        frames late), the network where it is needed and mattes carried between (up to twelve frames late, and faster),
        each frame by itself, or by a recurrent network's own state. auto is the last one's for such networks, else
        motion.
    edges : {"colour", "network", "auto", "none"}
        How the matte gets the frame's edges at full size, as for `cut`.
    colours : {"clean", "source"}
        The subject's own colours along soft edges, or the frame's.
    matte_only : bool
        Whether `picture` is the matte in grey.
    device, threads
        Where the network runs, as for `cut`.
    session : Session, optional
        An open network in place of `model`.

    Examples
    --------
        cutter = mb.VideoCutter()
        for number, frame in enumerate(frames):        # H x W x 3 arrays
            for cut in cutter.push(frame, number / 25):
                show(cut.time, cut.picture)
        for cut in cutter.flush():
            show(cut.time, cut.picture)
    """

    def __init__(
        self,
        *,
        model: str = Cut().model,
        coherence: CoherenceName = "auto",
        edges: str = Cut().edges,
        colours: str = Cut().colours,
        matte_only: bool = False,
        device: str = "auto",
        threads: int | None = None,
        session: Session | None = None,
    ) -> None:
        self._session = session or open_session(model, device, threads)
        self._step = Cut(model=model, edges=edges, colours=colours, output="matte" if matte_only else "cutout")  # type: ignore[arg-type]
        chosen = choose_coherence(coherence, self._session, LIVE_COHERENCE)
        self._coarse = CoarseCutter(self._session, coherence=chosen)
        self._count = 0

    def push(self, frame: Any, time: float) -> list[CutFrame]:
        """Take the next frame.

        Parameters
        ----------
        frame : Picture, Pillow image or NumPy array
            Of any size and bit depth; all of one size within a scene.
        time : float
            Seconds, handed back with the result.

        Returns
        -------
        list of CutFrame
            The frames that are finished: none at first, then one for each, two frames later (several at a time with
            `keys`).
        """
        picture = convert_frame(frame)
        finished = self._coarse.push(picture, self._count, time)
        self._count += 1
        return [self._cut(coarse) for coarse in finished]

    def flush(self) -> list[CutFrame]:
        """The frames that are still waiting; afterwards another video may begin."""
        finished = [self._cut(coarse) for coarse in self._coarse.flush()]
        self._count = 0
        return finished

    def _cut(self, coarse: CoarseMatte) -> CutFrame:
        return cut_frame(coarse, self._step, self._session.card.calibration)


def convert_frame(frame: Any) -> Picture:
    """A frame that a user brought (Picture, Pillow image or NumPy array) as a picture."""
    if isinstance(frame, Picture):
        return frame
    return Picture.from_pil(frame) if hasattr(frame, "getbands") else Picture.from_array(frame)
