"""The rules agent: intents, companies, and memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.agent.base import Dialogue, WatchlistChange
from voicelab.agent.finance.intents import INTENTS
from voicelab.agent.finance.rules import RulesAgent


@pytest.fixture(scope="module")
def agent() -> RulesAgent:
    built = RulesAgent()
    built.load()
    return built


@pytest.mark.parametrize(
    ("heard", "intent", "tickers"),
    [
        ("how much is Visa worth", "stock_price_query", ["V"]),
        ("what is m s f t trading at", "stock_price_query", ["MSFT"]),
        ("any headlines on Boeing", "news_query", ["BA"]),
        ("put Nike on my watch list", "watchlist_add", ["NKE"]),
        ("take Intel off my watchlist please", "watchlist_remove", ["INTC"]),
        ("read me my watchlist", "watchlist_view", []),
        ("give me a detailed analysis of Oracle", "deep_dive_request", ["ORCL"]),
        ("why did it fall", "follow_up_question", []),
        ("tell me a story about a dragon please", "news_query", []),
        ("sing me a song", "unknown", []),
        ("", "unknown", []),
    ],
)
def test_intents_and_companies(agent, heard, intent, tickers):
    reply = agent.respond(heard, Dialogue())
    assert reply.intent == intent
    if tickers:
        assert [entity.value for entity in reply.entities] == tickers


@pytest.mark.parametrize(
    ("heard", "ticker"),
    [("the price of net flicks", "NFLX"), ("news on star bucks", "SBUX"), ("price of microsofts stock", "MSFT"),
     ("what about cost co", "COST"), ("news about invidia", "NVDA")],
)  # fmt: skip
def test_a_name_heard_nearly_right_is_linked_with_a_score(agent, heard, ticker):
    (entity,) = agent.respond(heard, Dialogue()).entities
    assert entity.value == ticker
    assert 0.8 <= entity.score <= 1


@pytest.mark.parametrize("heard", ["what does it cost", "is that all now", "the most recent news", "people say so"])
def test_ordinary_words_are_no_companies(agent, heard):
    assert (
        agent.respond(heard, Dialogue()).entities == ()
        or "latest news in the market" in agent.respond(heard, Dialogue()).text
    )


@given(st.text(max_size=80))
def test_any_text_gets_an_answer_of_a_known_intent(agent, heard):
    reply = agent.respond(heard, Dialogue())
    assert reply.intent in INTENTS
    assert reply.text
    assert all(0 <= entity.score <= 1 for entity in reply.candidates)


def test_context_over_turns(agent):
    dialogue = Dialogue()
    for heard in ("what's the latest news about NVIDIA", "go deeper on that", "why did it move"):
        reply = agent.respond(heard, dialogue)
        assert [entity.value for entity in reply.entities] == ["NVDA"], heard
        assert "NVIDIA" in reply.text
        dialogue = dialogue.after(heard, reply)
    assert [exchange.intent for exchange in dialogue.exchanges] == [
        "news_query", "deep_dive_request", "follow_up_question",
    ]  # fmt: skip


def test_without_context_a_follow_up_asks_back(agent):
    assert "Ask me about a company" in agent.respond("why did it go up", Dialogue()).text


def test_the_watchlist(agent):
    dialogue = Dialogue()
    first = agent.respond("add Apple and Tesla to my watchlist", dialogue)
    assert set(first.changes) == {WatchlistChange("add", "AAPL"), WatchlistChange("add", "TSLA")}
    dialogue = dialogue.after("x", first)
    again = agent.respond("add Apple to my watchlist", dialogue)
    assert again.changes == ()
    assert "already" in again.text
    dialogue = dialogue.after("x", agent.respond("remove Tesla from my watchlist", dialogue))
    assert dialogue.watchlist == ("AAPL",)
    shown = agent.respond("show my watchlist", dialogue).text
    assert "Apple" in shown
    assert "Tesla" not in shown
    assert "not on your watchlist" in agent.respond("remove Boeing from my watchlist", dialogue).text


def test_the_threshold_decides(agent):
    strict = RulesAgent(threshold=1.0)
    strict.load()
    assert strict.respond("the price of invidia", Dialogue()).entities == ()
    assert agent.respond("the price of invidia", Dialogue()).entities != ()
