import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from emoscope.calibration import Calibration
from emoscope.errors import InputError
from emoscope.files import MAX_JSON_BYTES, read_json, write_text
from emoscope.folder import (
    CONFIG,
    PREPROCESSING,
    WEIGHTS,
    ModelFolder,
    complete_folder,
    resolve_folder,
)
from emoscope.inference.annotator import load
from emoscope.taxonomy import Taxonomy


@pytest.fixture
def model(trained, tmp_path):
    """A copy of a trained model's folder, to be damaged."""
    shutil.copytree(trained.folder / "seed-0" / "model", tmp_path / "model")
    return tmp_path / "model"


def edit(path, **changes):
    """Change fields of a JSON file; None removes one."""
    values = json.loads(path.read_text(encoding="utf-8")) | changes
    kept = {name: value for name, value in values.items() if value is not None}
    path.write_text(json.dumps(kept), encoding="utf-8")


def test_what_training_wrote_is_read(model, trained):
    opened = ModelFolder.open(model)
    assert opened.path == model
    assert opened.model_type == "nelec"
    assert opened.taxonomy == Taxonomy.load("emocontext")
    assert opened.calibration.temperature > 0
    assert len(opened.calibration.prior_shift) == 4
    assert opened.preprocessing["max_length"] == trained.recipe.text.max_length
    assert opened.config["problem_type"] == "single_label_classification"
    assert {path.name for path in model.iterdir()} == {
        "config.json",
        "model.safetensors",
        "vocabulary.json",
        "preprocessing.json",
        "README.md",
    }


@pytest.mark.parametrize("exclusive", [True, False])
def test_round_trip(tmp_path, exclusive):
    labels = Taxonomy.load("ekman").labels
    taxonomy = Taxonomy("mine", labels, exclusive=exclusive, ignored=(labels[0].name,))
    numbers = tuple(float(k) for k in range(len(labels)))
    # Thresholds are of labels that do not exclude each other, a shift of those that do.
    several = Calibration(
        1.7,
        thresholds=numbers,
        shares=tuple(number / 10 for number in numbers),
        groups=((("anger", "fear"), 0.4), (("anger", "fear", "joy"), 0.3)),
        untrained_shift=-1.5,
        untrained_threshold=0.2,
        untrained_share=0.01,
    )
    calibration = Calibration(1.7, numbers) if exclusive else several
    write_text(tmp_path / CONFIG, '{"model_type": "nelec", "hidden_size": 3}')
    complete_folder(tmp_path, taxonomy, calibration, {"encoder": "plain", "café": 1}, "# Card\n")
    opened = ModelFolder.open(str(tmp_path))
    assert (opened.taxonomy, opened.calibration) == (taxonomy, calibration)
    assert opened.preprocessing == {"encoder": "plain", "café": 1}
    assert opened.config["hidden_size"] == 3
    kind = "single" if exclusive else "multi"
    assert opened.config["problem_type"] == f"{kind}_label_classification"
    assert (tmp_path / "README.md").read_text() == "# Card\n"
    assert not list(tmp_path.glob(".*"))


def test_a_folder_may_say_which_languages_its_model_reads(model):
    assert ModelFolder.open(model).languages == ()
    assert load(model).languages == ()
    edit(model / CONFIG, languages=["en", "de"])
    assert ModelFolder.open(model).languages == ("en", "de")
    assert load(model).languages == ("en", "de")
    for wrong in ("en", ["en", 3], {"en": True}):
        edit(model / CONFIG, languages=wrong)
        with pytest.raises(
            InputError, match=r"config\.json: expected as languages a list of codes"
        ):
            ModelFolder.open(model)


def test_a_folder_older_than_thresholds_is_read(model):
    before = ModelFolder.open(model).calibration
    values = json.loads((model / CONFIG).read_text(encoding="utf-8"))["calibration"]
    values = {name: values[name] for name in ("temperature", "prior_shift")}
    edit(model / CONFIG, calibration=values)
    opened = ModelFolder.open(model).calibration
    assert opened == before
    assert opened.thresholds == ()


def test_a_training_with_one_run_is_its_model(trained):
    run = trained.folder / "seed-0"
    for path in (trained.folder, run, run / "model"):
        assert resolve_folder(path) == run / "model"


def test_of_several_runs_one_is_to_be_named(trained, tmp_path):
    for number in (1, 2):
        shutil.copytree(trained.folder / "seed-0", tmp_path / f"seed-{number - 1}")
    with pytest.raises(InputError, match=r"several runs; name one of them: .*seed-0, .*seed-1"):
        resolve_folder(tmp_path)
    assert resolve_folder(tmp_path / "seed-1") == tmp_path / "seed-1" / "model"
    # Of a training that is not through only what is finished counts.
    shutil.rmtree(tmp_path / "seed-1" / "model")
    assert resolve_folder(tmp_path) == tmp_path / "seed-0" / "model"


@pytest.mark.parametrize("place", [".", "nowhere", "file.txt"])
def test_no_model_is_said(tmp_path, place):
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(InputError, match=r"No model at .*: expected a folder with config\.json"):
        load(tmp_path / place)


