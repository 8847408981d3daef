"""What configurations are called by what tells them apart."""

import pytest

from emoscope.experiments.compare.differences import (
    find_differences,
    make_names,
    shorten_names,
    tell_all_differences,
)
from emoscope.recipes.load import load_recipe

INTRA = {"name": "intra", "coefficient": 0.2}
INTER = {"name": "inter", "coefficient": 0.2}


def named(*params, recipes=None, folders=None):
    recipes = recipes or [""] * len(params)
    folders = folders or [f"folder_{at}" for at in range(len(params))]
    return make_names(find_differences(params), recipes, folders)


def loss(value, **more):
    return {"name": "r", "objective": {"local_loss": value}, **more}


def test_a_loss_that_one_does_not_have():
    assert named(loss(INTRA), loss(None)) == ["local_loss=intra", "local_loss=none"]
    assert named(loss(INTRA), {"objective": {}}) == ["local_loss=intra", "local_loss=none"]
    # What the loss says inside is no further difference, but where it is not the default.
    assert find_differences([loss(INTRA), loss(None)])[0] == {"objective.local_loss": "intra"}
    assert named(loss(INTRA), loss(INTER), loss({**INTRA, "coefficient": 0.5})) == [
        "local_loss=intra, local_loss.coefficient=0.2",
        "local_loss=inter, local_loss.coefficient=0.2",
        "local_loss=intra, local_loss.coefficient=0.5",
    ]


def test_what_only_one_loss_says_is_told():
    """A prior of the only loss, and of one that has another name than the other."""
    wheel = {**INTER, "weights": "wheel"}
    assert named(loss(wheel), loss(None)) == [
        "local_loss=inter, local_loss.weights=wheel",
        "local_loss=none",
    ]
    plain = {**INTRA, "weights": "none"}
    assert named(loss(wheel), loss(plain))[0] == "local_loss=inter, local_loss.weights=wheel"


def test_nothing_that_differs_is_hidden():
    recipes = ("demux-ec-en", "demux-ec-en-inter-wheel", "demux-ec-en-complete-data")
    found = find_differences([load_recipe(one).model_dump(mode="json") for one in recipes])
    told = [tell_all_differences(item) for item in found]
    assert "local_loss=complete" in told[2]
    assert "weights=data" in told[2]
    assert "weights=wheel" in told[1]
    many = [dict.fromkeys("abcde", at) for at in range(2)]
    assert tell_all_differences(find_differences(many)[1]) == "a=1, b=1, c=1, d=1, e=1"


def differ(*recipes):
    """What tells recipes apart, as mappings of dotted names."""
    return find_differences([each.model_dump(mode="json") for each in recipes])


def test_sections_in_a_list_are_compared_by_their_names():
    """Two corpora of one name that are tested in other languages, two parts of other folders."""
    spanish, arabic = differ(load_recipe("demux-ec-to-es"), load_recipe("demux-ec-to-ar"))
    assert spanish["mix.corpora.semeval2018 2.languages"] == "es"
    assert arabic["mix.corpora.semeval2018 2.languages"] == "ar"
    recipe = load_recipe("combiner-emocontext")
    other = recipe.model_dump(mode="json")
    other["model"]["parts"][0]["folder"] = "runs/other"
    del other["model"]["parts"][1]
    ours, theirs = find_differences([recipe.model_dump(mode="json"), other])
    first, second = (part.name for part in recipe.model.parts)
    assert ours["model.parts"] == f"{first}+{second}"
    assert theirs["model.parts"] == first
    assert theirs[f"model.parts.{first}.folder"] == "runs/other"
    assert f"model.parts.{second}.folder" in ours


def test_fields_of_another_kind_of_section_are_told_where_they_are_not_usual():
    nelec, trees = load_recipe("nelec-emocontext"), load_recipe("trees-sample")
    assert nelec.model.hidden_size != type(nelec.model).model_fields["hidden_size"].default
    ours, theirs = differ(nelec, trees)
    assert ours["model.hidden_size"] == str(nelec.model.hidden_size)
    assert "model.attention" not in ours
    assert theirs["model"] == "combiner"
    base = nelec.model_dump(mode="json")
    cyclical = {"kind": "cyclical", "half_cycle": 200}
    changed = {**base, "training": {**base["training"], "schedule": cyclical}}
    linear = {**base, "training": {**base["training"], "schedule": {"kind": "linear"}}}
    assert find_differences([changed, linear]) == [
        {"training.schedule": "cyclical", "training.schedule.half_cycle": "200"},
        {"training.schedule": "linear"},
    ]
    # A field that is on by default and off here; an empty list is nothing.
    demux = load_recipe("demux-goemotions", ["model.start_head=false"])
    ours, theirs = differ(demux, trees)
    assert ours["model.start_head"] == "no"
    assert "model.parts" not in theirs
    assert "model.lora" not in ours
    # What is inside a section of the only model that has it.
    deep = trees.model_dump(mode="json")
    deep["model"]["trees"]["leaves"] = 9
    assert find_differences([base, deep])[1]["model.trees.leaves"] == "9"


