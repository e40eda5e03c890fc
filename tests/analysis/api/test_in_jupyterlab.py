"""A new user's steps in a real JupyterLab with a real browser.

Own recognizer, own figure and own agent in a cell; a live run that is stopped and continued; many small runs in one
DataFrame; a comparison. `python -m tests.analysis.api.test_in_jupyterlab FOLDER` saves screenshots.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.browsing import browser, needed, until
from tests.support.lab import INSTALLED, LabNotebook, jupyter_lab, write_notebook
from tests.support.sample_sets import samples_folder

pytestmark = [needed, pytest.mark.skipif(not INSTALLED, reason="needs jupyterlab: pip install 'voicelab[lab]'")]

COMPONENTS = """
import time
import voicelab
from voicelab.agent.base import Reply

class Parrot(voicelab.WholeRecognizer):
    def __init__(self, *, words="what is the price of apple", pause_s=0.0):
        self.words, self.pause_s = words, pause_s
    def hear(self, clip):
        time.sleep(self.pause_s)
        return self.words

class Polite:
    def respond(self, heard, dialogue):
        return Reply("Certainly.", intent="price")

def counts(score):
    return {"long": int(len((score.turn.answer or "").split()) > 3), "turns": 1}

LONG = voicelab.Figure(name="long_answers", title="long answers", short="long", better="lower",
                       counts=counts, value=voicelab.Ratio("long", "turns"))
SET = "SAMPLES"
own = dict(agent=Polite(), tts="fake", figures=[LONG])
"""
FIRST = 'run = voicelab.evaluate(SET, "reports", asr=Parrot(), limit=4, run_id="first", **own)\nrun'
SLOW = 'slow = voicelab.evaluate(SET, "reports", asr=Parrot(pause_s=0.5), limit=12, run_id="stopped", **own)'
RESUME = """
run = voicelab.resume("reports/stopped", asr=Parrot(), agent=Polite(), figures=[LONG])
print(run.result.status, run.result.resumed, len(run.turns))
"""
MANY = """
for seed in range(COUNT):
    voicelab.evaluate(SET, "many", asr=Parrot(), limit=1, seed=seed, progress=False, **own)
frame = voicelab.load_runs("many/*")
print(len(frame), "runs in one frame")
frame[["asr", "condition", "seed", "wer", "wer_low", "wer_high"]].head()
"""
COMPARE = """
news = Parrot(words="tell me the news about ford")
other = voicelab.evaluate(SET, "reports", asr=news, limit=4, run_id="second", **own)
run = voicelab.load_run("reports/first")
run.compare(other)
"""


def walk(folder: Path, *, many: int, pictures: Path | None = None) -> None:
    """Run all steps. many: number of small runs. pictures: folder for a screenshot of each step."""
    sources = [COMPONENTS, FIRST, SLOW, RESUME, MANY, COMPARE]
    chosen = [one.replace("SAMPLES", str(samples_folder())).replace("COUNT", str(many)) for one in sources]
    write_notebook(folder / "stranger.ipynb", chosen)
    with jupyter_lab(folder) as address, browser() as chromium:
        page = chromium.open(address.format(notebook="stranger.ipynb"), viewport={"width": 1280, "height": 1100})
        notebook = LabNotebook(page)

        def look(name: str, cell) -> None:
            if pictures is not None:
                cell.scroll_into_view_if_needed()
                page.screenshot(path=pictures / f"{name}.png")

        notebook.run(0)
        first = notebook.run(1)
        look("1-own-components", first)
        assert "Run first" in first.inner_text()
        assert "long answers" in first.inner_text()
        slow = notebook.start(2)
        until(lambda: "95 % interval" in slow.inner_text())
        look("2-live-run", slow)
        assert slow.locator("audio").count()
        notebook.interrupt()
        notebook.wait(slow)
        look("3-stopped", slow)
        assert "turns are saved; continue: run = voicelab.resume(" in slow.inner_text()
        resumed = notebook.run(3)
        look("4-resumed", resumed)
        assert "finished 1 " in resumed.inner_text()
        frame = notebook.run(4)
        look("5-many-runs", frame)
        assert f"{many} runs in one frame" in frame.inner_text()
        compared = notebook.run(5)
        look("6-comparison", compared)
        assert "Comparison of first, second" in compared.inner_text()


@pytest.mark.slow
def test_a_stranger_measures_something_of_their_own_in_jupyterlab(tmp_path):
    walk(tmp_path, many=3)


if __name__ == "__main__":
    kept = Path(sys.argv[1])
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        walk(Path(work), many=int(sys.argv[2]) if len(sys.argv) > 2 else 100, pictures=kept)
