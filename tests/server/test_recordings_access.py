"""Recorded sets: ownership, stored files, and concurrent changes."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import httpx
import pytest

from server.settings import Settings
from server.web.recorded_set import FullError, NotFoundError
from server.web.recordings import RecordingStore, prompts_of
from server.web.set_files import used_bytes
from tests.support.serving import TONE, Served, children_of, serving, spawned, until
from voicelab import datasets
from voicelab.audio import codecs
from voicelab.audio.clip import Clip
from voicelab.errors import InputError

API = "/app/api/recordings"
ADA, EVE = "adas-token-0123456789", "eves-token-0123456789"
SOUND = codecs.encode(TONE, "flac")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("guarded")
    tokens = json.dumps({ADA: "ada", EVE: "eve"})
    limits = {"max_user_sets": 3, "max_set_prompts": 40, "max_set_prompt_bytes": 1000, "max_set_takes": 30}
    with serving(folder, auth_tokens=tokens, recordings_dir=folder / "recordings", **limits) as running:
        yield running


def signed_in(served: Served, token: str) -> httpx.Client:
    return httpx.Client(base_url=served.http, headers={"Authorization": f"Bearer {token}"}, timeout=60)


def begin(http: httpx.Client, name: str, *texts: str) -> httpx.Response:
    return http.post(API, json={"name": name, "texts": list(texts)})


def record(http: httpx.Client, name: str, prompt: str = "prompt_001") -> httpx.Response:
    form = {"prompt_id": prompt, "speaker": "s01", "consent": "true"}
    return http.post(f"{API}/{name}/takes", files={"audio": SOUND}, data=form)


def test_sets_and_takes_belong_to_whoever_began_the_set(guarded: Served) -> None:
    with signed_in(guarded, ADA) as ada, signed_in(guarded, EVE) as eve:
        assert begin(ada, "adas", "One text.").status_code == 201
        take = record(ada, "adas").json()["id"]
        url = f"{API}/adas"
        for method, path in (
            ("GET", url),
            ("POST", f"{url}/takes/{take}/accept"),
            ("GET", f"{url}/takes/{take}/audio"),
            ("DELETE", f"{url}/takes/{take}"),
        ):
            assert eve.request(method, path).status_code == 404, (method, path)
        assert record(eve, "adas").status_code == 404
        assert "adas" not in eve.get(API).json()["sets"]
        assert begin(eve, "adas", "Hers.").status_code == 422
        assert ada.get(API).json()["sets"] == ["adas"]
        assert ada.get(f"{url}/takes/{take}/audio").content.startswith(b"fLaC")
        assert ada.post(f"{url}/takes/{take}/accept").status_code == 200


def test_a_set_from_before_there_were_tokens_is_nobody_s(guarded: Served) -> None:
    RecordingStore(guarded.database.parent / "recordings").create("ownerless", prompts_of(["One text."]))
    with signed_in(guarded, ADA) as ada:
        assert "ownerless" not in ada.get(API).json()["sets"]
        assert ada.get(f"{API}/ownerless").status_code == 404


def test_the_limits_name_their_settings(guarded: Served) -> None:
    with signed_in(guarded, EVE) as eve:
        many = begin(eve, "many", *(f"text {number}" for number in range(41)))
        long = begin(eve, "long", "x" * 1001)
        longer = eve.post(API, json={"name": "longer", "texts": ["x" * 2001]})
        countless = eve.post(API, json={"name": "countless", "texts": ["x"] * 10_001})
        assert [answer.status_code for answer in (many, long, longer, countless)] == [422] * 4
        assert "MAX_SET_PROMPTS" in many.text
        assert "MAX_SET_PROMPT_BYTES" in long.text
        for name in ("a", "b", "c"):
            assert begin(eve, name, "One text.").status_code == 201
        full = begin(eve, "d", "One text.")
        assert (full.status_code, "MAX_USER_SETS" in full.text) == (507, True)


@pytest.mark.parametrize("body", [b'{"name":"half","texts":["\\ud800"]}', b'{"name":"\\udfff","texts":["x"]}'])
def test_half_a_surrogate_pair_is_refused(guarded: Served, body: bytes) -> None:
    with signed_in(guarded, EVE) as eve:
        answer = eve.post(API, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        assert isinstance(answer.json()["detail"], list)


def test_all_that_is_accepted_at_once_is_in_the_set(tmp_path: Path) -> None:
    """By threads of one process."""
    chosen = RecordingStore(tmp_path).create("race", prompts_of([f"text {number}" for number in range(24)]))
    takes = [chosen.keep(prompt, "s01", "", TONE) for prompt in chosen.prompts()]
    with ThreadPoolExecutor(24) as pool:
        accepted = list(pool.map(chosen.accept, takes))
    assert sorted(row["id"] for row in chosen.accepted()) == sorted(accepted)
    assert len(datasets.load(tmp_path / "race").samples) == 24
    assert not chosen.takes()


def test_two_processes_do_not_lose_each_other_s_samples(tmp_path: Path) -> None:
    chosen = RecordingStore(tmp_path).create("race", prompts_of([f"text {number}" for number in range(16)]))
    for prompt in chosen.prompts():
        chosen.keep(prompt, "s01", "", TONE)
    context = get_context("spawn")
    ids = [take.id for take in chosen.takes()]
    both = [context.Process(target=_accept_ids, args=(tmp_path, ids[which::2])) for which in (0, 1)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert len(chosen.accepted()) == 16


def _accept_ids(folder: Path, ids: list[str]) -> None:
    chosen = RecordingStore(folder).get("race")
    for take_id in ids:
        chosen.accept(chosen.take(take_id))


def test_one_take_accepted_at_once_is_one_sample(tmp_path: Path) -> None:
    chosen = RecordingStore(tmp_path).create("once", prompts_of(["One text."]))
    take = chosen.keep(chosen.prompt("prompt_001"), "s01", "", TONE)

    def accept(_: int) -> str:
        try:
            return chosen.accept(take)
        except NotFoundError:
            return "gone"

    with ThreadPoolExecutor(8) as pool:
        found = Counter(pool.map(accept, range(8)))
    assert found == {"prompt_001_s01": 1, "gone": 7}


def test_a_take_that_was_deleted_while_it_was_heard_stays_deleted(tmp_path: Path) -> None:
    chosen = RecordingStore(tmp_path).create("set", prompts_of(["One text."]))
    take = chosen.keep(chosen.prompt("prompt_001"), "s01", "", TONE)
    chosen.discard(take.id)
    assert chosen.store_checks(take, heard="x", report={}) is None
    assert not chosen.takes()
    assert not list((tmp_path / "set" / "takes").iterdir())


@pytest.mark.parametrize("torn", ["{", "[]", "{}", '{"id": "other"}', "\udcff"])
def test_one_bad_take_leaves_the_others_usable(tmp_path: Path, torn: str) -> None:
    with (
        serving(tmp_path, recordings_dir=tmp_path / "recordings") as served,
        httpx.Client(base_url=served.http) as http,
    ):
        assert begin(http, "set", "One text.", "Another.").status_code == 201
        good, bad = record(http, "set").json()["id"], record(http, "set", "prompt_002").json()["id"]
        takes = tmp_path / "recordings" / "set" / "takes"
        (takes / f"{bad}.json").write_bytes(torn.encode("utf-8", "surrogateescape"))
        assert [take["id"] for take in http.get(f"{API}/set").json()["takes"]] == [good]
        assert http.post(f"{API}/set/takes/{bad}/accept").status_code == 500
        assert http.post(f"{API}/set/takes/{good}/accept").status_code == 200
        assert http.delete(f"{API}/set/takes/{bad}").status_code == 204
        assert not list(takes.iterdir())
        assert http.delete(f"{API}/set/takes/{bad}").status_code == 404


def test_no_sample_id_is_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    folder.mkdir()
    (folder / "a.flac").write_bytes(SOUND)
    ids = ["../../../escaped", "/etc/escaped", "a\\b", "x" * 1000, "ü\n"]
    rows = [{"audio_filepath": "a.flac", "text": f"text {number}", "id": each} for number, each in enumerate(ids)]
    (folder / "set.jsonl").write_text("\n".join(map(json.dumps, rows)))
    recordings = tmp_path / "deep" / "recordings"
    with (
        serving(tmp_path, recordings_dir=recordings, samples=folder / "set.jsonl") as served,
        httpx.Client(base_url=served.http) as http,
    ):
        assert http.post(API, json={"name": "ids"}).status_code == 201
        for each in ids:
            take = record(http, "ids", each).json()["id"]
            assert http.post(f"{API}/ids/takes/{take}/accept").status_code == 200
    made = datasets.load(recordings / "ids").samples
    assert {sample.id for sample in made} == {f"{each}_s01" for each in ids}
    assert all(sample.audio_path.parent == recordings / "ids" / "audio" for sample in made)
    assert not list(tmp_path.rglob("*escaped*"))


@pytest.mark.parametrize("outside", [False, True])
def test_a_set_gives_away_only_sound_and_only_its_own(tmp_path: Path, outside: bool) -> None:
    folder = tmp_path / "samples"
    folder.mkdir()
    (folder / "inside.flac").write_bytes(SOUND)
    (tmp_path / "outside.flac").write_bytes(SOUND)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "note.txt").write_text("no sound")
    (folder / "link.flac").symlink_to(tmp_path / "outside.flac")
    places = {"inside": "inside.flac", "up": "../outside.flac", "absolute": str(tmp_path / "outside.flac"),
              "link": "link.flac", "secret": "../secret.txt", "note": "note.txt"}  # fmt: skip
    rows = [{"audio_filepath": place, "text": "text", "id": name} for name, place in places.items()]
    (folder / "set.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with (
        serving(tmp_path, samples=folder / "set.jsonl", samples_outside=outside) as served,
        httpx.Client(base_url=served.http) as http,
    ):
        answers = {name: http.get(f"/app/api/samples/{name}/audio") for name in places}
        listed = {row["id"] for row in http.get("/app/api/samples").json()}
    allowed = {"inside", "up", "absolute", "link"} if outside else {"inside"}
    assert {name for name, answer in answers.items() if answer.status_code == 200} == allowed
    assert {answer.status_code for answer in answers.values()} == {200, 404}
    assert listed == (set(places) if outside else {"inside", "note"})
    assert answers["inside"].headers["x-content-type-options"] == "nosniff"
    assert "secret" not in answers["note"].text + answers["secret"].text.replace("sample secret", "")


def test_takes_and_disk_have_limits(tmp_path: Path) -> None:
    few = Settings.read(max_set_takes=2)
    chosen = RecordingStore(tmp_path, "ada", few).create("few", prompts_of(["One text."]))
    prompt = chosen.prompt("prompt_001")
    kept = [chosen.keep(prompt, "s01", "", TONE) for _ in range(2)]
    with pytest.raises(FullError, match="MAX_SET_TAKES"):
        chosen.keep(prompt, "s01", "", TONE)
    chosen.discard(kept[0].id)
    chosen.keep(prompt, "s01", "", TONE)
    used = used_bytes(tmp_path / "few")
    small = Settings.read(max_user_recording_bytes=used + 4096)
    with pytest.raises(FullError, match="MAX_USER_RECORDING_BYTES"):
        RecordingStore(tmp_path, "ada", small).get("few").keep(prompt, "s01", "", Clip.join([TONE] * 20))
    other = RecordingStore(tmp_path, "eve", small).create("eves", prompts_of(["One text."]))
    other.keep(other.prompt("prompt_001"), "s01", "", TONE)


def test_accepted_takes_have_a_limit_and_can_still_be_replaced(tmp_path: Path) -> None:
    """Regression: each accepted take rewrites the list of all of them, which could grow without end."""
    chosen = RecordingStore(tmp_path, settings=Settings.read(max_set_samples=2)).create("a", prompts_of(["hello"]))
    prompt = chosen.prompt("prompt_001")
    for speaker in ("s1", "s2"):
        chosen.accept(chosen.keep(prompt, speaker, "", Clip.silence(0.1)))
    third = chosen.keep(prompt, "s3", "", Clip.silence(0.1))
    with pytest.raises(FullError, match="MAX_SET_SAMPLES"):
        chosen.accept(third)
    assert [take.id for take in chosen.takes()] == [third.id]
    chosen.accept(chosen.keep(prompt, "s2", "", Clip.silence(0.2)))
    assert [row["speaker"] for row in chosen.accepted()] == ["s1", "s2"]
    assert len(list((chosen.path / "audio").iterdir())) == 2


def test_many_prompts_do_not_hold_up_the_others(tmp_path: Path) -> None:
    """Invalid or valid, the list is parsed in one piece, outside of the event loop."""
    limits = {"max_set_prompts": 10_000, "max_json_bytes": 1_000_000}
    with serving(tmp_path, recordings_dir=tmp_path / "recordings", **limits) as served:
        waits: list[float] = []
        over = threading.Event()

        def ask() -> None:
            with httpx.Client(base_url=served.http) as http:
                while not over.is_set():
                    start = time.perf_counter()
                    http.get("/health/live")
                    waits.append(time.perf_counter() - start)

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            with httpx.Client(base_url=served.http, timeout=60) as http:
                texts = [f"{number:x}" for number in range(9_000)]
                assert begin(http, "most", *texts).status_code == 201
                assert begin(http, "far-too-many", *(f"{number:x}" for number in range(100_000))).status_code == 422
        finally:
            over.set()
            asking.join()
    assert max(waits) < 2


def test_what_the_server_makes_only_its_owner_reads(tmp_path: Path) -> None:
    fakes = ("--asr", "fake", "--agent", "fake", "--tts", "fake", "--workers", "2")
    recordings = tmp_path / "new" / "recordings"
    with spawned(tmp_path, *fakes, RECORDINGS_DIR=str(recordings), VAD="none") as served:
        until(lambda: len(children_of(served.pid or 0)) == 2)
        with httpx.Client(base_url=served.http, timeout=60) as http:
            assert begin(http, "set", "One text.").status_code == 201
            take = record(http, "set").json()["id"]
            assert http.post(f"{API}/set/takes/{take}/accept").status_code == 200
        made = [served.database, *recordings.rglob("*"), recordings, recordings.parent]
    for path in made:
        wanted = 0o700 if path.is_dir() else 0o600
        assert path.stat().st_mode & 0o777 == wanted, path


def test_a_name_that_is_none_is_not_looked_up(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "prompts.json").write_text('{"prompts": []}')
    sets = RecordingStore(tmp_path / "inside")
    for name in ("../outside", str(tmp_path / "outside"), ".", "", "outside/"):
        with pytest.raises(NotFoundError):
            sets.get(name)
    with pytest.raises(InputError):
        sets.create("../outside2", prompts_of(["x"]))
