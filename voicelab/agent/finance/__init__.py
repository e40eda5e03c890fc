"""The finance domain: intents, companies and their names, market data, and the keyword agent that answers from them."""
