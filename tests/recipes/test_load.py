import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.recipes.load import MAX_BYTES, builtin_recipes, load_recipe, recipe_to_yaml
from emoscope.recipes.schedules import CyclicalSchedule
from emoscope.recipes.schema import Recipe

SHIPPED = ("nelec-emocontext", "nelec-report-keras", "nelec-report-pytorch", "nelec-sample")


def test_the_shipped_recipes_are_listed():
    assert set(SHIPPED) <= set(builtin_recipes())
    assert list(builtin_recipes()) == sorted(builtin_recipes())


@pytest.mark.parametrize("name", builtin_recipes())
def test_shipped_recipes_load_and_round_trip(name, tmp_path):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.description
    assert bool(recipe.needs) == (recipe.corpus.name != "sample")
    path = tmp_path / "copy.yaml"
    path.write_text(recipe_to_yaml(recipe), encoding="utf-8")
    assert load_recipe(str(path)) == recipe


def test_the_reports_settings():
    """What the report says of its two forms."""
    keras, torch = (load_recipe(f"nelec-report-{form}") for form in ("keras", "pytorch"))
    for recipe in (keras, torch):
        assert recipe.corpus.holdout.model_dump() == {"share": 0.2, "seed": 42}
        assert (recipe.text.max_length, recipe.text.truncation) == (35, "end")
        assert (recipe.vectors.max_size, recipe.vectors.unknown) == (15_000, "zeros")
        assert isinstance(recipe.training.schedule, CyclicalSchedule)
        assert recipe.training.schedule.mode == "exp_range"
        assert not recipe.training.keep_best
    assert (keras.model.shared_branches, keras.model.output_hidden) == (False, True)
    assert (torch.model.shared_branches, torch.model.output_hidden) == (True, False)


@pytest.mark.parametrize(
    ("override", "read", "expected"),
    [
        ("training.epochs=20", lambda r: r.training.epochs, 20),
        ("training.learning_rate=1e-3", lambda r: r.training.learning_rate, 0.001),
        ("training.patience=null", lambda r: r.training.patience, None),
        ("model.bidirectional=false", lambda r: r.model.bidirectional, False),
        ("name=a=b", lambda r: r.name, "a=b"),
        ("corpus.holdout.share=0.3", lambda r: r.corpus.holdout.share, 0.3),
        ("corpus.holdout={share: 0.4, seed: 1}", lambda r: r.corpus.holdout.share, 0.4),
        ("corpus.turns=[a, b]", lambda r: r.corpus.turns, ("a", "b")),
        ("prior.target={others: 1, sad: 3}", lambda r: r.prior.target, {"others": 1, "sad": 3}),
        ("training.schedule.kind=cosine", lambda r: r.training.schedule.kind, "cosine"),
    ],
)
def test_overrides(tmp_path, override, read, expected):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "{name: mine, corpus: {name: sample, holdout: {}}, model: {bidirectional: true}, "
        "training: {learning_rate: 0.2, patience: 3, schedule: {kind: linear}}}"
    )
    assert read(load_recipe(str(path))) != expected
    assert read(load_recipe(str(path), [override])) == expected


def test_later_overrides_win_and_the_rest_stays():
    recipe = load_recipe("nelec-sample", ["training.epochs=3", "training.epochs=4"])
    before = load_recipe("nelec-sample")
    training = before.training.model_copy(update={"epochs": 4})
    assert recipe == before.model_copy(update={"training": training})


