"""The public names, pinned: adding one is a decision, removing one breaks users."""

import mattebox


def test_public_names() -> None:
    assert mattebox.__all__ == [
        "Client", "DepthMap", "Matte", "MatteboxError", "NoSubject", "Picture", "Recipe", "Session", "VideoAnonymiser",
        "VideoCutter",
        "analyse", "anonymise", "anonymise_video", "check", "cut", "cut_many", "cut_video", "depth", "enhance",
        "enhance_video", "find", "find_faces", "foreground", "plan", "read", "refine", "rotoscope_video", "run", "say",
        "segment", "steps", "upscale", "verify", "write",
    ]  # fmt: skip
    for name in mattebox.__all__:
        assert getattr(mattebox, name).__doc__, name
    assert mattebox.__version__
    assert set(dir(mattebox)) == {*mattebox.__all__, "__version__"}
