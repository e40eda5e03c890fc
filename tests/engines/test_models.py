"""Weights: downloaded on request by the hub's own package from a fake hub, verified, and found in the cache."""

import hashlib
import json
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.command_line import voicelab
from voicelab.engines.weights.cache import find, read_record, revision_of

COMMIT = "c0ffee" * 6 + "c0de"
FILES = {
    "config.yaml": b"model: SenseVoiceSmall\n", "configuration.json": b"{}", "model.pt": b"weights" * 600_000,
    "am.mvn": b"<Nnet>", "chn_jpn_yue_eng_ko_spectok.bpe.model": b"pieces", "README.md": b"not wanted",
}  # fmt: skip
DIGESTS = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
IDS = {"modelscope": "iic/SenseVoiceSmall", "huggingface": "FunAudioLLM/SenseVoiceSmall"}
HF, MS = IDS["huggingface"], f"/api/v1/models/{IDS['modelscope']}/repo"


class FakeHub:
    """The APIs of both hubs. spoilt: a file with wrong content; broken: one whose connection breaks once, halfway;
    sent: the files that were sent, with the first byte.
    """

    def __init__(self):
        self.spoilt = self.broken = None
        self.sent = []

    def listing(self, path, query):
        """The answer to a request for a list of files, or None."""
        if path in (f"/api/models/{HF}/revision/main", f"/api/models/{HF}/revision/{COMMIT}"):
            rows = [{"rfilename": name, "size": len(data)} for name, data in FILES.items()]
            for row in rows:
                if row["rfilename"] == "model.pt":
                    row["lfs"] = {"sha256": DIGESTS["model.pt"], "size": row["size"], "pointerSize": 1}
            return {"id": HF, "sha": COMMIT, "siblings": rows}
        if path == f"/api/models/{HF}/tree/{COMMIT}":
            return [{"type": "file", "path": name, "size": len(data), "oid": name} for name, data in FILES.items()]
        if path == f"{MS}/files" and query["Revision"] in ("master", "v1"):
            rows = [{"Path": name, "Size": len(data), "Sha256": DIGESTS[name], "Type": "blob"}
                    for name, data in FILES.items()]  # fmt: skip
            return {"Code": 200, "Data": {"Files": rows}}
        return None

    def file(self, path, query):
        """The name of a requested file, or None."""
        name = query.get("FilePath") if path == MS else path.removeprefix(f"/{HF}/resolve/{COMMIT}/")
        return name if name in FILES else None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: FakeHub

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if (listing := self.hub.listing(parts.path, query)) is not None:
            self.answer(200, json.dumps(listing).encode())
        elif (name := self.hub.file(parts.path, query)) is None:
            self.answer(404, b"{}")
        else:
            self.send_file(name)

    def send_file(self, name):
        data = FILES[name][:-1] + b"?" if name == self.hub.spoilt else FILES[name]
        asked = self.headers.get("Range")
        first = int((asked or "bytes=0-").removeprefix("bytes=").partition("-")[0])
        headers = {"ETag": f'"{DIGESTS[name]}"', "X-Repo-Commit": COMMIT}
        if asked:
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        if self.command == "GET":
            self.hub.sent.append((name, first))
        breaks = self.command == "GET" and name == self.hub.broken
        self.answer(206 if asked else 200, data[first:], headers, breaks=breaks)

    def answer(self, status, body, headers=(), *, breaks=False):
        self.send_response(status)
        for key, value in {**dict(headers), "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[: len(body) // 2] if breaks else body)
        if breaks:
            self.hub.broken = None
            self.close_connection = True

    def log_message(self, *_):
        pass


@contextmanager
def running(hub):
    handler = type("HubHandler", (Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def hub(tmp_path, monkeypatch):
    for name, folder in (("MODELSCOPE_CACHE", "ms"), ("MODELSCOPE_HOME", "ms-home"), ("HF_HOME", "hf")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setattr("modelscope_hub._download.DOWNLOAD_INTEGRITY_RETRY_BACKOFF", 0.0)
    monkeypatch.setattr("modelscope_hub._download._DownloadControl.sleep", lambda *_: None)
    return FakeHub()


def models(*arguments):
    return voicelab("models", *arguments)


def said(done):
    return " ".join(done.output.split())


@pytest.mark.parametrize(
    ("source", "revision", "commit"), [("modelscope", "master", None), ("huggingface", "main", COMMIT)]
)
def test_a_model_is_pulled_checked_and_found_again(hub, source, revision, commit):
    identity = IDS[source]
    assert models("path", "sensevoice").exit_code == 2
    with running(hub) as address:
        done = models("pull", "sensevoice", "--source", source, "--mirror", address)
        assert done.exit_code == 0, done.output
        assert {name for name, _ in hub.sent} == {*FILES} - {"README.md"}
        hub.sent.clear()
        assert models("pull", "sensevoice", "--source", source, "--mirror", address).exit_code == 0
        assert hub.sent == [], "what is here and right is not fetched again"
    folder = find(identity)
    assert folder is not None
    assert models("path", "sensevoice").output.replace("\n", "") == str(folder)
    assert {path.name for path in folder.iterdir()} == {*FILES, ".voicelab-model.json"} - {"README.md"}
    assert (folder / "model.pt").read_bytes() == FILES["model.pt"]
    record = read_record(folder)
    assert (record["hub"], record["revision"], record["commit"]) == (source, revision, commit)
    digest = f"master sha256:{DIGESTS['model.pt'][:16]}"
    assert revision_of(folder) == f"{identity} {commit or digest}", "a branch may move, a commit does not"
    assert "sensevoice" in models("list").output
    assert find(identity, revision) == folder
    assert find(identity, "v9") is None
    (folder / "model.pt").write_bytes(b"other weights")
    assert DIGESTS["model.pt"][:16] not in revision_of(folder)
    assert "sha256:" in revision_of(folder), "changed weights no longer pass for what was pulled"


@pytest.mark.parametrize("source", IDS)
def test_what_arrives_wrong_is_not_kept(hub, source):
    hub.spoilt = "model.pt"
    with running(hub) as address:
        done = models("pull", "sensevoice", "--source", source, "--mirror", address)
        assert done.exit_code == 1
        assert "model.pt: " in said(done)
        assert find(IDS[source]) is None
        hub.spoilt = None
        assert models("pull", "sensevoice", "--source", source, "--mirror", address).exit_code == 0
    assert (find(IDS[source]) / "model.pt").read_bytes() == FILES["model.pt"]


@pytest.mark.parametrize("source", IDS)
def test_a_connection_that_broke_is_tried_again(hub, source):
    hub.broken = "model.pt"
    with running(hub) as address:
        done = models("pull", "sensevoice", "--source", source, "--mirror", address)
        assert done.exit_code == 0, done.output
    assert [name for name, _ in hub.sent].count("model.pt") == 2
    assert (find(IDS[source]) / "model.pt").read_bytes() == FILES["model.pt"]


@pytest.mark.parametrize("source", IDS)
def test_faults_are_one_sentence(hub, source):
    with running(hub) as address:
        done = models("pull", "sensevoice", "--source", source, "--mirror", address, "--revision", "v7")
        assert done.exit_code == 2
        assert f"has no {IDS[source]} at this revision" in said(done)


def test_an_address_that_cannot_be_reached_is_named(hub):
    gone = models("pull", "sensevoice", "--source", "huggingface", "--mirror", "http://127.0.0.1:9")
    assert gone.exit_code == 1
    assert "try another --source or --mirror (http://127.0.0.1:9)" in said(gone)


def test_a_tag_is_found_by_its_name(hub):
    with running(hub) as address:
        tagged = models("pull", "sensevoice", "--mirror", address, "--revision", "v1")
    assert tagged.exit_code == 0, tagged.output
    assert find(IDS["modelscope"], "v1") is not None


def test_unknown_names_are_refused():
    unknown = models("pull", "nothing")
    assert unknown.exit_code == 2
    assert "known: sensevoice" in said(unknown)
    assert "modelscope does not have this model" in models("pull", "whisper-tiny.en", "--source", "modelscope").output


def test_a_missing_package_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "modelscope_hub", None)
    done = models("pull", "sensevoice")
    assert done.exit_code == 2
    assert "pip install 'voicelab[weights]'" in said(done)
