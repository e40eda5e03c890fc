"""Vocabulary of the `english` rules: numbers, units, money, months, abbreviations, compounds."""

_SMALL = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
ONES = {name: value for value, name in enumerate(_SMALL[:9], start=1)}
TEENS = {name: value for value, name in enumerate(_SMALL[9:], start=10)}
TENS = {
    name: 10 * value
    for value, name in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
} | {"fourty": 40}
ZEROS = frozenset({"zero", "oh", "o"})
SCALES = {
    "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "quadrillion": 10**15,
}  # fmt: skip
SCALE_SUFFIXES = {
    "k": "thousand", "thousand": "thousand", "m": "million", "mm": "million", "mn": "million", "mln": "million",
    "mil": "million", "million": "million", "b": "billion", "bn": "billion", "bln": "billion", "billion": "billion",
    "crore": "crore", "lakh": "lakh", "t": "trillion", "tn": "trillion", "trn": "trillion", "trillion": "trillion",
}  # fmt: skip
_IRREGULAR_ORDINALS = {
    "first": "one", "third": "three", "fifth": "five", "eighth": "eight", "ninth": "nine",
    "twelfth": "twelve", "second": "two",
}  # fmt: skip
ORDINALS = {
    **{word + "th": word for word in (*_SMALL, "hundred", *SCALES) if word not in _IRREGULAR_ORDINALS.values()},
    **{tens[:-1] + "ieth": tens for tens in TENS if tens.endswith("y")},
    **_IRREGULAR_ORDINALS,
}
"""Ordinal -> cardinal, in words."""
DECADES = {tens[:-1] + "ies": value for tens, value in TENS.items() if tens.endswith("y")}
DENOMINATORS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4,
    "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8,
    "ninths": 9, "tenth": 10, "tenths": 10, "sixteenths": 16, "hundredths": 100,
}  # fmt: skip
NUMBER_WORDS = frozenset(
    {*ONES, *TEENS, *TENS, *SCALES, *ORDINALS, *DECADES, "zero", "hundred", "double", "triple", "half"}
)
NUMBER_STARTS = NUMBER_WORDS | ZEROS | {"a", "an", "point", "nought", "naught"}
"""Words that may start a spoken number."""

CURRENCY_SIGNS = {
    "$": "dollars", "€": "euros", "£": "pounds", "¥": "yen", "₹": "rupees", "₩": "won", "₽": "rubles",
    "₺": "lira", "₿": "bitcoin", "₦": "naira", "₫": "dong", "₪": "shekels", "₴": "hryvnias", "₱": "pesos", "฿": "baht",
}  # fmt: skip
CURRENCY_CODES = {
    "usd": "dollars", "eur": "euros", "gbp": "pounds", "jpy": "yen", "inr": "rupees", "rs": "rupees", "krw": "won",
    "rub": "rubles", "btc": "bitcoin", "ils": "shekels", "mxn": "pesos", "cny": "yuan", "rmb": "yuan",
    "gbx": "pence", "chf": "swiss francs", "pln": "zlotys", "cad": "canadian dollars", "aud": "australian dollars",
    "sek": "swedish kronor", "nok": "norwegian kroner", "dkk": "danish kroner", "brl": "reais", "zar": "rand",
    "nzd": "new zealand dollars", "hkd": "hong kong dollars", "sgd": "singapore dollars",
}  # fmt: skip
"""Currency names that may precede an amount: `USD 5`."""
_CURRENCIES = """
    dollars dollar usd | euros euro eur | pounds pound gbp | yen | rupees rupee | won | rubles ruble rouble roubles |
    lira | bitcoin bitcoins btc | shekels shekel | hryvnias hryvnia | pesos peso | naira | baht | yuan | francs franc |
    zlotys zloty | kronor krona | kroner krone | reais real
"""
CURRENCIES = {word: words[0] for words in map(str.split, _CURRENCIES.split("|")) for word in words}
AFTER_CENTS = frozenset(
    """| to through and or but per a an each for from versus vs in at on of the is was up down this last compared today
    yesterday tomorrow""".split()
)
"""Words after `a dollar five`, where five is not the number of something."""
CENTS = {"cent": "dollars", "cents": "dollars", "pence": "pounds", "penny": "pounds"}

