"""The table of agents."""

from voicelab.engines.spec import Catalog, Entry

WITHOUT_TOOLS = frozenset({"rules", "fake"})
"""Agents that act without calling tools, so that a turn without calls says nothing about them."""

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
            "a language model with tools, by chat completions or responses: OpenAI, vLLM, Ollama, llama.cpp, LiteLLM",
            extra="openai",
            packages=("openai",),
            lanes=16,
            shared=True,
            needs="a server (base_url) and, where it asks for one, a key in OPENAI_API_KEY",
        ),
        "replay": Entry(
            "voicelab.agent.replay:ReplayAgent",
            "the recorded replies of a run's agent: replay:RUN or replay:FILE",
            positional="file",
            lanes=16,
            shared=True,
            needs="the agent.jsonl that a run leaves in its folder",
        ),
        "fake": Entry("voicelab.agent.fake:FakeAgent", "repeats what it heard; for tests and benches"),
    },
)
