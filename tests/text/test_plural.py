from voicelab.text.plural import counted, listed


def test_one_is_singular_and_thousands_are_separated():
    assert [counted(count, "sample") for count in (0, 1, 2000)] == ["0 samples", "1 sample", "2,000 samples"]


def test_long_lists_end_with_the_number_of_the_others():
    assert [listed("abc", most=most) for most in (1, 3)] == ["a and 2 more", "a, b, c"]
