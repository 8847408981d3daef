"""Files of trees are checked before LightGBM reads them."""

import re

import pytest

from emoscope.errors import InputError
from emoscope.folder import ModelFolder
from emoscope.models.combiner.backend import load_combiner
from emoscope.models.combiner.trees import TREES, check_trees


@pytest.fixture(scope="module")
def text(trained):
    return (ModelFolder.open(trained).path / TREES).read_text()


@pytest.fixture(scope="module")
def width(trained):
    return len(load_combiner(ModelFolder.open(trained)).features.columns)


def resized(text: str) -> str:
    """The text with the sizes that its trees have, so that another check finds what is wrong."""
    _, *blocks = re.split(r"^(?=Tree=\d+$)", text, flags=re.MULTILINE)
    sizes = [str(len(block.partition("end of trees")[0])) for block in blocks]
    return re.sub(r"^tree_sizes=.*$", f"tree_sizes={' '.join(sizes)}", text, flags=re.MULTILINE)


def first(field, change):
    """Changes the first line of a field."""
    return lambda text: re.sub(
        rf"^{field}=(.*)$", lambda found: f"{field}={change(found[1])}", text, count=1, flags=re.M
    )


def test_what_training_writes_is_right(text, width, tmp_path):
    check_trees(text, tmp_path, width, 4)
    check_trees(resized(text), tmp_path, width, 4)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (first("max_feature_idx", lambda _: "3"), "features"),
        (first("num_class", lambda _: "3"), "labels"),
        (first("split_feature", lambda x: "99999 " + x.partition(" ")[2]), "tree 0"),
        (first("split_feature", lambda x: "-1 " + x.partition(" ")[2]), "tree 0"),
        (first("left_child", lambda x: "0 " + x.partition(" ")[2]), "tree 0"),
        (first("right_child", lambda x: "99 " + x.partition(" ")[2]), "tree 0"),
        (first("left_child", lambda x: x.rpartition(" ")[0]), "tree 0"),
        (first("leaf_value", lambda x: "nan " + x.partition(" ")[2]), "tree 0"),
        (first("leaf_value", lambda x: "x " + x.partition(" ")[2]), "tree 0"),
        (first("num_leaves", lambda _: "9999999999"), "tree 0"),
        (first("num_cat", lambda _: "1"), "tree 0"),
        (first("decision_type", lambda x: "1 " + x.partition(" ")[2]), "tree 0"),
        (lambda text: text[: len(text) // 2], "end of trees"),
        (lambda text: "", "features"),
    ],
)
def test_an_edited_file_is_refused(edit, told, text, width, tmp_path):
    changed = resized(edit(text)) if told != "end of trees" else edit(text)
    assert changed != text
    with pytest.raises(InputError, match=rf"{TREES}.*{told}.*train the model again"):
        check_trees(changed, tmp_path / TREES, width, 4)


def test_sizes_that_lead_elsewhere_are_refused(text, width, tmp_path):
    with pytest.raises(InputError, match="tree_sizes"):
        check_trees(first("tree_sizes", lambda x: "1 " + x)(text), tmp_path, width, 4)
