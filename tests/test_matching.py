"""Which texts name an entity and which do not, in the ways that people say and recognizers write things."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests import spoken
from voicelab.cli import app
from voicelab.metrics.matching import CLASSES, found, kind_of, known_class
from voicelab.metrics.matching.tokens import tokenize

NAMED = """
    WZH-89B | w z h eight nine b
    WZH-89B | my code is W Z H 89 B thanks
    WZH-89B | wzh89b
    WZH-89B | w as in whiskey z as in zulu h dash eight nine b as in bravo
    WZH-89B | whiskey zulu hotel eighty nine bravo
    WZH-89B | double u zee h eight nine b
    919 | flight nine nineteen
    919 | flight nine one nine
    919 | flight 919
    919 | nine hundred nineteen
    919 | nine hundred and nineteen
    $212.50 | two hundred twelve dollars and fifty cents
    $212.50 | two hundred and twelve dollars fifty
    $212.50 | two twelve fifty
    $212.50 | it costs 212.50
    $212.50 | 212 dollars and 50 cents
    $19.99 | nineteen ninety nine
    $19.99 | nineteen dollars ninety nine
    $1.5 million | one point five million dollars
    $1.5 million | a million and a half dollars
    $1.5M | 1.5 million dollars
    $20k | twenty thousand dollars
    $5,000 | five grand
    $50 | fifty bucks
    $0.50 | fifty cents
    50 cents | $0.50
    $1.50 | a buck fifty
    €20 | twenty euros
    £5.50 | five pounds fifty
    $100 | a hundred dollars
    two hundred dollars | $200
    2026-03-03 | march third twenty twenty six
    3/3/26 | march third twenty twenty six
    2026-03-03 | 3/3/26
    2026-03-03 | March 3, 2026
    2026-03-03 | the third of march two thousand twenty six
    2026-03-03 | 3 march 2026
    2026-03-03 | three three twenty six
    March 3 | march third
    March 3rd | on 3/3/2026
    May 5 | may fifth
    January 15, 2024 | january fifteenth twenty twenty four
    January 15, 2024 | jan 15 2024
    December 31 | thirty first of december
    December 31 | december thirty first
    March 2026 | march twenty twenty six
    Monday | see you on mondays
    Monday, March 3 | monday march third
    4:30 | half past four
    4:30 | four thirty
    4:30 pm | four thirty p.m.
    4:30 pm | four thirty in the afternoon
    4:30 PM | sixteen thirty
    4:30 | 4:30pm
    4:30 | at 430
    4:45 | quarter to five
    4:15 | quarter past four
    6:40 | twenty to seven
    5 pm | five o'clock
    5 pm | five pm
    5pm | 5 p m
    9:05 | nine oh five
    12:00 pm | noon
    16:30 | 4:30 pm
    Ann | Ann's here
    15 | fifteen
    one | 1
    1 | one
    2.5 | two point five
    1,500,000 | one point five million
    1.5 million | one and a half million
    77 | double seven
    007 | double oh seven
    3rd | third
    21st | twenty first
    25 | twenty five
    30 minutes | thirty minutes
    30 second | thirty second timer
    415-555-1212 | four one five five five five one two one two
    (415) 555-1212 | 415 555 1212
    415-555-1212 | four fifteen five fifty five twelve twelve
    415-555-1212 | four one five, triple five, one two one two
    +1 415-555-1212 | four one five five five five one two one two
    800-555-1212 | eight hundred five five five one two one two
    555-1212 | five five five one two one two
    15% | fifteen percent
    15% | 15 per cent
    2.5% | two and a half percent
    2.5% | two point five percent
    5% | five to ten percent
    0.5% | half a percent
    NVIDIA | nvidia's stock
    Nvidia | NVIDIAs earnings
    watchlist | watch list
    watch list | watch-list
    JPMorgan | J.P. Morgan
    JP Morgan | j p morgan
    J.P. Morgan Chase | jpmorgan chase
    AT&T | a t and t
    AT&T | AT and T
    AT&T | at&t
    AT&T | a t t
    S&P 500 | s and p five hundred
    S&P 500 | s p five hundred
    McDonald's | mcdonalds
    McDonald's | mcdonald's
    Mr. Smith | mister smith
    Dr. Jones | doctor jones
    St. Louis | saint louis
    123 Main St. | one twenty three main street
    123 Main St | 123 Main Street
    7-Eleven | seven eleven
    3M | three m
    Forever 21 | forever twenty one
    Beyoncé | beyonce
    Zoë Müller | zoe muller
    NVDA | n v d a
    NVDA | N.V.D.A.
    NVDA | nvda
    IBM | i b m
    IBM | i.b.m.
    Apple | apples and oranges
    news | the latest NEWS about
    eBay | e bay
    iPhone | i phone
    T-Mobile | tmobile
    T-Mobile | t mobile
    Coca-Cola | coca cola
    Wal-Mart | walmart
    Procter & Gamble | procter and gamble
    john.smith@gmail.com | john dot smith at gmail dot com
    Smith | s m i t h
    Q3 | third quarter
    Q3 | q three
    1990s | nineteen nineties
    1999 | nineteen ninety nine
    2026 | twenty twenty six
    2005 | two thousand five
    2005 | two thousand and five
    twenty-five | 25
    -5 | minus five
    -5 | negative five
    Flight UA 1234 | flight u a twelve thirty four
    Route 66 | route sixty six
    gate B12 | gate b twelve
    A12 | a twelve
    Room 305 | room three oh five
    ABC-123 | a b c one two three
    ABC123 | abc one twenty three
    apt 4B | apartment four b
    order number 00451 | order number zero zero four five one
    00451 | oh oh four five one
    John Smith | my name is john smith
    Sarah O'Connor | sarah oconnor speaking
    Sarah O'Connor | sarah o connor
    Jean-Luc Picard | jean luc picard
    MacDonald | mac donald
    van der Berg | vanderberg
    Bank of America | bank of america's
    American Express | american expresses
    Toys R Us | toys r us
    H&M | h and m
    H&M | h m
    Berkshire Hathaway Inc. | berkshire hathaway incorporated
    two tickets | I need 2 tickets please
    7 pm | 7:00 PM
    7 pm | seven in the evening
    7:15 | seven fifteen
    noon | 12 pm
    midnight | twelve a m
    8:00 | eight o'clock
    8:00 | at eight
    10 a.m. | ten am
    10:30 am | half past ten in the morning
    quarter past three | 3:15
    five thirty | 5:30
    tomorrow at 5 pm | tomorrow at five pm
    next friday | next Friday
    July 4th | july fourth
    July 4th | fourth of july
    july fourth | 7/4
    June 2nd 1998 | june second nineteen ninety eight
    06/02/1998 | june second ninety eight
    06/02/1998 | oh six oh two nineteen ninety eight
    06/02/1998 | six two ninety eight
    2/14/2025 | february fourteenth twenty twenty five
    October 10, 2023 | october tenth two thousand twenty three
    October 10, 2023 | 10/10/23
    2023-10-10 | the tenth of october twenty twenty three
    May | may i help you
    the 5th | the fifth
    $1,250 | twelve hundred fifty dollars
    $1,250 | one thousand two hundred fifty dollars
    $1,250 | one thousand two hundred and fifty
    $1,250.75 | one thousand two hundred fifty dollars and seventy five cents
    $3.99 | three ninety nine
    $3.99 | three dollars and ninety nine cents
    $45 | forty five dollars a month
    $2.5 billion | two and a half billion dollars
    $2.5 billion | 2.5bn dollars
    $2.5 billion | $2.5B
    $600 | six hundred
    $600 | 600 USD
    600 dollars | six hundred bucks
    £20 | twenty pounds
    75 cents | seventy five cents
    $0.75 | 75¢
    3.5% | three and a half percent
    3.5 percent | 3.5%
    3.75% | three and three quarters percent
    3.75% | three point seven five percent
    100% | a hundred percent
    4155551234 | four one five five five five one two three four
    4155551234 | (415) 555-1234
    1-800-555-0199 | one eight hundred five five five oh one nine nine
    90210 | nine oh two one oh
    90210 | nine zero two ten
    94103-1234 | nine four one oh three dash one two three four
    4242 | forty two forty two
    4242 | four two four two
    1123 | double one twenty three
    X7K9 | x seven k nine
    X7K9 | x7 k9
    AB1234 | a b one two three four
    AB1234 | alpha bravo twelve thirty four
    MSFT | m s f t
    GOOGL | g o o g l
    F | ticker F is up
    BRK.B | b r k dot b
    BRK.B | BRK B
    add | please add it
    latest | the latest
    order 66 | order sixty six
    Windows 11 | windows eleven
    Boeing 737 | boeing seven thirty seven
    Boeing 737 | boeing seven three seven
    flight AA 100 | flight a a one hundred
    1st street | first street
    42nd Street | forty second street
    5th Avenue | fifth ave
    2nd | second
    100th | one hundredth
    103rd | one hundred third
    thirty-third | 33rd
    1 million | a million
    a million | 1,000,000
    three thousand | 3000
    3k | three thousand
    1.2 million | one million two hundred thousand
    12.5 | twelve and a half
    12.5 | twelve point five
    0.05 | point oh five
    0.05 | zero point zero five
    3.14159 | three point one four one five nine
    1984 | nineteen eighty four
    1900 | nineteen hundred
    2000 | two thousand
    2010 | twenty ten
    30 | thirty something
    6 feet | six foot
    5 lbs | five pounds
    20 minutes | 20 mins
    twenty four hours | 24 hours
    www.example.com | www dot example dot com
    jane_doe@yahoo.com | jane underscore doe at yahoo dot com
    Netflix | net flix
    Chick-fil-A | chick fil a
    Wells Fargo | wellsfargo
    Apple Inc | apple inc.
    Ford | fords
    Kellogg's | kelloggs
    Ben & Jerry's | ben and jerrys
    L'Oréal | loreal
    L'Oréal | l'oreal
    P&G | p and g
    U.S. | us
    U.S. | u s
    New York | new, york
    COVID-19 | covid nineteen
    COVID-19 | covid 19
    F-150 | f one fifty
    F-150 | f 150
    A4 | a four
    Model 3 | model three
    Xbox 360 | xbox three sixty
    Formula 1 | formula one
    7UP | seven up
    G7 | g seven
    401k | four oh one k
    401(k) | four oh one k
    12345 | one two three four five
    12345 | twelve three forty five
    room 12 | room twelve
    8 8 1 2 | double eight one two
