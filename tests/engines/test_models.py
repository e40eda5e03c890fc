"""Weights: fetched when asked for, from a hub that speaks the real HTTP, checked, and found again."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from voicelab.cli.main import app
from voicelab.engines.weights.cache import find, read_record, revision_of

COMMIT = "c0ffee" * 6 + "c0de"
MS_COMMIT = "5ea5e11" * 5 + "5ea5e"
FILES = {
    "config.yaml": b"model: SenseVoiceSmall\n", "configuration.json": b"{}", "model.pt": b"weights" * 600_000,
    "am.mvn": b"<Nnet>", "chn_jpn_yue_eng_ko_spectok.bpe.model": b"pieces", "README.md": b"not wanted",
}  # fmt: skip


class FakeHub:
    """Both hubs' interfaces; `spoilt` names a file that comes out wrong, `broken` one whose connection breaks in the
    middle; `tells` is whether ModelScope says which commit a name stands for.
    """

    def __init__(self):
        self.asked = []
        self.spoilt = self.broken = None
        self.tells = True
        self.ranges = []

    def answer(self, url):
        parts = urlsplit(url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.asked.append(url)
        hf, ms = "FunAudioLLM/SenseVoiceSmall", "/api/v1/models/iic/SenseVoiceSmall/repo"
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
        if parts.path in (f"/api/models/{hf}/revision/main", f"/api/models/{hf}/revision/{COMMIT}"):
            large = {"model.pt": {"sha256": digests["model.pt"]}}
            rows = [{"rfilename": name, "size": len(data), "lfs": large.get(name)} for name, data in FILES.items()]
            return json.dumps({"sha": COMMIT, "siblings": rows}).encode()
        if parts.path == f"{ms}/files" and query["Revision"] in ("master", "v1"):
            rows = [{"Path": name, "Size": len(data), "Sha256": digests[name], "Type": "blob"}
                    for name, data in FILES.items()]  # fmt: skip
            newest = {"Id": MS_COMMIT if self.tells else "", "ShortId": MS_COMMIT[:8] if self.tells else ""}
            return json.dumps({"Code": 200, "Data": {"Files": rows, "LatestCommitter": newest}}).encode()
        name = query["FilePath"] if parts.path == ms else parts.path.removeprefix(f"/{hf}/resolve/{COMMIT}/")
        data = FILES.get(name)
        return data and (data[:-1] + b"?" if name == self.spoilt else data)


@contextmanager
def running(hub):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = hub.answer(self.path)
            first = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
            if first:
                hub.ranges.append(first)
            self.send_response(404 if body is None else 206 if first else 200)
            body = (body or b"")[first:]
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            breaks = hub.broken and hub.broken in self.path
            self.wfile.write(body[: len(body) // 2] if breaks else body)
            self.close_connection = True

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "ms"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    made = FakeHub()
    made.cache = tmp_path
    return made


def models(*arguments):
    return CliRunner().invoke(app, ["models", *arguments])


@pytest.mark.parametrize(
    ("source", "identity", "revision"),
    [("modelscope", "iic/SenseVoiceSmall", "master"), ("huggingface", "FunAudioLLM/SenseVoiceSmall", "main")],
)
def test_a_model_is_pulled_checked_and_found_again(hub, source, identity, revision):
    commit = {"modelscope": MS_COMMIT, "huggingface": COMMIT}[source]
    assert models("path", "sensevoice").exit_code == 2
    with running(hub) as address:
        done = models("pull", "sensevoice", "--source", source, "--mirror", address)
        assert done.exit_code == 0, done.output
        first = len(hub.asked)
        assert models("pull", "sensevoice", "--source", source, "--mirror", address).exit_code == 0
        assert len(hub.asked) == first + 1, "what is here and right is not fetched again"
    folder = find(identity)
    assert folder is not None
    assert models("path", "sensevoice").output.replace("\n", "") == str(folder)
    assert {path.name for path in folder.iterdir()} == {*FILES, ".voicelab-model.json"} - {"README.md"}
    assert (folder / "model.pt").read_bytes() == FILES["model.pt"]
    assert read_record(folder)["hub"] == source
    assert (read_record(folder)["revision"], read_record(folder)["commit"]) == (revision, commit)
    assert revision_of(folder) == f"{identity} {commit}", "a branch may move, a commit does not"
    assert "sensevoice" in models("list").output
    assert find(identity, revision) == folder
    assert find(identity, "v9") is None
    (folder / "model.pt").write_bytes(b"other weights")
    assert "sha256:" in revision_of(folder), "changed weights no longer pass for what was pulled"


def test_what_does_not_arrive_whole_is_not_kept(hub):
    hub.spoilt = "model.pt"
    with running(hub) as address:
        done = models("pull", "sensevoice", "--mirror", address)
    assert done.exit_code == 1
    assert "model.pt: the sha256 differs from the hub's listing" in " ".join(done.output.split())
    assert find("iic/SenseVoiceSmall") is None


def test_where_the_hub_tells_no_commit_a_digest_stands_for_it(hub):
    hub.tells = False
    with running(hub) as address:
        assert models("pull", "sensevoice", "--mirror", address).exit_code == 0
    digest = hashlib.sha256(FILES["model.pt"]).hexdigest()
    assert revision_of(find("iic/SenseVoiceSmall")) == f"iic/SenseVoiceSmall master sha256:{digest[:16]}"


def test_a_pull_that_broke_off_goes_on_where_it_was(hub):
    hub.broken = "model.pt"
    with running(hub) as address:
        first = models("pull", "sensevoice", "--mirror", address)
        assert first.exit_code == 1, first.output
        assert find("iic/SenseVoiceSmall") is None
        hub.broken = None
        done = models("pull", "sensevoice", "--mirror", address)
        assert done.exit_code == 0, done.output
    assert hub.ranges == [2 << 20], "half of it came; it is kept in blocks of a megabyte"
    folder = find("iic/SenseVoiceSmall")
    assert (folder / "model.pt").read_bytes() == FILES["model.pt"]
    assert not list(folder.glob("*.part"))


def test_a_first_half_of_something_else_is_not_kept(hub):
    hub.broken = "model.pt"
    with running(hub) as address:
        models("pull", "sensevoice", "--mirror", address)
        hub.broken = None
        part = next(hub.cache.rglob("model.pt.part"))
        part.write_bytes(b"?" * part.stat().st_size)
        done = models("pull", "sensevoice", "--mirror", address)
        assert done.exit_code == 1
        assert "sha256 differs" in " ".join(done.output.split())
        assert models("pull", "sensevoice", "--mirror", address).exit_code == 0


def test_faults_are_one_sentence(hub):
    with running(hub) as address:
        done = models("pull", "sensevoice", "--mirror", address, "--revision", "v7")
        assert done.exit_code == 2
        assert "has no iic/SenseVoiceSmall at this revision" in " ".join(done.output.split())
        tagged = models("pull", "sensevoice", "--mirror", address, "--revision", "v1")
        assert tagged.exit_code == 0, tagged.output
        assert find("iic/SenseVoiceSmall", "v1") is not None
    gone = models("pull", "sensevoice", "--mirror", address)
    assert gone.exit_code == 1
    assert "cannot be reached" in " ".join(gone.output.split())
    unknown = models("pull", "nothing")
    assert unknown.exit_code == 2
    assert "known: sensevoice" in " ".join(unknown.output.split())
    assert "modelscope does not have this model" in models("pull", "whisper-tiny.en", "--source", "modelscope").output
