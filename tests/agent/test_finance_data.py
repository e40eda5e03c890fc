"""The finance tools with sample data and with a stub of Yahoo Finance, without network access."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from voicelab.agent.base import Dialogue
from voicelab.agent.finance.data_source import SampleData
from voicelab.agent.finance.live import Cache, LiveData
from voicelab.agent.finance.tools.companies import Companies, CompanyArguments
from voicelab.agent.finance.tools.market import NewsTool, QuoteTool
from voicelab.agent.finance.tools.toolbox import FinanceToolbox
from voicelab.agent.tools import ToolError
from voicelab.errors import EngineMissingError

INFO = {
    "currency": "USD", "lastPrice": 120.0, "previousClose": 100.0, "dayLow": 99.0, "dayHigh": 121.0,
    "lastVolume": 1000.0,
}  # fmt: skip
STORY = {"id": "s1", "content": {"title": "Up again", "summary": "It rose.", "pubDate": "2026-11-02T10:00:00Z"}}


class Yahoo:
    """A stub of yfinance.Ticker that counts its calls."""

    def __init__(self, info: object = INFO, news: object = (STORY, {"content": {}})) -> None:
        self.asked: list[str] = []
        self._info, self._news = info, news

    def __call__(self, ticker: str) -> Any:
        self.asked.append(ticker)
        return SimpleNamespace(fast_info=self._info, news=list(self._news))  # type: ignore[call-overload]


def test_a_live_quote_is_fetched_once_a_minute() -> None:
    yahoo = Yahoo()
    source = LiveData(yahoo)
    tool = QuoteTool(source, Companies(source.companies))
    for named in ("Nvidia", "NVDA", "invidia"):
        output = tool.run(CompanyArguments(company=named), Dialogue())
        assert (output.data["price"], output.data["change_percent"]) == (120.0, 20.0)
        assert [entity.value for entity in output.entities] == ["NVDA"]
        assert "Yahoo Finance" in output.data["source"]
    assert yahoo.asked == ["NVDA"]


def test_live_news_without_a_title_is_left_out() -> None:
    source = LiveData(Yahoo())
    tool = NewsTool(source, Companies(source.companies))
    output = tool.run(CompanyArguments(company="Nvidia"), Dialogue())
    assert output.data["news"] == [{"published": "2026-11-02", "headline": "Up again", "summary": "It rose."}]


@pytest.mark.parametrize("info", [{}, {**INFO, "lastPrice": None}, None])
def test_what_yahoo_does_not_have_is_a_tool_error_and_not_kept(info: object) -> None:
    yahoo = Yahoo(info)
    source = LiveData(yahoo)
    for _ in range(2):
        with pytest.raises(ToolError, match="Yahoo Finance has no quote for NVDA"):
            source.quote("NVDA")
    assert len(yahoo.asked) == 2


def test_what_is_kept_is_fetched_again_in_time() -> None:
    kept, fetched = Cache[int](0.0), []
    for number in range(2):
        assert kept.get("a", lambda number=number: fetched.append(number) or number) == number  # type: ignore[misc]
    assert fetched == [0, 1]


def test_live_data_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yfinance", None)
    with pytest.raises(EngineMissingError, match=r"pip install 'voicelab\[live\]'"):
        FinanceToolbox("live").load()


def test_every_tool_describes_itself_to_the_model() -> None:
    toolbox = FinanceToolbox()
    toolbox.load()
    names = [tool.name for tool in toolbox.tools]
    assert len(set(names)) == len(names) == 7
    for tool in toolbox.tools:
        schema = tool.arguments.model_json_schema()
        assert schema["additionalProperties"] is False
        assert all(one.get("description") for one in schema.get("properties", {}).values())
        assert tool.description
        assert not (tool.reads_outside and tool.promises_changes), "one tool cannot do both"
    assert toolbox.revision == SampleData().revision
