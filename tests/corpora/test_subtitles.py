"""Tokens of subtitles are joined, and joined text stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.corpora.subtitles import join_tokens


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("You got to call an ambulance , man .", "You got to call an ambulance, man."),
        ("This isn 't fair ! You can 't stop me !", "This isn't fair! You can't stop me!"),
        ("I 've seen it , we 'RE here .", "I've seen it, we'RE here."),
        ("PersonX does n't go", "PersonX doesn't go"),
        ("I can n't", "I can't"),
        ("I ca n't", "I can't"),
        ("No ... wait . . .", "No... wait..."),
        ("What ? ! No !", "What?! No!"),
        ("It is 5 : 03 , ma 'am .", "It is 5:03, ma'am."),
        ("at nine o 'clock , Mr. O 'Brien", "at nine o'clock, Mr. O'Brien"),
        ("He 's doin ' it ain 't he", "He's doin' it ain't he"),
        ("Get ' em , y 'all !", "Get 'em, y'all!"),
        ("You wan na go ? I got ta .", "You wanna go? I gotta."),
        ("100 % for $ 5 ( laughs )", "100% for $5 (laughs)"),
        ("my mother 's house", "my mother's house"),
        ('Have you seen " Gladiator " ?', 'Have you seen " Gladiator "?'),
        ("a .45 and .5 more", "a .45 and .5 more"),
        ("... And then ?", "... And then?"),
        ("a  b\t c\n", "a b c"),
        ("he said 'tis", "he said 'tis"),
        ("", ""),
    ],
)
def test_joined(tokens, text):
    assert join_tokens(tokens) == text


@given(st.text("ab n't'.,?!: 3$()wgoan", max_size=30))
def test_no_character_is_lost_and_a_second_time_changes_nothing(text):
    once = join_tokens(text)
    assert join_tokens(once) == once
    if "can n't" not in text.lower():
        assert once.replace(" ", "") == text.replace(" ", "")
