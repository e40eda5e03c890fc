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
        "fake": Entry("voicelab.agent.fake:FakeAgent", "repeats what it heard; for tests and benches"),
    },
)
