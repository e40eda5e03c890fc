"""The page's routes: recorded sets, samples, runs, and access control."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server.web import recorded_set, set_files
from server.web.recorded_set import NotFoundError
from server.web.recordings import RecordingStore, prompts_of
from tests.support.serving import TONE, Served, serving
from voicelab import RunSpec, datasets, evaluate
from voicelab.audio import codecs
from voicelab.errors import InputError
from voicelab.paths import shipped

API = "/app/api/recordings"
SOUND = codecs.encode(TONE, "opus")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, recordings_dir=folder / "recordings", reports_dir=folder / "reports") as running:
        yield running


def begin(http: httpx.Client, name: str, *texts: str) -> None:
    assert http.post(API, json={"name": name, "texts": texts}).status_code == 201


def record(http: httpx.Client, name: str, sound: bytes = SOUND, **fields: str) -> httpx.Response:
    form = {"prompt_id": "prompt_001", "speaker": "s01", "consent": "true", **fields}
    return http.post(f"{API}/{name}/takes", files={"audio": sound}, data=form)


@pytest.mark.parametrize("path", ["/app/", "/app/record", "/app/runs", "/app/assets/modules/talk.js"])
def test_pages_load_nothing_from_elsewhere(http, path):
    answer = http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert "https://" not in answer.text
    assert "http://" not in answer.text


@pytest.mark.parametrize("path", ["/app/", "/app/record", "/app/runs", "/docs"])
def test_a_page_whose_path_ends_with_a_new_line_is_answered(http, path):
    """Regression: the path matches its route, but was looked up in a table that does not contain it."""
    assert http.get(f"{path}%0A").text == http.get(path).text


def test_every_file_of_the_page_is_in_the_package_and_served(http):
    web = Path(set_files.__file__).parent / "static"
    for file in web.rglob("*.*"):
        assert http.get(f"/app/assets/{file.relative_to(web)}").status_code == 200


def test_the_samples_of_the_set_are_listed_and_sent_as_they_are(http):
    listed = http.get("/app/api/samples").json()
    kept = datasets.load(shipped("voice_samples")).samples
    assert [row["id"] for row in listed] == [sample.id for sample in kept]
    assert http.get(f"/app/api/samples/{kept[0].id}/audio").content == kept[0].audio_bytes()
    assert http.get("/app/api/samples/..%2f..%2fREADME.md/audio").status_code == 404


def test_a_set_without_texts_asks_for_each_text_of_the_sample_set_once(http):
    prompts = http.post(API, json={"name": "shipped"}).json()["prompts"]
    texts = [prompt["text"] for prompt in prompts]
    wanted = {sample.text for sample in datasets.load(shipped("voice_samples")).samples if not sample.requires_context}
    assert len(texts) == len(set(texts))
    assert set(texts) == wanted


def test_an_accepted_take_is_a_sample_with_all_that_was_asked_for(http, served):
    http.post(API, json={"name": "whole"})
    asked = datasets.load(shipped("voice_samples")).samples[0]
    take = record(http, "whole", prompt_id=asked.id, device="desk microphone").json()
    assert take["heard"]
    assert take["report"]["wer"] is not None
    assert http.get(f"{API}/whole/takes/{take['id']}/audio").content.startswith(b"fLaC")
    name = http.post(f"{API}/whole/takes/{take['id']}/accept").json()["sample_id"]
    (sample,) = datasets.load(served.database.parent / "recordings" / "whole").samples
    assert (sample.id, sample.text, sample.speaker, sample.category) == (name, asked.text, "s01", asked.category)
    assert (sample.expected_entities, sample.expected_intent) == (asked.expected_entities, asked.expected_intent)
    assert sample.clip().duration_s == pytest.approx(TONE.duration_s, abs=0.03)
    assert not http.get(f"{API}/whole").json()["takes"]


def test_a_better_take_replaces_the_speaker_s_earlier_one_and_no_other(http, served):
    begin(http, "twice", "One text.")
    for speaker in ("s01", "s02", "s01"):
        take = record(http, "twice", speaker=speaker).json()["id"]
        assert http.post(f"{API}/twice/takes/{take}/accept").status_code == 200
    folder = served.database.parent / "recordings" / "twice"
    assert {sample.speaker for sample in datasets.load(folder).samples} == {"s01", "s02"}
    assert len(list((folder / "audio").iterdir())) == 2
    assert not list((folder / "takes").iterdir())


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", "", "A", "x" * 49, ".hidden", "a b", "a\u0000"])
def test_a_set_is_never_made_outside_the_folder(http, served, name):
    before = sorted(served.database.parent.rglob("*"))
    assert http.post(API, json={"name": name, "texts": ["One."]}).status_code == 422
    assert sorted(path for path in served.database.parent.rglob("*") if "sqlite" not in path.name) == [
        path for path in before if "sqlite" not in path.name
    ]


def test_what_cannot_be_kept_is_refused_with_the_reason(http):
    begin(http, "refused", "One text.")
    refusals = {
        "consent": record(http, "refused", consent="false"),
        "cannot be decoded": record(http, "refused", b"RIFF nothing of a sound"),
        "speaker": record(http, "refused", speaker="../s01"),
        "no prompt": record(http, "refused", prompt_id="../../x"),
        "no recorded set": record(http, "nowhere"),
        "already": http.post(API, json={"name": "refused", "texts": ["Again."]}),
        "at least one prompt": http.post(API, json={"name": "nothing", "texts": [" "]}),
        "no undecided take": http.post(f"{API}/refused/takes/..%2f..%2fprompts/accept"),
    }
    for reason, answer in refusals.items():
        assert answer.status_code in (404, 422), (reason, answer.text)
        assert answer.status_code == 404 or reason in answer.json()["detail"]["message"], answer.text
    assert not http.get(f"{API}/refused").json()["takes"]


def test_a_foreign_page_cannot_record(http):
    begin(http, "guarded", "One text.")
    foreign = {"Origin": "https://elsewhere.example"}
    assert http.post(API, json={"name": "theirs", "texts": ["x"]}, headers=foreign).status_code == 403
    form = {"prompt_id": "prompt_001", "speaker": "s01", "consent": "true"}
    answer = http.post(f"{API}/guarded/takes", files={"audio": SOUND}, data=form, headers=foreign)
    assert answer.status_code == 403
    assert not http.get(f"{API}/guarded").json()["takes"]


def test_recording_is_off_unless_a_folder_is_set(tmp_path):
    with serving(tmp_path) as off, httpx.Client(base_url=off.http) as http:
        assert http.get(API).json()["enabled"] is False
        answer = http.post(API, json={"name": "any", "texts": ["x"]})
        assert answer.status_code == 403
        assert "RECORDINGS_DIR" in answer.json()["detail"]["message"]


def test_a_kill_at_any_write_loses_no_sample_and_no_take(tmp_path, monkeypatch):
    """Each write of `accept` fails once, as if the process had ended there; accepting again creates the sample."""
    sets = RecordingStore(tmp_path)
    chosen = sets.create("set", prompts_of(["One text."]))
    first = chosen.keep(chosen.prompt("prompt_001"), "s01", "", TONE)
    chosen.accept(first)
    write, writes = set_files.write_file, []

    class KilledError(Exception):
        pass

    for fatal in range(1, 4):
        take = chosen.keep(chosen.prompt("prompt_001"), "s02", "", TONE)

        def failing(file, data, fatal=fatal):
            writes.append(file)
            if len(writes) == fatal:
                raise KilledError
            write(file, data)

        writes.clear()
        for module in (recorded_set, set_files):
            monkeypatch.setattr(module, "write_file", failing)
        if fatal <= 2:
            with pytest.raises(KilledError):
                chosen.accept(take)
        else:
            chosen.accept(take)
        for module in (recorded_set, set_files):
            monkeypatch.setattr(module, "write_file", write)
        assert "s01" in {sample.speaker for sample in datasets.load(tmp_path / "set").samples}
        for left in chosen.takes():
            chosen.accept(left)
        assert {sample.speaker for sample in datasets.load(tmp_path / "set").samples} == {"s01", "s02"}
        assert all(sample.clip() for sample in datasets.load(tmp_path / "set").samples)


def test_a_set_or_take_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(NotFoundError, match="no recorded set 'x'"):
        RecordingStore(tmp_path).get("x")
    with pytest.raises(InputError, match="at least one prompt"):
        RecordingStore(tmp_path).create("x", ())


def test_runs_are_listed_with_their_figures_and_reports(http, served):
    reports = served.database.parent / "reports"
    left, run = evaluate(
        RunSpec(samples=str(shipped("voice_samples")), target="in-process", asr="fake", tts="fake", limit=2), reports
    )
    from voicelab.report import page

    page.write(left)
    (reports / "torn").mkdir()
    (reports / "torn" / "run.json").write_text("{")
    rows = {row["run_id"]: row for row in http.get("/app/api/runs").json()}
    row = rows[run.run_id]
    summary = json.loads((left.path / "summary.json").read_text())
    figures = {figure["name"]: figure["value"] for figure in row["figures"]}
    assert row["status"] == "finished"
    assert figures["wer"] == summary["figures"]["wer"]["value"]
    facts = (row["sample_set"], row["condition"], row["target"], row["options"])
    assert facts == ("voice_samples", "", "in-process", "limit=2")
    assert rows["torn"]["status"] == "damaged"
    (point,) = http.get("/app/api/trends/wer").json()
    assert (point["run_id"], point["value"], point["verdict"]) == (run.run_id, figures["wer"], "not compared")
    unknown = http.get("/app/api/trends/nothing")
    assert (unknown.status_code, "unknown; known:" in unknown.json()["detail"]["message"]) == (404, True)
    assert "run.json" in rows["torn"]["problem"]
    report = http.get(f"/app/reports/{run.run_id}")
    assert report.text == (left.path / "report.html").read_text()
    assert report.headers["content-security-policy"].startswith("sandbox")
    for name in ("torn", "..%2f" + run.run_id, "nothing"):
        assert http.get(f"/app/reports/{name}").status_code == 404


def test_the_routes_description_loads_nothing_from_elsewhere(http):
    page = http.get("/docs")
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    scripts = [part.partition('"')[0] for part in page.text.split('src="')[1:]]
    assert scripts
    for address in [*scripts, "app/assets/swagger/swagger-ui.css"]:
        answer = http.get(f"/{address}")
        assert answer.status_code == 200, address
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert http.get("/redoc").status_code == 404


def test_a_report_that_is_a_link_out_of_its_folder_is_none(http, served):
    reports = served.database.parent / "reports"
    (reports / "linked").mkdir(parents=True)
    (reports / "linked" / "run.json").write_bytes(b"\xff")
    (served.database.parent / "private.html").write_text("private")
    (reports / "linked" / "report.html").symlink_to(served.database.parent / "private.html")
    assert http.get("/app/reports/linked").status_code == 404
    (row,) = [row for row in http.get("/app/api/runs").json() if row["run_id"] == "linked"]
    assert (row["status"], row["has_report"]) == ("damaged", False)
    assert str(reports) not in row["problem"]
