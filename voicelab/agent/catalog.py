"""The table of agents."""

from voicelab.engines.spec import Catalog, Entry

WITHOUT_TOOLS = frozenset({"rules", "fake"})
"""Agents that act without tool calls. For these, a turn without calls is no evidence."""

AGENTS = Catalog(
    "agent",
    {
        "rules": Entry(
            "voicelab.agent.finance.rules:RulesAgent",
            "keyword intents, companies by sound and spelling, answers from the sample market data",
            packages=("rapidfuzz", "jellyfish"),
        ),
        "openai": Entry(
            "voicelab.agent.openai.agent:OpenAIAgent",
            "a language model with tools (chat completions or responses): OpenAI, vLLM, Ollama, llama.cpp, LiteLLM",
            extra="openai",
            packages=("openai",),
            lanes=16,
            shared=True,
            needs="a server (base_url) and, if it requires one, a key in OPENAI_API_KEY",
        ),
        "replay": Entry(
            "voicelab.agent.replay:ReplayAgent",
            "the recorded replies of a run's agent: replay:RUN or replay:FILE",
            positional="file",
            lanes=16,
            shared=True,
            needs="the agent.jsonl in a run's folder",
        ),
        "fake": Entry("voicelab.agent.fake:FakeAgent", "repeats the user's words; for tests and benchmarks"),
    },
)