"""

NOT_NAMED = """
    WZH-89B | w z h eight nine d
    WZH-89B | w z h eight nine b seven
    19 | 919
    19 | nine nineteen
    9 | 919
    919 | nine ninety
    $212.50 | two hundred twelve dollars
    $212.50 | $212.05
    $50 | fifty euros
    $50 | fifty percent
    $50 | fifteen dollars
    $15 | fifty dollars
    $5 | five more minutes
    $100 | one hundred fifty dollars
    2026-03-03 | march fourth twenty twenty six
    2026-03-03 | march third
    March 3 | march thirteenth
    March 30 | march third
    Monday, March 3 | tuesday march third
    4:30 pm | four thirty am
    4:30 | four thirteen
    5:30 | half past four
    Ann | Anna called
    Anna | Ann called
    Anna | ann a lot
    fifteen | fifty
    15 | fifty
    3rd | three
    21st | twenty one
    100 | one hundred fifty
    5 | twenty five
    20 | twenty five
    30 minutes | thirteen minutes
    415-555-1212 | four one five five five five one two one three
    15% | fifty percent
    15% | fifteen dollars
    12 | $12.50
    30 | 4:30
    NVDA | nvidia
    Apple | pineapple
    new | news
    news | new
    Smith | Smythe
    Room 305 | room three fifty
    ABC-123 | a b c one two four
    451 | oh oh four five one
    John Smith | my name is jon smith
    Bank of America | bank in america
    Berkshire Hathaway Inc. | berkshire hathaway
    two tickets | I need twenty two tickets
    seven | 7:30 pm
    7 pm | seven a m
    7:15 | seven fifty
    five thirty | 5:13
    2/14/2025 | february fourteenth twenty twenty four
    January 1st | new years day
    $3.99 | three ninety eight
    $45 | forty four dollars
    $2.5 billion | two point five million dollars
    £20 | twenty dollars
    $10 | 10 percent
    12% | twelve point five percent
    4155551234 | area code 415 number 555-1234
    90210 | ninety two ten
    4242 | double forty two
    X7K9 | ex seven k nine
    MSFT | microsoft
    F | if i may
    add | additional
    remove | removed
    stock price | stock prices
    0.5 | half
    13 | thirty
    40 | fourteen
    16 | sixty
    Nvidia | in vidia
    Gap | gaps
    B2B | b to b
    Channel 4 | channel for
    WZH-89B | wzh-89bb
    12345 | one two three four six
    12345 | one two three four
    conf number 8 8 1 2 | eight eight one two
