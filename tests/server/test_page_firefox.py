"""The page in Firefox: a photograph is cut out on the device and seen through a lens."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattebox.server.page_files.static_site import write_site
from tests.server.firefox_visit import FIREFOX, start_firefox
from tests.server.page_network import needs_network
from tests.server.test_page_device import serve_folder

pytestmark = [
    pytest.mark.skipif(FIREFOX is None, reason="no Firefox on this machine: apt install firefox-esr"),
    *needs_network[1:],
    pytest.mark.timeout(600),
]
COLLECT_ERRORS = """window.errors = [];
addEventListener("error", (event) => errors.push(event.message));
addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));"""
CHOOSE_LENS = """const lens = document.querySelector("[name=paint][value=lens]");
lens.checked = true;
lens.dispatchEvent(new Event("input", { bubbles: true }));"""
LENS_IS_SHOWN = """!document.querySelector("#composed").hidden
  && !document.querySelector("#frame").hasAttribute("data-blurring")"""
DETAIL = """const { data, width } = document.querySelector("#composed").getContext("2d").getImageData(0, 0, 600, 100);
let sum = 0;
for (let at = 4; at < data.length; at += 4) sum += Math.abs(data[at] - data[at - 4]);
return [sum, width];"""


def test_the_page_in_firefox(tmp_path: Path) -> None:
    site, profile = tmp_path / "site", tmp_path / "profile"
    profile.mkdir()
    write_site(site, overwrite=False)
    with serve_folder(site) as host, start_firefox(profile) as visit:
        visit.open(f"{host}/")
        visit.run(COLLECT_ERRORS)
        visit.run("document.querySelector('[data-sample=mug]').click()")
        state = visit.wait_for("document.querySelector('[data-status=done], [data-status=failed]')?.dataset.status")
        assert state == "done"
        assert visit.run("return document.querySelector('#status').textContent").startswith("1200 × 900 pixels")
        visit.run(CHOOSE_LENS)
        visit.wait_for(LENS_IS_SHOWN)
        total, width = visit.run(DETAIL)
        assert (total > 0, width) == (True, 600)
        assert visit.run("return window.errors") == []
