"""Attacks by what is sent: extreme values of fields, recipes, words, forms, clips, compressed texts, private addresses,
and everything at once for one job.
"""

from __future__ import annotations

import base64
import json
import random
import struct
import threading
import zlib
from urllib.parse import urlencode

from benchmarks.serving.attacks import AttackContext
from benchmarks.serving.hostile_files import encode, png_chunk, png_head

JPEG, JSON, FORM = (
    {"Content-Type": kind} for kind in ("image/jpeg", "application/json", "multipart/form-data; boundary=m")
)
PICTURE_PATHS = ("/v1/cutouts", "/v1/enhancements", "/v1/anonymisations", "/v1.0/removebg", "/v1/depths")
FIELDS = (
    "model", "size", "margin", "align", "background", "shadow", "outline", "feather", "edge_shift", "crop",
    "rotate", "upscale", "exposure", "contrast", "light", "bokeh", "label", "hide", "quality", "format",
    "max_bytes", "watermark_id", "pick", "keep", "drop", "region", "by", "tolerance", "holes", "votes",
    "preset", "preview", "since", "only",
)  # fmt: skip
VALUES = (
    "1e9", "-1e9", "1e308", "nan", "inf", "-inf", "0", "1e-300", "9" * 500, "1" + "0" * 400, "1000000x1000000", "0x0",
    "-1x-1", "100000%", "\0", "../../etc/passwd", "a" * 5_000, "1," * 3_000, "blur(1e9)", "gradient(" + "red," * 2_000,
    "50%,50%;" * 400, "rgb(1e9,1,1)", "(" * 3_000, "true", "[]", "{}", "\U0001f600" * 500, "\uff11\uff12", "1e6 1e6",
)  # fmt: skip
RECIPES = (
    "x = " + "[" * 9_000, "x = " + "9" * 9_000, '{"steps":' + "[" * 30, "a.b.c." * 2_000 + "d = 1",
    {"steps": [{"step": "cut"}] * 50}, {"steps": [{"step": "frame", "size": "1000000x1000000"}]}, {"steps": [None]},
    {"steps": [{"step": "background", "paint": "blur(1e9)"}]}, {"steps": [{"step": "cut", "model": "/etc/passwd"}]},
)  # fmt: skip
WORDS = (
    "very " * 399, "not " * 4_000, "left of " * 130, "xqz " * 120, "e\u0301" * 6_000, "\u202e" * 5_000, "9" * 15_000,
    "hintergrundunsch\u00e4rfenst\u00e4rkenregler " * 14, "crop " + "9" * 400 + "x1",
)  # fmt: skip
PRIVATE_HOSTS = (
    "127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]", "169.254.169.254", "0.0.0.0", "user@127.0.0.1", "127\u30020\u30020\u30021",
)  # fmt: skip
CLIP_HEADS = (
    b"GIF89a", b"FLV\1\5\0\0\0\x09", b"OggS", b"RIFF\xff\xff\xff\xffAVI LIST", b"\x1aE\xdf\xa3", b"\0\0\1\xba",
    struct.pack(">I4s4sII4s", 16, b"ftyp", b"isom", 0, 2**32 - 1, b"moov"), b"#EXTM3U\nfile:///etc/passwd\n",
)  # fmt: skip
FIELD_PART = b'--m\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n'
FORMS = (
    FIELD_PART * 10_000 + b"--m--",
    b"\r\n--" * 1_000_000,
    b"--m\r\n" * 300_000,
    b"--m\r\n" + b"A: b\r\n" * 500_000,
    FIELD_PART + FIELD_PART.replace(b"--m", b"--n") * 100 + b"--n--\r\n--m--",
    FIELD_PART.replace(b'"f"', b'"' + b"\\" * 7_000 + b'"') + b"--m--",
)
TEXT_CHUNKS = ((b"iCCP", b"x\0\0"), (b"zTXt", b"k\0\0"), (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0"))
TEXT_BYTES = 50_000_000


def send_extreme_value(context: AttackContext, rng: random.Random) -> None:
    query = urlencode({"empty": "keep", rng.choice(FIELDS): rng.choice(VALUES)})
    context.send("POST", f"{rng.choice(PICTURE_PATHS)}?{query}", encode(rng, "jpeg", 48), JPEG)


def send_odd_recipe(context: AttackContext, rng: random.Random) -> None:
    picture = base64.b64encode(encode(rng, "jpeg", 48)).decode()
    body = json.dumps({"recipe": rng.choice(RECIPES), "image_b64": picture}).encode()
    context.send("POST", rng.choice(("/v1/recipes:run", "/v1/cutouts", "/v1/recipes:build")), body, JSON)


def ask_in_odd_words(context: AttackContext, rng: random.Random) -> None:
    context.send("POST", "/v1/plans", json.dumps({"words": rng.choice(WORDS)}).encode(), JSON)


def send_odd_form(context: AttackContext, rng: random.Random) -> None:
    """A form of thousands of parts, of half boundaries, of headers without end, or a form within a form."""
    context.send("POST", "/v1/cutouts", rng.choice(FORMS), FORM)


def send_broken_clip(context: AttackContext, rng: random.Random) -> None:
    """A clip of random bytes; its job must end with a reason."""
    path = rng.choice(("/v1/videos", "/v1/video-enhancements"))
    content = rng.choice(CLIP_HEADS) + rng.randbytes(5_000)
    response = context.send("POST", path, content, {"Content-Type": "application/octet-stream"})
    if response is None or response.status != 202:
        return
    job = f"/v1/jobs/{json.loads(response.body)['id']}"
    while not context.stop.wait(1):
        answer = context.send("GET", job)
        status = json.loads(answer.body) if answer is not None and answer.status == 200 else {}
        if status.get("state") not in ("queued", "running"):
            if (status.get("error") or {}).get("code") == "internal":
                context.faults[f"{path} {content[:20]!r}: internal error"] += 1
            return


def send_compressed_texts(context: AttackContext, rng: random.Random) -> None:
    """A small PNG whose profile or text is of 50 MB, sometimes in a body that says to be compressed."""
    kind, start = rng.choice(TEXT_CHUNKS)
    bomb = png_chunk(kind, start + zlib.compress(bytes(TEXT_BYTES), 9))
    head, rest = png_head(64, 64), encode(rng, "png", 64)[33:]  # behind signature and header
    headers = {"Content-Type": "image/png"} | rng.choice(({}, {"Content-Encoding": "deflate"}))
    context.send("POST", f"{rng.choice(PICTURE_PATHS)}?empty=keep", head + bomb + rest, headers)


def fetch_private_address(context: AttackContext, rng: random.Random) -> None:
    """Addresses of this machine and network in many spellings, on the server's own port, which it may not reach."""
    url = f"http://{rng.choice(PRIVATE_HOSTS)}:{context.port}/livez"
    context.send("POST", "/v1/cutouts", json.dumps({"image_url": url}).encode(), JSON)
    path = f"/v1/cutouts?{urlencode({'empty': 'keep', 'hook_url': url})}"
    response = context.send("POST", path, encode(rng, "jpeg", 48), JPEG | {"Prefer": "respond-async"})
    if response is not None and response.status < 300:
        context.faults[f"the web hook {url} was taken"] += 1


def race_over_job(context: AttackContext, rng: random.Random) -> None:
    """Cancel, erase, follow and fetch a job, all at once."""
    headers = JPEG | {"Prefer": "respond-async", "Idempotency-Key": f"race-{rng.randrange(5)}"}
    response = context.send("POST", "/v1/cutouts?empty=keep", encode(rng, "jpeg", 100), headers)
    if response is None or response.status != 202:
        return
    job = f"/v1/jobs/{json.loads(response.body)['id']}"
    calls = [
        ("POST", f"{job}:cancel"),
        ("DELETE", job),
        ("GET", f"{job}/result"),
        ("GET", job),
        ("GET", f"{job}/events"),
    ]
    rng.shuffle(calls)
    threads = [threading.Thread(target=context.send, args=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
