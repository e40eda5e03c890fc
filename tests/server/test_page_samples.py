"""The page plays the recording of the named sample, for any sample id."""

import json
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from server.http.api import services_of
from server.pools import open_pools
from server.web.samples import router, sample_set
from tests.support.recordings import write_recording
from voicelab.datasets import load


@pytest.mark.parametrize("name", ["a/b", "a.b", "名前", "what?", "x" * 300])
def test_a_recording_is_found_by_any_id_and_cut_to_its_segment(tmp_path, name):
    write_recording(tmp_path / "a.wav", 1.0)
    rows = [{"id": "other", "audio_filepath": "a.wav", "text": "no"}]
    rows.append({"id": name, "audio_filepath": "a.wav", "text": "yes", "offset": 0.5, "duration": 0.25})
    (tmp_path / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = load(tmp_path / "m.jsonl")
    app = FastAPI()
    app.include_router(router)
    app.dependency_overrides[sample_set] = lambda: found
    with open_pools(threads=1, queue=1) as pools:
        app.dependency_overrides[services_of] = lambda: SimpleNamespace(pools=pools)
        answer = TestClient(app).get(f"/app/api/samples/{quote(name, safe='')}/audio")
    assert answer.status_code == 200
    assert answer.content == found.sample(name).audio_bytes()
    assert found.sample(name).clip().duration_s == 0.25
