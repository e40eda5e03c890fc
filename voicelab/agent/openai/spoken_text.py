"""The part of a model's text that is spoken."""

_BEGIN, _END = "<think>", "</think>"


class SpokenText:
    """Removes a leading `<think>...</think>`, which some servers leave in the text of a reasoning model.

    A surrogate pair that is split between two pieces is joined. A single surrogate becomes U+FFFD, because UTF-8 cannot
    represent it. is_empty: whether no text has been returned.
    """

    def __init__(self) -> None:
        self.is_empty = True
        self._held = ""
        self._has_begun = False

    def take(self, piece: str) -> str:
        """Return the text that can be spoken now."""
        text = self._held + piece
        self._held = ""
        if not self._has_begun:
            begin = text.lstrip()
            if begin.startswith(_BEGIN):
                _, end, rest = begin.partition(_END)
                # Without thoughts, the text begins as usual.
                return self.take(rest.lstrip()) if end else self._hold(begin)
            if _BEGIN.startswith(begin):
                return self._hold(text)
            self._has_begun = True
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        self.is_empty = self.is_empty and not text
        return _valid(text)

    def _hold(self, text: str) -> str:
        self._held = text
        return ""

    def end(self) -> str:
        """Return the rest of the text."""
        rest, self._held = self._held, ""
        if rest.lstrip().startswith(_BEGIN):
            return ""
        self.is_empty = self.is_empty and not rest
        return _valid(rest)


def _valid(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
