"""The completeness of partial transcripts."""

import pytest

from voicelab.datasets import load
from voicelab.paths import shipped
from voicelab.vad.completeness import Completeness, completeness

SHIPPED = [sample.text for sample in load(shipped("voice_samples")).spoken]


@pytest.mark.parametrize("text", SHIPPED)
def test_no_whole_request_looks_unfinished(text):
    assert completeness(text) is not Completeness.UNFINISHED


@pytest.mark.parametrize(
    "text",
    [
        "what's the price of", "give me", "give me a", "add", "put apple and", "set a timer for ten", "I'd like to",
        "What’s", "what's the latest", "remove intel from my", "tell me about", "is it above two hundred", "can you",
        "what is apple's", "um", "Read me the", "I want to", "how much is", "buy at", "WHAT IS THE",
    ],
)  # fmt: skip
def test_these_cannot_be_the_end(text):
    assert completeness(text) is Completeness.UNFINISHED


@pytest.mark.parametrize(
    "text",
    ["boeing stock price please", "put meta on my watchlist", "how is ford doing today", "yes", "Stop.",
     "thank you so much, bye", "what's apple trading at right now", "add mcdonald's to my watch list",
     "keep an eye on ford for me"],
)  # fmt: skip
def test_these_look_finished(text):
    assert completeness(text) is Completeness.COMPLETE


@pytest.mark.parametrize(
    "text", ["", "  ", "...", "what's apple trading at", "any news on meta", "please", "today", "also add mcdonald's",
             "给我苹果的股价"]
)  # fmt: skip
def test_of_these_nothing_is_known(text):
    assert completeness(text) is Completeness.OPEN
