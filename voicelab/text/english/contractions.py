"""Expands contractions, and removes the apostrophe of possessives."""

from collections.abc import Sequence

_WHOLE = {
    "won't": "will not", "can't": "can not", "shan't": "shall not", "ain't": "aint", "let's": "let us",
    "y'all": "you all", "i'ma": "i am going to", "ma'am": "madam", "o'clock": "oclock", "'cause": "because",
    "'em": "them", "'til": "until", "'bout": "about", "'tis": "it is", "'twas": "it was", "c'mon": "come on",
    "rock'n'roll": "rock and roll", "o'er": "over", "who's": "who is", "'n'": "and", "d'you": "do you",
}  # fmt: skip
_ENDINGS = {"'re": "are", "'ve": "have", "'ll": "will", "'m": "am"}
_HOSTS_OF_IS = frozenset(
    "he she it that this what who where when why how there here everyone everybody someone somebody anyone anybody "
    "nobody everything something anything nothing one".split()
)
_PARTICIPLES = frozenset(
    "been gone done got had become begun come fallen gotten grown made risen seen taken lost dropped gained".split()
)
_AFTER_IS = frozenset(
    "up down not a an the at still now just so very going doing trading getting being looking in on about".split()
)


def expanded(words: Sequence[str]) -> list[str]:
    """Expand all contractions; `words` are lower case with straight apostrophes."""
    out: list[str] = []
    for index, word in enumerate(words):
        if "'" not in word:
            out.append(word)
            continue
        after = words[index + 1] if index + 1 < len(words) else ""
        out += _expanded(word, after)
    return out


def _expanded(word: str, after: str) -> list[str]:
    bare = word if word in _WHOLE else word.strip("'")
    if bare in _WHOLE:
        return _WHOLE[bare].split()
    if word.endswith("in'") and len(bare) > len("goi"):
        return [f"{bare}g"]
    if bare.endswith("n't"):
        return [*_expanded(bare[:-3], "not"), "not"]
    for ending, meaning in _ENDINGS.items():
        if bare.endswith(ending) and len(bare) > len(ending):
            return [*_expanded(bare[: -len(ending)], meaning), meaning]
    if bare.endswith("'d"):
        return [*_expanded(bare[:-2], ""), "had" if after in _PARTICIPLES or after == "better" else "would"]
    if bare.endswith("'s"):
        host = bare[:-2].replace("'", "")
        if host in _HOSTS_OF_IS or after in _AFTER_IS or after.endswith("ing"):
            return [host, "has" if after in _PARTICIPLES else "is"]
        return [f"{host}s"]
    return [bare.replace("'", "")] if bare.strip("'") else []
