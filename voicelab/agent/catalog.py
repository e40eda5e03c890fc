"""The table of agents."""

from voicelab.engines.spec import Catalog, Entry

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
        "fake": Entry("voicelab.agent.fake:FakeAgent", "repeats what it heard; for tests and benches"),
    },
)
