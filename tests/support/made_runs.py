"""Synthetic runs and turns."""

from datetime import UTC, datetime

from voicelab.datasets import Sample, Scenario
from voicelab.engines.spec import EngineInfo
from voicelab.figures.latency import STAGES
from voicelab.figures.outside import table_with
from voicelab.runs.records import CodeState, RunFolder, RunResult, RunSpec, TurnResult
from voicelab.runs.turn_content import TurnFailure
from voicelab.scoring.inputs import company_forms
from voicelab.scoring.summary import scores_of, summarize_scores

FORMS = {"AAPL": ("Apple", "AAPL"), "NVDA": ("NVIDIA", "NVDA"), "F": ("Ford", "F")}


BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def made_run(agent="rules", **changes):
    """A finished run. agent: the name of its agent, which determines whether it has tools."""
    agent = EngineInfo(
        kind="agent", name=agent, options={"threshold": 0.8, "market": None}, revision="1", device="cpu",
        licence="Apache-2.0", load_s=0.1, lanes=1,
    )  # fmt: skip
    fields = {
        "run_id": "made",
        "status": "finished",
        "spec": RunSpec(samples="nowhere", target="in-process", draws=200),
        "samples_sha256": "0" * 64,
        "planned_turns": 4,
        "engines": (agent,),
        "code": CodeState(commit=None, dirty=None),
        "packages": {},
        "machine": {},
        "started_at": BEGUN,
        "finished_at": BEGUN,
    }
    return RunResult(**(fields | changes))


def keep_run(path, run, turns=()):
    """The folder of a run and its turns."""
    folder = RunFolder(path)
    folder.create()
    folder.write(run)
    for turn in turns:
        folder.append(turn)
    return folder


def company(ticker, heard, score=1.0):
    return {"kind": "company", "value": ticker, "name": FORMS[ticker][0], "heard": heard, "score": score}


def answered(key, *, text="what is the price of Apple", heard="what is the price of apple", turn_s=0.5, **changes):
    """An answered turn whose stages fill turn_s."""
    parts = {"decode_s": 0.01, "asr_s": 0.2, "agent_s": 0.01, "tts_s": 0.05, "encode_s": 0.03}
    fields = {
        "key": key,
        "sample_id": key,
        "category": "prices",
        "speaker": None,
        "text": text,
        "expected_entities": ("AAPL", "Apple"),
        "expected_intent": "price",
        "status": "answered",
        "heard": heard,
        "answer": "Apple, ticker AAPL, is at 10.",
        "intent": "price",
        "entities": (company("AAPL", "apple"),),
        "candidates": (company("AAPL", "apple", 0.9),),
        "transcript_s": 0.3,
        "reply_text_s": 0.3,
        "first_audio_s": 0.4,
        "turn_s": turn_s,
        "overhead_s": turn_s - sum(parts.values()),
        "started_at": BEGUN,
        **parts,
    }
    return TurnResult(**(fields | changes))


def failed(key, code="connection_lost", heard=None, **changes):
    bare = {"answer": None, "intent": None, "entities": (), "candidates": ()}
    stages = dict.fromkeys((*STAGES, "audio_s"))
    failure = TurnFailure(code=code, message=f"{code} happened")
    return answered(key, heard=heard).model_copy(
        update={"status": "failed", "failure": failure, **bare, **stages, **changes}
    )


def summarize_turns(run, turns, forms=None, scenarios=(), replay=None, figures=()):
    """The summary of turns that are in no folder. forms: the company names, by default those of the run's agent."""
    names = company_forms(run) if forms is None else forms
    return summarize_scores(run, scores_of(run, turns, names), scenarios, names, replay, table_with(figures))


def summary_of(turns, run=None, scenarios=()):
    """The summary of synthetic turns, by default of a run with the rules agent."""
    return summarize_turns(run or made_run(), turns, FORMS, scenarios)


VARIED = [
    answered("a", heard="what is the price of a bull", speaker="one"),
    answered("b", heard="what the price of apple", speaker="one", turn_s=0.7),
    answered("c", heard="what is is the price of apple", speaker="two", turn_s=0.9, category="news"),
    answered("d", heard="tell me", speaker="three", turn_s=0.4, intent="unknown", entities=(), category="news"),
]


SAMPLE = Sample(id="a", text="t", audio_path=None)


SCENARIO = Scenario("s", "", (SAMPLE, SAMPLE), ("AAPL", "volume"))


def in_scenario(number, **changes):
    return answered(f"s/{number}", scenario_id="s", turn_number=number, primary=False, **changes)
