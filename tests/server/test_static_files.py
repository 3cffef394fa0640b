"""Files of the page: content security policy, ETags, and nothing else from the folder."""

from fastapi.testclient import TestClient


def test_the_page_has_a_policy_and_no_foreign_content(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for name in ("app.js", "style.css", "strings.js", "zip.js", "icon.svg"):
        answer = client.get(f"/page/{name}")
        assert answer.status_code == 200
        assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in answer.text
    for path in ("/page/../settings.py", "/page/%2e%2e/settings.py", "/page/app.py"):
        assert client.get(path).status_code == 404


def test_files_are_not_sent_again_to_clients_that_have_them(client: TestClient) -> None:
    first = client.get("/page/app.js")
    tag = first.headers["etag"]
    assert tag != client.get("/page/style.css").headers["etag"]
    for known in (tag, f'"other", W/{tag}'):
        again = client.get("/page/app.js", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "content-security-policy" in again.headers
    assert client.get("/page/app.js", headers={"If-None-Match": '"other"'}).content == first.content
