"""The server below a path of a proxy, and headers as changed by proxies."""

import re
from urllib.parse import urljoin

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server.settings import Settings
from tests.support.reverse_proxy import proxying
from tests.support.serving import PATIENCE_S, Talker, serving
from voicelab.errors import InputError

MODULES = re.compile(r'from "\./([a-z_]+\.js)"')
REFERENCES = re.compile(r'(?:href|src)="([^"#]+)"')


@pytest.fixture(scope="module", params=[("", True), ("/lab", True), ("/lab", False)], ids=str)
def address(request, tmp_path_factory):
    """A server behind a proxy that strips the prefix or not, with and without ROOT_PATH."""
    root_path, strips = request.param
    with (
        serving(tmp_path_factory.mktemp("proxied"), root_path=root_path) as served,
        proxying(served.port, "/lab", strips=strips) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def http():
    with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
        yield client


def test_everything_that_a_page_names_is_there(address, http):
    pages = {f"{address}/app", f"{address}/docs"}
    seen = set()
    while pages - seen:
        page = (pages - seen).pop()
        answer = http.get(page, follow_redirects=True)
        assert answer.status_code == 200, page
        assert str(answer.url).startswith(f"{address}/")
        seen |= {page, str(answer.url)}
        found = REFERENCES.findall(answer.text) if "html" in answer.headers["content-type"] else ()
        pages |= {urljoin(str(answer.url), name) for name in (*found, *MODULES.findall(answer.text))}
    assert {f"{address}/app/{name}" for name in ("record", "runs", "assets/modules/wire.js")} <= seen


def test_no_module_has_an_address_from_the_root_of_the_host(address, http):
    for name in ("docs", "element", "microphone", "record", "runs", "talk", "wire"):
        source = http.get(f"{address}/app/assets/modules/{name}.js").text
        assert not re.findall(r"""["'`]/[a-z]""", source), name


def test_routes_and_the_description_work(address, http):
    assert http.get(f"{address}/").json()["status"] == "ok"
    assert http.head(f"{address}/health/live").status_code == 200
    assert http.get(f"{address}/app/api/runs").status_code == 200
    assert http.get(f"{address}/v1/models/x").json()["error"]["code"] == "model_not_found"
    assert http.get(f"{address}/v1/nothing").json()["error"]["code"] == "unknown_url"
    assert "/health/ready" in http.get(f"{address}/openapi.json").json()["paths"]


async def test_the_websocket_works(address):
    url = address.replace("http", "ws", 1) + "/ws/voice/simple"
    origin = address.removesuffix("/lab")
    async with connect(url, origin=origin, proxy=None) as socket:
        await Talker(socket).works_after_init()


async def test_a_wrong_websocket_path_names_the_right_one_below_the_prefix(address, http):
    prefix = "/lab" if http.get(f"{address}/openapi.json").json().get("servers") else ""
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{address.replace('http', 'ws', 1)}/ws", origin=address.removesuffix("/lab"), proxy=None)
    message = refused.value.response.body.decode()
    assert f"there is no WebSocket at {prefix}/ws; it is at {prefix}/ws/voice/simple " in message
    assert f"{prefix}/v1/realtime" in message
    plain = http.get(f"{address}/ws/voice/simple").json()["detail"]["message"]
    assert plain.startswith(f"{prefix}/ws/voice/simple is a WebSocket")


@pytest.mark.parametrize("prefix", ["/app", "/v1/x", "lab", "/a b", "/..", "/lab?x"])
def test_a_prefix_that_cannot_work_is_refused_at_start(prefix):
    with pytest.raises(InputError, match="ROOT_PATH"):
        Settings.read(root_path=prefix)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("plain"), allowed_hosts=("lab.example",)) as one:
        yield one


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        ("https://lab.example", {"Host": "lab.example", "X-Forwarded-Proto": "https, http"}),
        ("https://lab.example", {"Host": "lab.example", "X-Forwarded-Proto": "https"}),
        ("http://lab.example:8443", {"Host": "lab.example"}),
        ("https://lab.example:8443", {"Host": "lab.example", "X-Forwarded-Proto": "HTTPS , http"}),
        ("http://lab.example:8443", {"Host": "lab.example", "Sec-Fetch-Site": "same-origin"}),
    ],
)
async def test_the_servers_own_page_connects_through_a_proxy(served, origin, headers):
    with proxying(served.port, "", headers=headers) as address:
        async with connect(address.replace("http", "ws", 1) + "/ws/voice/simple", origin=origin, proxy=None) as socket:
            await Talker(socket).works_after_init()


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        ("http://lab.example", {"Host": "lab.example", "X-Forwarded-Proto": "https, http"}),
        ("http://evil.example", {"Host": "lab.example"}),
        ("http://lab.example.evil.org:80", {"Host": "lab.example"}),
        ("http://lab.example:9000", {"Host": "lab.example:8443"}),
        ("http://lab.example:9000", {"Host": "lab.example", "Sec-Fetch-Site": "same-site"}),
    ],
)
async def test_a_foreign_page_does_not(served, origin, headers):
    with proxying(served.port, "", headers=headers) as address, pytest.raises(InvalidStatus) as refused:
        await connect(address.replace("http", "ws", 1) + "/ws/voice/simple", origin=origin, proxy=None)
    assert refused.value.response.status_code == 403
