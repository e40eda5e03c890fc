"""`voicelab compare --report`: two runs and their differences in one offline file."""

import re

import pytest

from tests.support.made_runs import VARIED, keep_run, made_run
from voicelab.analysis.compare import compare
from voicelab.analysis.compare.page import render, write_page
from voicelab.errors import InputError


@pytest.fixture
def found(tmp_path):
    """In the second run, one more sample is correct, and replies are slower."""
    better = [
        VARIED[0].model_copy(update={"heard": VARIED[0].text, "first_audio_s": 0.9}),
        *(turn.model_copy(update={"first_audio_s": 0.9}) for turn in VARIED[1:]),
    ]
    folders = []
    for name, turns in (("before", VARIED), ("after <b>", better)):
        folders.append(keep_run(tmp_path / name, made_run(run_id=name), turns).path)
    return compare(folders, draws=200)


def test_the_page_has_values_differences_and_flips(found):
    text = render(found)
    assert "before and after &lt;b&gt;" in text
    assert "<b>" not in text
    row = found.pairs().set_index("figure").loc["wer"]
    assert f"{row['first value']:.3f}" in text
    assert f"−{abs(row['difference']):.3f}" in text
    assert re.search(r"Right in after &lt;b&gt;, wrong in before: 1", text)
    assert "+0.50 s" in text


def test_nothing_comes_from_outside(found):
    text = render(found)
    assert not re.search(r'(?:src|href)="(?!#|data:)', text)
    assert "default-src 'none'" in text


def test_a_folder_is_no_file(found, tmp_path):
    with pytest.raises(InputError, match="name a file"):
        write_page(found, tmp_path)
    write_page(found, tmp_path / "both.html")
    assert (tmp_path / "both.html").read_text().startswith("<!doctype html>")
