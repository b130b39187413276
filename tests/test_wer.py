import jiwer
from hypothesis import given
from hypothesis import strategies as st

from companion.measure.wer import wer, words


def test_case_and_punctuation_do_not_count():
    assert words("It's Sam’s dog, REX!") == ["it's", "sam's", "dog", "rex"]
    assert wer("What is my dog called?", "what is my dog called") == 0


def test_each_kind_of_error_counts_once():
    assert wer("a b c d", "a x c") == 0.5
    assert wer("", "word") == 1.0
    assert wer("", "") == 0.0


@given(
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=8),
    st.lists(st.sampled_from("abcd"), max_size=8),
)
def test_it_agrees_with_jiwer(reference, hypothesis):
    assert wer(" ".join(reference), " ".join(hypothesis)) == jiwer.wer(
        " ".join(reference), " ".join(hypothesis)
    )