def test_a_section_that_is_null_may_be_filled(tmp_path):
    """Every field stands in what `emoscope recipes NAME` prints, empty ones as null."""
    path = tmp_path / "mine.yaml"
    path.write_text(recipe_to_yaml(load_recipe("nelec-sample")), encoding="utf-8")
    recipe = load_recipe(str(path), ["corpus.holdout.share=0.3"])
    assert recipe.corpus.holdout.share == 0.3


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epoch=3", r"training\.epoch: no such field; is it 'training\.epochs'"),
        ("epochs=3", r"epochs: no such field; is it 'training\.epochs'"),
        ("trainings.epochs=3", "trainings: no such field; is it 'training'"),
        ("zzz=3", r"zzz: no such field \("),
        ("training.epochs=many", r"training\.epochs.*integer"),
        ("training.epochs=-1", r"training\.epochs.*greater than or equal to 0"),
        ("training.epochs=", r"training\.epochs"),
        ("training.learning_rate=.inf", r"training\.learning_rate.*finite"),
        ("training.learning_rate=.nan", r"training\.learning_rate"),
        ("model.dropout=1", r"model\.dropout.*less than 1"),
        (
            "model.type=transformer",
            r"model\.type: no model 'transformer'; known: nelec, demux, memo",
        ),
        ("model.attention=none", r"model\.attention.*feed_forward"),
        ("corpus.name=imdb", r"corpus\.name.*emocontext"),
        ("corpus.holdout.share=1.5", r"corpus\.holdout\.share"),
        ("text.truncation=middle", r"text\.truncation"),
        ("vectors.extension=-1", r"vectors\.extension"),
        ("prior.target={others: -1}", r"prior\.target.*others"),
        ("training.schedule={kind: square}", r"training\.schedule.*constant"),
        ("training.schedule={kind: cyclical, gamma: 2}", r"training\.schedule\.cyclical\.gamma"),
        ("training=fast", "training: "),
        ("training.epochs.more=3", "'epochs' is not a section"),
        ("training.epochs", r"expected section\.field=value"),
        ("=3", r"expected section\.field=value"),
        ("training.epochs=[3", "the value is not YAML"),
        ("name=2024-13-45", "the value is not YAML"),
    ],
)
def test_wrong_overrides_are_said(override, message):
    with pytest.raises(InputError, match=message):
        load_recipe("nelec-sample", [override])


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["transform=sqrt"], r"local_loss\.transform: has no effect on weights that are none"),
        (["plus_one=true"], r"local_loss\.plus_one: has no effect on weights that are none"),
        (["on=logits", "distance=cossim"], r"local_loss\.on: has no effect on .*cossim"),
        (["transform=sqrt", "plus_one=true", "weights=data"], None),
        (["on=logits", "distance=sq_diff"], None),
        (["on=predictions", "distance=cossim", "transform=identity", "plus_one=false"], None),
    ],
)
def test_fields_of_a_loss_that_have_no_effect_are_said(overrides, message):
    chosen = [f"objective.local_loss.{one}" for one in overrides]
    if message is None:
        load_recipe("nelec-sample", chosen)
        return
    with pytest.raises(InputError, match=message):
        load_recipe("nelec-sample", chosen)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["head=mlm", "combine_masks=concatenate"], r"model\.combine_masks: has no effect .*mlm"),
        (["head=ffn", "synonyms=sum"], r"model\.synonyms: has no effect .*set head to mlm"),
        (["head=projections", "synonyms=product"], r"model\.synonyms: has no effect"),
        (["head=mlm", "synonyms=sum", "combine_masks=sum"], None),
        (["head=ffn", "combine_masks=concatenate", "synonyms=mean"], None),
    ],
)
def test_fields_of_memo_that_have_no_effect_are_said(overrides, message):
    chosen = ["model={type: memo}", *(f"model.{one}" for one in overrides)]
    if message is None:
        load_recipe("nelec-sample", chosen)
        return
    with pytest.raises(InputError, match=message):
        load_recipe("nelec-sample", chosen)


def written(folder: Path, content: bytes) -> str:
    path = folder / "mine.yaml"
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name: [", "is not YAML"),
        (b"- name\n- corpus\n", "expected a mapping of sections"),
        (b"", "expected a mapping of sections"),
        (b"name: mine\n", "corpus: Field required"),
        (b"corpus: {name: sample}\n", "name: Field required"),
        (b"name: mine\ncorpus: {name: sample}\nepochs: 3\n", "epochs: no such field"),
        (b"name: caf\xe9\ncorpus: {name: sample}\n", "UTF-8"),
        (b"name: !!python/object/apply:os.getcwd []\n", "is not YAML"),
        (b"[" * 5000, "is not YAML"),
        (b"name: 2024-13-45\n", "is not YAML"),
        (b"1: 2\nname: mine\ncorpus: {name: sample}\n", "1: "),
    ],
)
def test_a_file_that_is_no_recipe_is_said(tmp_path, content, message):
    path = written(tmp_path, content)
    with pytest.raises(InputError, match=message) as caught:
        load_recipe(path)
    assert path in str(caught.value)


def test_a_missing_recipe_is_said_with_close_names(tmp_path):
    for name in ("nelec-simple", str(tmp_path / "nelec-sampel.yaml")):
        with pytest.raises(InputError, match=r"did you mean nelec-sample\b") as caught:
            load_recipe(name)
        assert name in str(caught.value)
    for name in ("zzz", str(tmp_path)):
        with pytest.raises(InputError, match="`emoscope recipes`") as caught:
            load_recipe(name)
        assert name in str(caught.value)


