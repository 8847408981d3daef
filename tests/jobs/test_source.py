"""The rows of a file as items to annotate."""

import pytest

from emoscope.jobs.source import Source


@pytest.mark.parametrize("typed", [False, True])
def test_rows_of_jsonl_have_their_ids_though_the_first_has_none(tmp_path, typed):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n{"id": "r1", "text": "b"}\n[1]\n{"text": "c"}\n')
    with Source(path).opened(typed=typed) as source:
        assert [item.id for item in source.items()] == ["1", "r1", "3", "4"]


def test_an_id_that_is_no_column_of_its_own_is_none(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a text"}\n')
    with Source(path, turns=("id",)).opened() as source:
        assert [(item.id, item.turns) for item in source.items()] == [("1", ["a text"])]
