"""CSV is parsed by the csv rules, TSV line by line. Invalid rows are reported and never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.datasets import delimited
from voicelab.errors import InputError

TSV_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\t\r\n\0"), min_size=1)


def table(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return (delimited.read_tsv if path.suffix == ".tsv" else delimited.read)(path)


def rows(found):
    return [dict(row.values) for row in found.rows]


@given(cells=st.lists(st.tuples(TSV_CELLS, TSV_CELLS), min_size=1))
def test_every_character_of_a_tsv_cell_is_text(tmp_path_factory, cells):
    found = table(tmp_path_factory.getbasetemp(), "law.tsv", "one\ttwo\n" + "".join(f"{a}\t{b}\n" for a, b in cells))
    filled = [cell for cell in cells if "".join(cell).strip()]
    assert [tuple(row.values.values()) for row in found.rows] == filled


def test_a_line_break_in_a_quoted_csv_cell_stays(tmp_path):
    found = table(tmp_path, "a.csv", 'id,text\n1,"two\nlines"\n2,"a, ""b"""\n')
    assert rows(found) == [{"id": "1", "text": "two\nlines"}, {"id": "2", "text": 'a, "b"'}]
    assert [row.number for row in found.rows] == [2, 4]


def test_other_separators_and_carriage_returns_are_read(tmp_path):
    assert rows(table(tmp_path, "a.csv", "id;text\n1;a, b\n")) == [{"id": "1", "text": "a, b"}]
    assert rows(table(tmp_path, "a.csv", "id|text\n1|a; b\n")) == [{"id": "1", "text": "a; b"}]
    for named in ("sep=;\n", '"sep=;"\r\n', "sep=;\r"):
        found = table(tmp_path, "a.csv", f"{named}id;text{named[-1]}1;a, b")
        assert rows(found) == [{"id": "1", "text": "a, b"}]
        assert found.rows[0].number == 3
    assert rows(table(tmp_path, "a.csv", "id,text\r1,a\r2,b\r")) == [
        {"id": "1", "text": "a"}, {"id": "2", "text": "b"},
    ]  # fmt: skip


def test_empty_rows_wide_cells_and_extra_columns_give_a_notice(tmp_path):
    found = table(tmp_path, "a.csv", "id,text,\n1,a,\n,,\n2,b,\n")
    assert rows(found) == [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]
    assert found.columns == ("id", "text")
    assert [notice.partition("a.csv: ")[2] for notice in found.notices] == [
        "line 3: empty rows were skipped",
        "line 1: an empty column without a name was dropped",
    ]
    wide = table(tmp_path, "a.csv", 'id,text\n1,"a\n2,b\n3,c"\n4,d\n')
    assert [notice.partition("a.csv: ")[2][:43] for notice in wide.notices] == [
        "line 2: a quoted cell has several lines; if"
    ]
    longer = table(tmp_path, "a.csv", "id,text\n1,a,,\n")
    assert rows(longer) == [{"id": "1", "text": "a"}]
    assert "line 2: empty cells beyond the header's columns" in longer.notices[0]


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("a.csv", "", "the file is empty; its first line must name the columns"),
        (
            "a.csv",
            "id,text\n1,a,b\n",
            r"line 2: 3 fields, but the header has 2; quote texts that contain a comma",
        ),
        ("a.csv", ",,\n1,2,3\n", "line 1: the first line must name the columns"),
        ("a.csv", "id,text\n1\n", r"line 2: 1 fields, but the header has 2"),
        ("a.csv", "id,\n1,x\n", "line 2: column 2 has a value, but no name in line 1"),
        ("a.csv", "id,id\n1,x\n", "two columns have the name 'id'"),
        ("a.csv", 'id,text\n1,"a" b\n', "line 2: not CSV"),
        ("a.csv", 'id,text\n1,a\n2,"b\n3,c\n', "line 3: not CSV"),
        ("a.csv", "id\ttext\n1\ta\n", "line 1: tabs separate the columns; rename the file to .tsv"),
        ("a.tsv", "id,text\n1,a\n", "line 1: no tab separates the columns; rename the file to .csv"),
        ("a.tsv", "id\ttext\n1\ta\tb\n", "line 2: 3 fields, but the header has 2; remove tabs"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, name, text, complaint):
    with pytest.raises(InputError, match=complaint):
        table(tmp_path, name, text)