def test_a_huge_file_is_not_read(tmp_path):
    path = written(tmp_path, b"#" * (MAX_BYTES + 1))
    with pytest.raises(InputError, match="1,000,000 bytes"):
        load_recipe(path)


def test_a_recipe_does_not_change():
    recipe = load_recipe("nelec-sample")
    with pytest.raises(ValueError, match="frozen"):
        recipe.seed = 3


# PyYAML itself does not read back a NEL (U+0085) that it wrote.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85"), max_size=12)
schedules = st.one_of(
    st.just({"kind": "constant"}),
    st.fixed_dictionaries(
        {"kind": st.just("cyclical"), "maximum": st.floats(1e-12, 10, exclude_min=True)}
    ),
    st.fixed_dictionaries({"kind": st.just("cosine"), "warmup": st.floats(0, 0.99)}),
)


@given(
    name=texts,
    description=texts,
    seed=st.integers(),
    labels=st.none() | st.lists(texts),
    target=st.sampled_from(["none", "dev", "estimate"])
    | st.dictionaries(texts, st.floats(0, 1), min_size=1, max_size=3),
    schedule=schedules,
    steps=st.just("chat") | st.lists(texts | st.fixed_dictionaries({"name": texts})),
)
def test_yaml_round_trip(name, description, seed, labels, target, schedule, steps):
    values = {
        "name": name,
        "description": description,
        "seed": seed,
        "corpus": {"name": "tabular", "labels": labels},
        "text": {"steps": steps},
        "prior": {"target": target},
        "training": {"schedule": schedule},
    }
    recipe = Recipe.model_validate(values)
    assert Recipe.model_validate(yaml.safe_load(recipe_to_yaml(recipe))) == recipe


def test_a_field_of_an_item_of_a_list_is_set_by_its_number():
    recipe = load_recipe("demux-ec-to-ar", ["mix.corpora.1.test=null"])
    assert [section.test for section in recipe.mix.corpora] == ["train", None]
    again = load_recipe("demux-ec-to-ar")
    assert [section.test for section in again.mix.corpora] == ["train", "dev"]
    with pytest.raises(InputError, match=r"number of an item.*0, 1"):
        load_recipe("demux-ec-to-ar", ["mix.corpora.2.test=null"])
    with pytest.raises(InputError, match="number of an item"):
        load_recipe("demux-ec-to-ar", ["mix.corpora.test=null"])


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ([], "training.keep_best=false"),
        (["training.keep_best=false", "training.patience=3"], "training.patience=null"),
        (["training.keep_best=false"], "prior.target=none"),
        (
            ["training.keep_best=false", "prior.target=none", "decision.rule=micro_f1"],
            "decision.rule=most_probable",
        ),
    ],
)
def test_without_dev_nothing_is_chosen_by_it(overrides, said):
    """What the message says to do, done word for word, leads on."""
    with pytest.raises(InputError, match=r"corpus\.dev.*" + re.escape(said)):
        load_recipe("nelec-sample", ["corpus.dev=null", *overrides])
    done = ["training.keep_best=false", "training.patience=null", "prior.target=none"]
    recipe = load_recipe("nelec-sample", ["corpus.dev=null", "corpus.train=[train,dev]", *done])
    assert recipe.corpus.train_splits == ("train", "dev")
    assert recipe.dev_split is None


def test_one_split_in_a_list_is_that_split():
    one, other = (
        load_recipe("nelec-sample", [f"corpus.train={value}"]) for value in ("train", "[train]")
    )
    assert one == other
    with pytest.raises(InputError, match=r"corpus\.train.*found nothing"):
        load_recipe("nelec-sample", ["corpus.train=[]"])


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch pwned']",
        "!!python/name:os.system",
        "!!python/module:os",
        "!unknown 3",
        "*nowhere",
        "[" * 50,
        ".inf",
        "\0",
    ],
    ids=lambda value: value[:20],
)
def test_a_setting_is_a_plain_value(value, tmp_path, monkeypatch):
    """Tags of YAML make no objects, and nothing that is not a value gets through."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="epochs"):
        load_recipe("nelec-sample", [f"training.epochs={value}"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["../../../etc/none", "/dev/zero", "nelec-sample/../../secret"])
def test_a_recipe_is_a_file_of_yaml_or_one_that_ships(name):
    with pytest.raises(InputError, match="No recipe"):
        load_recipe(name)