@pytest.mark.parametrize("name", [CONFIG, PREPROCESSING])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b'{"model_type": "nel', "is not JSON"),
        (b"\xff\xfe{}", "is not JSON"),
        (b"[1]", "expected a JSON object"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_a_damaged_json_is_named(model, name, content, message):
    (model / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        load(model)
    assert str(model / name) in str(caught.value)


def test_a_missing_or_unreadable_file_is_named(model):
    (model / PREPROCESSING).unlink()
    with pytest.raises(InputError, match=r"preprocessing\.json is missing"):
        load(model)
    (model / PREPROCESSING).mkdir()
    with pytest.raises(InputError, match=r"preprocessing\.json: expected a regular"):
        load(model)


def test_a_huge_json_is_not_read(tmp_path):
    with (tmp_path / "big.json").open("wb") as file:
        file.truncate(MAX_JSON_BYTES + 1)
    with pytest.raises(InputError, match="expected at most"):
        read_json(tmp_path / "big.json")


LABELS = {"0": "others", "1": "happy", "2": "sad", "3": "angry"}
FOUR_NUMBERS = "a prior_shift, thresholds and shares of 4 numbers"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": None}, "lacks model_type"),
        ({"taxonomy": None, "calibration": None}, "lacks taxonomy, calibration"),
        ({"id2label": LABELS | {"1": "sad", "2": "happy"}}, "id2label .* differ"),
        ({"id2label": LABELS | {"4": "calm"}}, "id2label .* differ"),
        ({"id2label": {"0": "others", "9": "happy"}}, "id2label .* differ"),
        ({"id2label": ["others", "happy", "sad", "angry"]}, "id2label .* differ"),
        ({"taxonomy": {"name": "mine"}}, "lacks labels"),
        ({"taxonomy": "emocontext"}, "must be a mapping"),
        ({"calibration": {"temperature": 0, "prior_shift": []}}, "temperature from"),
        ({"calibration": {"temperature": "1e", "prior_shift": []}}, "temperature from"),
        ({"calibration": {"temperature": 1, "prior_shift": [1, 2]}}, FOUR_NUMBERS),
        ({"calibration": {"temperature": 1}}, FOUR_NUMBERS),
        ({"calibration": {"temperature": 1, "prior_shift": [], "thresholds": [0.5]}}, FOUR_NUMBERS),
        ({"calibration": {"temperature": 1, "prior_shift": [], "thresholds": 0.5}}, FOUR_NUMBERS),
        (
            {"calibration": {"temperature": 1, "prior_shift": [], "thresholds": [0.5, "x", 0, 0]}},
            FOUR_NUMBERS,
        ),
        (
            {"calibration": {"temperature": 1, "prior_shift": [], "thresholds": [0, 0, 0, 1e999]}},
            FOUR_NUMBERS,
        ),
        ({"calibration": [1]}, "calibration"),
        *(
            ({"calibration": {"temperature": 1, "prior_shift": []} | more}, FOUR_NUMBERS)
            for more in (
                {"shares": [0.5]},
                {"shares": [0, 0, 0, 2]},
                {"untrained_shift": 1e999},
                {"untrained_threshold": "high"},
                {"untrained_threshold": float("nan")},
                {"untrained_share": 0},
                {"groups": [["sad", "angry"]]},
                {"groups": [[["sad", "glad"], 0.5]]},
                {"groups": [[["sad"], 0.5]]},
                {"groups": [[["sad", "sad"], 0.5]]},
                {"groups": [[["sad", "angry"], float("nan")]]},
                {"groups": [[["sad", "angry"], 0.5], [["angry", "sad"], 0.4]]},
            )
        ),
    ],
)
def test_an_edited_config_is_refused(model, changes, message):
    edit(model / CONFIG, **changes)
    with pytest.raises(InputError, match=message) as caught:
        load(model)
    assert str(model / CONFIG) in str(caught.value)


def test_an_unknown_kind_of_model_is_refused(model):
    edit(model / CONFIG, model_type="bert")
    with pytest.raises(InputError, match=r"no model of type 'bert'; known: nelec"):
        load(model)


@pytest.mark.parametrize("changes", [{"max_length": 0}, {"max_length": "35"}, {"truncation": "x"}])
def test_an_edited_preprocessing_is_refused(model, changes):
    edit(model / PREPROCESSING, **changes)
    with pytest.raises(InputError, match="Expected preprocessing with a max_length"):
        load(model)
    edit(model / PREPROCESSING, max_length=35, truncation="start", steps=None)
    with pytest.raises(InputError, match="Expected a list of steps"):
        load(model)
    edit(model / PREPROCESSING, encoder="tokens")
    with pytest.raises(InputError, match=r"preprocessing\.json: no encoder 'tokens'; known: plain"):
        load(model)


@pytest.mark.parametrize("content", [None, b"", b"x" * 100, "cut"])
def test_missing_or_damaged_weights_are_named(model, content):
    weights = model / WEIGHTS
    if content is None:
        weights.unlink()
    else:
        weights.write_bytes(weights.read_bytes()[:-40] if content == "cut" else content)
    with pytest.raises(InputError, match=r"is missing|cannot be read") as caught:
        load(model)
    assert str(weights) in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_size": 5},
        {"hidden_size": "large"},
        {"vocabulary_size": 5},
        {"extension_size": 5},
        {"output_hidden": False},
        {"attention": "additive"},
        {"attention": "none"},
        {"pooled_turns": 1},
    ],
)
def test_weights_of_another_shape_are_refused(model, changes):
    edit(model / CONFIG, **changes)
    with pytest.raises(InputError, match=r"config\.json") as caught:
        load(model)
    assert str(model) in str(caught.value)


@pytest.mark.parametrize("change", ["missing", "further", "shape"])
def test_weights_that_were_edited_are_refused(model, change):
    tensors = load_file(model / WEIGHTS)
    if change == "missing":
        del tensors["classifier.bias"]
    elif change == "further":
        tensors["classifier.more"] = np.zeros(3, np.float32)
    else:
        tensors["classifier.bias"] = np.zeros(5, np.float32)
    save_file(tensors, model / WEIGHTS, metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"config\.json"):
        load(model)


def test_write_text_leaves_the_old_file_where_it_fails(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud83d")
    assert path.read_text() == "old"
