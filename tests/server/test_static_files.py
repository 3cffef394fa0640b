"""Files of the page: content security policy, ETags, and nothing else from the folder."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from mattebox.models.cards.registry import find_card
from mattebox.models.runtime.onnx_runtime import kernel_session
from mattebox.server.page_files.bundle import bundle_modules
from mattebox.server.page_files.listing import list_page_files
from mattebox.server.page_files.network import KERNELS, NetworkFiles
from mattebox.server.routes import static_files


def page_path(client: TestClient, name: str) -> str:
    """The path of a file of the page, which changes with what the page consists of."""
    found = re.search(r'"(page/\w+/)app\.js"', client.get("/").text)
    assert found
    return f"/{found[1]}{name}"


def test_the_page_has_a_policy_and_no_foreign_content(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "media-src blob:;" in page.headers["content-security-policy"]  # clips of the visitor's own, and no others
    for name in ("app.js", "clips.js", "cutout_worker.js", "lens_worker.js", "style.css", "clips.css", "icon.svg"):
        answer = client.get(page_path(client, name))
        assert answer.status_code == 200
        assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in answer.text
    for path in ("/page/../settings.py", "/page/%2e%2e/settings.py", "/page/app.py"):
        assert client.get(path).status_code == 404


def test_files_are_not_sent_again_to_clients_that_have_them(client: TestClient) -> None:
    first, script = client.get("/"), client.get(page_path(client, "app.js"))
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    assert "immutable" in script.headers["cache-control"]
    assert tag != script.headers["etag"]
    for known in (tag, f'"other", W/{tag}'):
        again = client.get("/", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "content-security-policy" in again.headers
    assert client.get("/", headers={"If-None-Match": '"other"'}).content == first.content


def test_modules_are_bundled_each_after_those_that_it_imports() -> None:
    sources = {
        "a.js": 'import { c as d } from "./b.js";\nimport * as all from "./c.js";\nexport const a = d + all.e;\n',
        "b.js": 'import { e } from "./c.js";\nexport function c() { return e; }\nexport async function f() {}\n',
        "c.js": "export const e = 1;\nconst hidden = 2;\n",
        "d.js": "export const unused = 1;\n",
    }
    bundle = bundle_modules("a.js", sources)
    assert re.findall(r'^modules\["(\w+\.js)"\] = ', bundle, re.M) == ["c.js", "b.js", "a.js"]
    assert 'const { c: d } = modules["b.js"];\nconst all = modules["c.js"];\nconst a = d + all.e;' in bundle
    assert "return { c, f };" in bundle
    later = bundle_modules(
        "f.js", sources | {"f.js": 'import { e } from "./c.js";\nexport const f = e;\n'}, base="a.js"
    )
    assert later.startswith(
        'import { modules } from "./a.js";\nmodules["f.js"] = '
    )  # what it shares is not in it again
    for source, problem in (
        ('import { e } from "./a.js";\n', "modules import each other: a.js -> b.js -> c.js -> a.js"),
        ("export let e = 1;\n", "c.js cannot be bundled: export let e = 1;"),
        ('import e from "./d.js";\n', "c.js cannot be bundled"),
        ("export const d = 1, e = 2;\n", "b.js imports e, which c.js does not export"),
    ):
        with pytest.raises(ValueError, match=re.escape(problem)):
            bundle_modules("a.js", sources | {"c.js": source})


def test_the_network_is_sent_compressed_and_asked_for_once() -> None:
    files = NetworkFiles(
        find_card("fast"), b"weights", {"ort.wasm.bundle.min.mjs": gzip.compress(b"export {};")}, {"decide": b"kernel"}
    )
    paths = list_page_files(files, has_server=True)
    folder = f"page/network-{files.digest}"
    runtime = paths[f"{folder}/ort.wasm.bundle.min.mjs"]
    assert (runtime.media_type, runtime.is_permanent) == ("text/javascript", True)
    assert paths[f"{folder}/weights.onnx"].content == b"weights"
    app = FastAPI()
    app.add_api_route("/runtime", static_files._file_endpoint(runtime))
    client = TestClient(app)
    for encodings, encoding in (("gzip, br", "gzip"), ("identity", None)):
        answer = client.get("/runtime", headers={"Accept-Encoding": encodings})
        assert answer.headers.get("content-encoding") == encoding
        assert answer.text == "export {};"
        assert "immutable" in answer.headers["cache-control"]


def test_what_is_kept_for_offline_use_is_what_there_is(client: TestClient) -> None:
    source = client.get("/sw.js").text
    changing, permanent = (
        json.loads(re.search(rf"^const {name} = (.*);$", source, re.M)[1])  # type: ignore[index]
        for name in ("CHANGING", "PERMANENT")
    )
    assert changing == ["./", "mattebox.webmanifest"]
    assert {page_path(client, name)[1:] for name in ("app.js", "lens_worker.js", "style.css")} <= set(permanent)
    for path in (*changing, *permanent):
        assert client.get(f"/{path.removeprefix('./')}").status_code == 200, path
    manifest = client.get("/mattebox.webmanifest").json()
    assert all(client.get(f"/{icon['src']}").status_code == 200 for icon in manifest["icons"])


def test_the_page_is_isolated_from_other_origins(client: TestClient) -> None:
    for path in ("/", page_path(client, "cutout_worker.js")):
        headers = client.get(path).headers
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-embedder-policy"] == "require-corp"
        assert "'unsafe-eval'" not in headers["content-security-policy"]


def test_the_page_calls_the_pixel_kernels_as_they_are() -> None:
    """Who changes a kernel's inputs changes page/colour_refinement.js, too."""
    ranks = {name: {i.name: len(i.shape) for i in kernel_session(name, 1).get_inputs()} for name in KERNELS}
    assert ranks == {
        "decide": {"tile": 4, "prior": 3, "patch": 4},
        "fuse": {"guide": 4, "alpha": 4},
        "robust_models": {"guide": 4, "alpha": 4, "power": 1},
        "robust_models_half": {"guide": 4, "alpha": 4, "power": 1},
        "unmix": {"tile": 4, "alpha": 3, "patch": 4},
    }
