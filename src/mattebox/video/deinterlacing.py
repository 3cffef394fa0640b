"""Deinterlacing by FFmpeg's bwdif (BBC R&D's w3fdif and yadif): one frame for each, with its own time stamp."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.filter

FILTER_OPTIONS = "mode=send_frame:parity=auto:deint=all"


class Deinterlacer:
    """Takes interlaced frames and returns progressive ones, one frame later."""

    def __init__(self) -> None:
        self._graph: Any = None
        self._time_base = Fraction(1)

    def push(self, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """Take a frame; the frames that are finished."""
        if self._graph is None:
            self._graph, self._time_base = _build_graph(frame), frame.time_base or Fraction(1)
        self._graph.push(frame)
        yield from self._pull()

    def flush(self) -> Iterator[av.VideoFrame]:
        """The rest."""
        if self._graph is not None:
            self._graph.push(None)
            yield from self._pull()
            self._graph = None

    def _pull(self) -> Iterator[av.VideoFrame]:
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            if frame.pts is not None:  # the filter counts time in halves
                frame.pts = round(frame.pts * frame.time_base / self._time_base)
                frame.time_base = self._time_base
            yield frame


def _build_graph(frame: av.VideoFrame) -> Any:
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    deinterlacer = graph.add("bwdif", FILTER_OPTIONS)
    sink = graph.add("buffersink")
    source.link_to(deinterlacer)
    deinterlacer.link_to(sink)
    graph.configure()
    return graph
