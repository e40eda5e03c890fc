"""Classify the intent of English requests to a finance assistant by keywords."""

from rapidfuzz import fuzz

from voicelab.text import NORMALIZERS

PRICE, NEWS, DEEP_DIVE, FOLLOW_UP = "stock_price_query", "news_query", "deep_dive_request", "follow_up_question"
WATCHLIST_ADD, WATCHLIST_REMOVE, WATCHLIST_VIEW = "watchlist_add", "watchlist_remove", "watchlist_view"
UNKNOWN = "unknown"
INTENTS = (PRICE, NEWS, WATCHLIST_ADD, WATCHLIST_REMOVE, WATCHLIST_VIEW, DEEP_DIVE, FOLLOW_UP, UNKNOWN)

Phrases = tuple[str, ...]


def _phrases(listed: str) -> Phrases:
    """Split a comma-separated list of words and phrases."""
    return tuple(" ".join(phrase.split()) for phrase in listed.split(","))


_WATCHLIST = _phrases("watchlist, watch list, my list, the list, watched, watching, tracking")
_TRACK = _phrases("track, watch, keep an eye, follow, following")
_REMOVE = _phrases("remove, delete, drop, take, off, stop, clear, get rid, unfollow, no longer, dont")
_ADD = _phrases("add, put, include, start, onto, to my")
_VIEW = _phrases("show, view, whats on, what is on, see, read, open, display, list my, which, check, is on")
_DEEP = _phrases("""
    deep, deeper, deepest, dive, dig, analysis, analyze, analyse, depth, detail, details, detailed, breakdown,
    break down, elaborate, thorough, full story, full picture, background, closer look, good look
""")
_FOLLOW = _phrases("""
    why, cause, caused, causes, causing, reason, behind, tell me more, more about, what happened, what happens,
    what made, what does that, what does it, does that, is that, was that, were they, say that again, what about,
    how about, driving, drove, movement, the move, the drop, the rise, explain, mean for, go on, what else,
    anything else, volume, analysts, expected, high and low, the high, the low
""")
_NEWS = _phrases("""
    news, headline, headlines, latest, update, updates, happening, going on, story, stories, announced, announcement,
    reported, recent, recently, new with, heard about, catch me up
""")
_PLAINLY_NEWS = _phrases("news, headlines, story")
_PRICE = _phrases("""
    price, priced, prices, trading, trade, quote, stock, stocks, share, shares, worth, cost, how much, value, valued,
    close, closed, how is, hows, doing, up or down, selling
""")
_PLAINLY_PRICE = _phrases("price, quote, trading")
_STOCK = _phrases("stock, share, shares")
_POINTERS = _phrases("that, it, this, they, them, those, these, its, their")
_FUZZY_FROM = 6
"""Minimum length of a keyword for fuzzy matching; shorter ones are too similar to other words."""
_FUZZY_LIKENESS = 88


def classify(heard: str, *, named: bool, has_context: bool) -> str:
    """Return the intent of a text. named: it names a company. has_context: there were previous turns."""
    words = NORMALIZERS["basic"].words(heard)
    if named and "add" in words:
        return WATCHLIST_ADD
    if _mentions(words, _WATCHLIST) or (named and _mentions(words, _TRACK)):
        if _mentions(words, _REMOVE):
            return WATCHLIST_REMOVE
        if _mentions(words, _ADD) or (named and not _mentions(words, _VIEW)):
            return WATCHLIST_ADD
        return WATCHLIST_VIEW
    if _mentions(words, _DEEP):
        return DEEP_DIVE
    if _mentions(words, _FOLLOW):
        return FOLLOW_UP
    points_back = has_context and not named and _mentions(words, _POINTERS)
    asks_price = _mentions(words, _PLAINLY_PRICE)
    if _mentions(words, _NEWS) and (_mentions(words, _PLAINLY_NEWS) or not asks_price):
        return NEWS
    may_ask_price = named or points_back or _mentions(words, _STOCK)
    if asks_price or (may_ask_price and _mentions(words, _PRICE)):
        return PRICE
    return FOLLOW_UP if points_back and "more" in words else UNKNOWN


def _mentions(words: list[str], keywords: Phrases) -> bool:
    text = f" {' '.join(words)} "
    for keyword in keywords:
        if f" {keyword} " in text:
            return True
        if " " not in keyword and len(keyword) >= _FUZZY_FROM:
            near = (word for word in words if abs(len(word) - len(keyword)) <= 1 and word[0] == keyword[0])
            if any(fuzz.ratio(word, keyword) >= _FUZZY_LIKENESS for word in near):
                return True
    return False
