"""The audit's notebook plays suspects, and shows every figure before and after their correction."""

import json
import shutil

import nbformat
import pytest

from tests.support.mislabelled import mislabelled, run_on
from voicelab.datasets import load
from voicelab.errors import InputError
from voicelab.runs.notebook import execute


def test_it_plays_suspects_and_corrects_them(tmp_path):
    texts = {"price_ko": "What is the price of Apple?", "price_amd": "Show me my watchlist"}
    samples = mislabelled(tmp_path, texts)
    runs = [
        str(run_on(samples, "what is the price of apple", tmp_path / "r-1")),
        str(run_on(samples, "what's the price of apples", tmp_path / "r-2")),
    ]
    fixes = tmp_path / "fixes.csv"
    fixes.write_text(
        "sample_id,action,old_text,new_text\nprice_amd,correct,Show me my watchlist,What is the price of Apple?\n"
    )
    written = execute("audit", tmp_path / "nb", {
        "runs": runs, "fixes": str(fixes), "out": str(tmp_path / "new"),
        "template": str(tmp_path / "template.csv"),
    })  # fmt: skip
    assert load(tmp_path / "new" / "set.jsonl").sample("price_amd").text == "What is the price of Apple?"
    assert "price_amd,,Show me my watchlist" in (tmp_path / "template.csv").read_text()
    outputs = [out for cell in nbformat.read(written, 4).cells for out in cell.get("outputs", [])]
    assert not [out for out in outputs if out.output_type == "error" or out.get("name") == "stderr"]
    page = json.dumps([out.get("data") or out.get("text") for out in outputs], ensure_ascii=False)
    assert page.count("<audio controls") == 2
    assert page.count("step substitute") > 3
    assert page.index("1. price_amd") < page.index("2. price_ko")
    assert "Before and after, run r-1" in page
    (table,) = [out["data"]["text/html"] for out in outputs if "Before and after" in str(out.get("data", ""))]
    row = next(part for part in table.split("<tr>") if "word error rate" in part)
    assert "0.600" in row, "6 of the 10 words were wrong"
    assert "0.000" in row, "and none by the new labels"


def test_parameters_that_exclude_each_other_are_refused(tmp_path):
    with pytest.raises(InputError, match="give both to make a new version"):
        execute("audit", tmp_path / "nb", {"runs": ["x"], "fixes": "f.csv"})
    shutil.rmtree(tmp_path / "nb")
    with pytest.raises(InputError, match="unknown parameter 'corrections'; its parameters: asr, fixes"):
        execute("audit", tmp_path / "nb", {"corrections": "f.csv"})