"""


def listed(table: str) -> list[tuple[str, str]]:
    return [tuple(part.strip() for part in line.split("|")) for line in table.strip().splitlines()]


@pytest.mark.parametrize(("entity", "text"), listed(NAMED))
def test_named(entity, text):
    assert found(entity, text)


@pytest.mark.parametrize(("entity", "text"), listed(NOT_NAMED))
def test_not_named(entity, text):
    assert not found(entity, text)


@pytest.mark.parametrize(
    ("entity", "text", "entity_class", "named"),
    [
        ("ten to six", "5:50", "time", True),
        ("Apple Inc.", "apple", "company", True),
        ("The Home Depot", "home depot", "company", True),
        ("Dr. Jane Smith", "jane smith", "person", True),
        ("Smith", "the smiths", "person", True),
        ("add", "added", "action word", False),
        ("buy", "i want to buy", "action", True),
        ("$12", "$12.50", "money", False),
        ("$3", "three", "money", False),
        ("$30", "thirty", "money", True),
        ("$30", "thirty minutes", "money", False),
        ("$1,000", "a grand", "money", True),
        ("9", "at nine", "time", True),
        ("5:00", "five", "time", False),
        ("4:30", "four thirty people", "time", True),
        ("2", "to", "number", False),
        ("Tuesday", "tuesdays", "date", True),
        ("2026", "march third twenty twenty six", "date", True),
        ("NVDA", "in vda", "ticker", False),
        ("MSFT", "ms ft", "ticker", True),
        ("tomorrow at 5 pm", "today at five pm", None, False),
        ("March 3 at 4 pm", "march third at four pm", None, True),
        ("March 3 at 4 pm", "march third at five pm", None, False),
        ("$50 gift card", "a fifty dollar gift card", None, True),
        ("$50 gift card", "fifty dollars", None, False),
        ("15", "fifteen", "a class that nobody knows", True),
    ],
)
def test_by_class(entity, text, entity_class, named):
    assert found(entity, text, entity_class) is named


NUMBERS = st.one_of(st.integers(0, 120), st.integers(0, 9999), st.integers(0, 10**12 - 1))
STYLES = st.sampled_from(spoken.NUMBER_STYLES)
OFTEN = settings(max_examples=300, deadline=None)


@OFTEN
@given(NUMBERS, STYLES, STYLES)
def test_a_number_is_found_in_every_style(number, mine, other):
    assert found(mine(number), f"i said {other(number)} to them", "number")


@OFTEN
@given(NUMBERS, NUMBERS, STYLES, STYLES)
def test_another_number_is_not_found(wanted, said, mine, other):
    assert found(mine(wanted), f"i said {other(said)} to them", "number") is (wanted == said)


@OFTEN
@given(st.integers(1000, 9999), st.integers(1000, 9999))
def test_numbers_said_in_pairs(wanted, said):
    assert found(str(wanted), f"flight {spoken.in_pairs(wanted)} is late")
    assert found(str(wanted), f"flight {spoken.in_pairs(said)} is late") is (wanted == said)


@OFTEN
@given(st.integers(1, 99_999), st.integers(0, 99), st.sampled_from([" and ", " "]))
def test_money(dollars, cents, link):
    written = f"${dollars:,}.{cents:02d}" if cents else f"${dollars:,}"
    rest = f"{link}{spoken.below_hundred(cents)} {'cent' if cents == 1 else 'cents'}" if cents else ""

    def said(amount):
        return f"it was {spoken.cardinal(amount)} {'dollar' if amount == 1 else 'dollars'}{rest} in all"

    assert found(written, said(dollars))
    assert found(said(dollars).removeprefix("it was ").removesuffix(" in all"), f"it was {written} in all")
    assert not found(written, said(dollars + 1))
    assert not found(written, said(dollars).replace("dollar", "euro"))


@OFTEN
@given(
    st.integers(1970, 2068),
    st.integers(1, 12),
    st.integers(1, 27),
    st.sampled_from(spoken.DATE_STYLES),
    st.sampled_from(spoken.DATE_STYLES),
)
def test_dates(year, month, day, mine, other):
    wanted = mine(year, month, day)
    assert found(wanted, f"see you on {other(year, month, day)} then", "date")
    assert not found(wanted, f"see you on {other(year, month, day + 1)} then", "date")
    assert not found(wanted, f"see you on {other(year, month % 12 + 1, day)} then", "date")
    assert not found(wanted, f"see you on {other(year + 1, month, day)} then", "date")


@OFTEN
@given(
    st.integers(1, 12),
    st.integers(1, 59),
    st.sampled_from(spoken.TIME_STYLES),
    st.sampled_from(spoken.TIME_STYLES),
)
def test_times(hour, minute, mine, other):
    wanted = mine(hour, minute)
    assert found(wanted, f"call me at {other(hour, minute)} please", "time")
    assert not found(wanted, f"call me at {other(hour, minute % 59 + 1)} please", "time")
    assert not found(wanted, f"call me at {other(hour % 12 + 1, minute)} please", "time")


@OFTEN
@given(st.from_regex(r"[B-HJ-Z]{2,3}[0-9]{2,3}[B-HJ-Z]?", fullmatch=True), st.sampled_from(["", "-"]))
def test_codes(code, hyphen):
    said = [spoken.SMALL[int(sign)] if sign.isdigit() else sign.lower() for sign in code]
    written = code[:2] + hyphen + code[2:]
    assert found(written, f"my code is {' '.join(said)} okay", "code")
    assert found(written, f"my code is {written.lower()} okay", "code")
    assert not found(written, f"my code is {' '.join(said)} six okay", "code")
    assert not found(written, f"my code is {' '.join(['a', *said[1:]])} okay", "code")


@OFTEN
@given(st.lists(st.from_regex(r"[A-Z][b-z]{3,7}", fullmatch=True), min_size=1, max_size=3))
def test_names_are_found_however_they_are_cut_and_inflected(words):
    name = " ".join(words)
    for text in (name.lower(), name.upper(), "-".join(words), "".join(words), f"{name}'s", f"{name}s", f"({name})"):
        assert found(name, f"tell {text} please", "company"), text
    assert not found(name, f"tell x{name} please", "company")
    assert not found(name, f"tell {name}x please", "company")


@OFTEN
@given(st.text(max_size=25), st.text(max_size=60), st.none() | st.sampled_from(CLASSES))
def test_any_text_has_an_answer_and_always_the_same(entity, text, entity_class):
    assert found(entity, text, entity_class) is found(entity, text, entity_class)


@pytest.mark.parametrize("entity", dict.fromkeys(entity for entity, _ in listed(NAMED)))
def test_an_entity_names_itself(entity):
    assert found(entity, f"well, {entity}, then")


def test_nothing_is_named_in_nothing():
    assert not found("Apple", "")
    assert not found("", "apple")
    assert not found("...", "...")


@pytest.mark.parametrize(
    ("entity", "kind"),
    [
        ("$5", "money"), ("five dollars", "money"), ("5%", "percent"), ("March 3", "date"), ("4:30", "time"),
        ("nineteen", "number"), ("415-555-1212", "number"), ("NVDA", "ticker"), ("WZH-89B", "code"), ("Anna", "name"),
        ("the latest", "name"),
    ],
)  # fmt: skip
def test_the_class_shows_in_the_writing(entity, kind):
    assert kind_of(entity, tokenize(entity, spoken=False)) == kind


def test_labels_of_classes_that_mean_the_same():
    assert known_class("ORG") == "company"
    assert known_class("phone_number") == "number"
    assert known_class("Action-Word") == "action word"
    assert known_class("weather") is None
    assert known_class(None) is None


def match(*arguments):
    return CliRunner().invoke(app, ["match", *map(str, arguments)])


def test_the_command_adds_found_to_each_line(tmp_path):
    rows = [
        {"entity": "919", "text": "flight nine nineteen", "note": "kept"},
        {"entity": "Apple", "text": "a pineapple", "class": "company"},
        {"entity": "Zoë", "text": "zoe", "class": None},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = match(tmp_path / "in.jsonl")
    assert done.exit_code == 0
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    assert printed == [row | {"found": hit} for row, hit in zip(rows, (True, False, True), strict=True)]
    assert "2 of 3 found" in done.stderr
    assert "company: 0 of 1" in done.stderr
    written = match(tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == done.stdout
    assert written.stdout == ""


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"entity": "a", "text": "b"}\nnot json\n', "line 2: not JSON"),
        ('{"entity": "a"}\n', "line 1: field 'text' is missing"),
        ('{"entity": 5, "text": "b"}\n', "line 1: field 'entity' must be a text, not 5"),
        ('{"entity": " ", "text": "b"}\n', "line 1: field 'entity' is empty"),
        ('{"entity": "a", "text": "b", "class": 1}\n', "line 1: field 'class' must be a text"),
        ("[]\n", "line 1: must be an object with fields"),
    ],
)
def test_a_bad_line_is_named(tmp_path, content, complaint):
    (tmp_path / "in.jsonl").write_text(content)
    done = match(tmp_path / "in.jsonl")
    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())


def test_matching_loads_nothing_heavy():
    program = "import sys; from voicelab.metrics.matching import found; found('5', 'five'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not set(loaded) & {"numpy", "torch", "jiwer", "pandas"}
