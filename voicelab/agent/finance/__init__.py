"""The finance domain: intents, companies and their names, market data, and a keyword agent that uses them."""