_UNIT_ABBREVIATIONS = {
    "kilometer": "km kms", "centimeter": "cm cms", "millimeter": "mm", "kilogram": "kg kgs", "milligram": "mg mgs",
    "pound": "lb lbs", "ounce": "oz", "inch": "in.", "yard": "yd yds", "hour": "hr hrs", "minute": "min mins",
    "second": "sec secs", "millisecond": "ms msec", "gigabyte": "gb", "megabyte": "mb", "kilobyte": "kb",
    "terabyte": "tb", "milliliter": "ml", "kilowatt": "kw", "megawatt": "mw", "gigawatt": "gw", "degree": "deg",
    "week": "wk wks", "year": "yr yrs", "barrel": "bbl bbls", "month": "mo mos", "tablespoon": "tbsp",
    "teaspoon": "tsp", "microgram": "mcg", "kilowatt hour": "kwh", "megawatt hour": "mwh", "gigawatt hour": "gwh",
    "terawatt hour": "twh", "hectare": "ha", "terawatt": "tw",
}  # fmt: skip
UNITS = {
    **{
        spelling: (unit, f"{unit}s")
        for unit, spellings in _UNIT_ABBREVIATIONS.items()
        for spelling in spellings.split()
    },
    "ft": ("foot", "feet"), "pp": ("percentage point", "percentage points"),
    "khz": ("kilohertz",) * 2, "mhz": ("megahertz",) * 2, "ghz": ("gigahertz",) * 2, "hz": ("hertz",) * 2,
    "pct": ("percent",) * 2, **dict.fromkeys(("bp", "bps", "bip", "bips"), ("basis points",) * 2), "x": ("times",) * 2,
    "fps": ("frame per second", "frames per second"),
    "mph": ("mile per hour", "miles per hour"),
    **dict.fromkeys(("kmh", "kph"), ("kilometer per hour", "kilometers per hour")),
}  # fmt: skip
"""Abbreviation after a number -> singular and plural unit."""

_MONTHS = """
    january jan | february feb | march mar | april apr | may | june jun | july jul | august aug | september sep sept |
    october oct | november nov | december dec
"""
MONTHS = {spelling: names[0] for names in map(str.split, _MONTHS.split("|")) for spelling in names}
MONTH_NAMES = tuple(dict.fromkeys(MONTHS.values()))

ABBREVIATIONS = {
    "mr": "mister", "mrs": "missus", "dr": "doctor", "prof": "professor", "capt": "captain", "gov": "governor",
    "jr": "junior", "sr": "senior", "vs": "versus", "inc": "incorporated", "corp": "corporation", "ltd": "limited",
    "approx": "approximately", "dept": "department", "etc": "et cetera", "etcetera": "et cetera", "ave": "avenue",
    "blvd": "boulevard", "assoc": "associate", "asst": "assistant", "esq": "esquire",
}  # fmt: skip
DOTTED_ABBREVIATIONS = {
    "rep": "representative", "gen": "general", "col": "colonel", "hon": "honorable", "rev": "reverend",
    "pres": "president", "sen": "senator", "lt": "lieutenant", "co": "company", "mt": "mount", "rd": "road",
    "ald": "alderman", "sgt": "sergeant", "cos": "companies",
}  # fmt: skip
"""Abbreviations only with a full stop; without it, these are words or names."""