def test_a_section_that_does_not_say_what_it_is():
    holdout = {"share": 0.75, "seed": 42}
    got = named({"corpus": {"holdout": holdout}}, {"corpus": {"holdout": None}})
    assert got == ["holdout.share=0.75", "holdout.share=none"]
    half = {"share": 0.5, "seed": 42}
    params = [{"corpus": {"holdout": one}} for one in (holdout, half, None)]
    assert named(*params) == [f"holdout.share={one}" for one in (0.75, 0.5, "none")]


def test_values_as_people_write_them():
    params = [
        {"training": {"learning_rate": 1e-3, "patience": None}, "model": {"bidirectional": True}},
        {"training": {"learning_rate": 5e-5, "patience": 3}, "model": {"bidirectional": False}},
    ]
    assert find_differences(params) == [
        {
            "training.learning_rate": "0.001",
            "training.patience": "none",
            "model.bidirectional": "yes",
        },
        {
            "training.learning_rate": "5e-05",
            "training.patience": "3",
            "model.bidirectional": "no",
        },
    ]
    lists = [{"languages": ["en", "es"]}, {"languages": ("en", "es")}, {"languages": ["en"]}]
    assert named(*lists)[0].startswith("languages=en+es (")
    assert named(*lists)[2] == "languages=en"


def test_what_makes_no_configuration_is_not_told():
    one = {"name": "a", "description": "d", "seed": 0, "training": {"epochs": 3}}
    other = {"name": "b", "description": "e", "seed": 1, "training": {"epochs": 3.0}}
    assert find_differences([one, other]) == [{}, {}]


def test_a_model_of_another_kind_goes_by_its_kind():
    nelec = {"model": {"type": "nelec", "hidden_size": 32}}
    demux = {"model": {"type": "demux", "backbone": "bert"}}
    assert named(nelec, demux) == ["model=nelec", "model=demux, backbone=bert"]


def test_names_of_recipes_where_much_differs():
    params = [dict.fromkeys("abcde", at) for at in range(2)]
    assert named(*params, recipes=["keras", "pytorch"]) == ["keras", "pytorch"]
    # Of one recipe the fewest parameters that do.
    assert named(*params, recipes=["keras", "keras"]) == ["a=0", "a=1"]
    crossed = [{"a": 0, "b": at % 2, "c": at // 2, "d": 1, "e": at // 3} for at in range(4)]
    crossed[0] |= {"f": 1}
    assert len(set(named(*crossed, recipes=["r"] * 4))) == 4


def test_names_where_nothing_differs():
    same = {"training": {"epochs": 3}}
    assert named(same, same, recipes=["a", "b"]) == ["a", "b"]
    assert named(same, same, recipes=["a", "a"]) == ["folder_0", "folder_1"]
    assert named(same, same, folders=["x", "x"]) == ["x (x) #1", "x (x) #2"]
    assert named(same, recipes=["a"]) == ["a"]
    assert named(same) == ["folder_0"]


def test_no_two_names_are_the_same():
    params = [{"epochs": 1}, {"epochs": 2}, {"epochs": 2}]
    assert named(*params) == ["epochs=1", "epochs=2 (folder_1)", "epochs=2 (folder_2)"]


def test_short_names_of_parameters():
    assert shorten_names(["training.epochs", "model.epochs", "model.size"]) == {
        "training.epochs": "training.epochs",
        "model.epochs": "model.epochs",
        "model.size": "size",
    }
    assert shorten_names(["objective.local_loss.weights"]) == {
        "objective.local_loss.weights": "local_loss.weights"
    }
    assert shorten_names(["size", "model.size"]) == {"size": "size", "model.size": "model.size"}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["model.hidden_size=64"], ["hidden_size=32", "hidden_size=64"]),
        (["corpus.holdout=null"], ["holdout.share=0.2", "holdout.share=none"]),
        (["prior.target=dev"], ["prior.target=none", "prior.target=dev"]),
        (
            ["training.schedule={kind: linear}"],
            ["schedule=cyclical, mode=exp_range", "schedule=linear"],
        ),
    ],
)
def test_recipes_as_logs_keep_them(overrides, expected):
    params = [
        load_recipe("nelec-report-keras", one).model_dump(mode="json") for one in ([], overrides)
    ]
    assert named(*params, recipes=["r", "r"]) == expected
