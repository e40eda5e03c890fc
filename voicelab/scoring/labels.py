"""Display names of categories, intents and speakers."""


def label(name: str) -> str:
    """The display name of a category, intent or speaker: `stock_price_queries` without its underscores."""
    return name.replace("_", " ")