VARIANTS = {
    "ok": "okay", "alright": "all right", "cannot": "can not", "gonna": "going to", "wanna": "want to",
    "gotta": "got to", "kinda": "kind of", "sorta": "sort of", "dunno": "do not know", "lemme": "let me",
    "gimme": "give me", "outta": "out of", "imma": "i am going to", "woulda": "would have", "coulda": "could have",
    "shoulda": "should have", "cuz": "because", "coz": "because", "thru": "through", "tho": "though", "cos": "because",
    "mhm": "mhm", "dont": "do not", "didnt": "did not", "doesnt": "does not", "isnt": "is not", "arent": "are not",
    "wasnt": "was not", "werent": "were not", "couldnt": "could not", "wouldnt": "would not", "shouldnt": "should not",
    "hasnt": "has not", "havent": "have not", "hadnt": "had not", "cant": "can not", "wont": "will not", "im": "i am",
    "ive": "i have", "youre": "you are", "theyre": "they are", "weve": "we have", "youve": "you have",
    "theyve": "they have", "thats": "that is", "whats": "what is", "theres": "there is", "hes": "he is",
    "shes": "she is", "lets": "let us", "yall": "you all", "grey": "gray", "adviser": "advisor", "percent": "percent",
    "ageing": "aging", "judgement": "judgment", "whilst": "while", "amongst": "among", "towards": "toward",
    "cancelation": "cancellation", "nope": "nope", "mic": "mic",
    "maam": "madam", "donut": "doughnut", "donuts": "doughnuts", "kilos": "kilograms",
    "ii": "2", "iii": "3", "vii": "7", "viii": "8", "xii": "12", "xiii": "13", "xiv": "14", "xvi": "16",
}  # fmt: skip
INITIALS_LIKE_WORDS = {"us": "u.s", "er": "e.r", "apr": "a.p.r"}
"""Initials that are also words when written without full stops."""
HESITATIONS = frozenset("uh uhh uhm um umm erm er hm hmm hmmm mm mmm eh".split())

_COMPOUNDS = """
    watch list, watch lists, health care, data set, data sets, data base, data bases, web site, web sites, web page,
    web pages, cell phone, cell phones, smart phone, smart phones, smart watch, lap top, desk top,
    e mail, e mails, e commerce, home page, time line, time frame, work force, work place, work flow, pay roll,
    pay check, share holder, share holders, stock holder, stock holders, stake holder, stake holders, head line,
    head lines, head quarters, break even, turn around, start up, start ups, sell off, sell offs, buy back, buy backs,
    pay out, pay outs, spin off, spin offs, trade off, trade offs, follow up, back up, check list, book mark, pass word,
    pass words, user name, video game, black berry, air line, air lines, air port, air ports, air plane,
    black rock, fed ex, face book, you tube, pay pal, linked in, micro soft, door dash, snow flake, power point,
    face time, air bnb, world wide, nation wide, good bye, ice cream,
    living room, bed room, note book, note books, play list, play lists, pod cast, pod casts, news letter,
    news letters, news paper, news papers, week end, week ends, week day, week days, blue chip,
    key word, key words, code base, life time, real time, full time,
    part time, t shirt, t shirts, x ray, x rays, long term, short term, high tech, co founder, co worker, co workers,
    decision maker, crypto currency, jp morgan, wi fi
"""
COMPOUNDS = {tuple(words): "".join(words) for words in (one.split() for one in _COMPOUNDS.split(","))}
"""Word pairs that are also written as one word."""
COMPOUND_STARTS = frozenset(first for first, _ in COMPOUNDS)
JOINING_PREFIXES = frozenset("non anti multi semi pre inter mid".split())
"""Prefixes written apart, with a hyphen, or joined to the next word."""
HYPHEN_PREFIXES = ("co", "post", "sub", "over", "under", "ultra", "micro", "bio", "cyber", "crypto", "e")
"""Prefixes joined to the next word if hyphenated."""
RULERS = frozenset(
    """alexander alfonso andrew benedict boniface catherine charles christian clement edward elizabeth ferdinand francis
    frederick george gregory gustav henry ivan james john julius leo leopold louis napoleon nicholas paul peter philip
    pius ramses richard urban victoria william""".split()
)
"""First names that a number follows, as in `Henry VIII` and `henry the eighth`."""
NUMBERED = frozenset("title phase chapter article volume tier act".split())
"""Nouns that a Roman numeral follows."""
ROMAN = {"iv": "4", "vi": "6", "ix": "9", "xi": "11", "xv": "15"}
"""Numerals that are read as numbers only after the name of a ruler."""
ZONES = {"e": "eastern", "c": "central", "m": "mountain", "p": "pacific"}
"""First letter of a time zone in the United States -> its name."""
