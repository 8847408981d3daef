"""`emoscope evaluate` on tables that are about other labels than the model, or in languages."""

import json
import shlex

import pytest


@pytest.fixture
def evaluated(emoscope, folder, tmp_path):
    """Measures the tiny Demux on a table."""

    def run(text, *options):
        path = tmp_path / "mine.csv"
        path.write_text(text, encoding="utf-8")
        return emoscope("evaluate", path, "-m", folder, "--json", "-", *options)

    return run


@pytest.mark.parametrize(
    ("text", "options", "labels", "left"),
    [
        ("text,joy,fear\na day,1,0\nno,0,1\n", (), ["joy", "fear"], "anger, pride"),
        (
            'text,mood\na day,joy\nno,"relief,fear"\n',
            ("--label", "mood"),
            ["joy", "fear", "relief"],
            "anger, pride",
        ),
        (
            "text,joy,relief\na day,1,0\nno,0,1\n",
            ("--taxonomy", "relief, awe, joy"),
            ["relief", "joy"],
            "awe",
        ),
        (
            "text,joy,pride\na day,1,0\nno,0,1\n",
            ("--taxonomy", "pride,"),
            ["pride"],
            None,
        ),
    ],
)
def test_labels_that_only_one_side_has_are_left_out(evaluated, text, options, labels, left):
    ended = evaluated(text, *options)
    assert ended.code == 0, ended.err
    figures = json.loads(ended.out)
    assert list(figures["labels"]) == labels
    assert figures["texts"] == 2
    told = [line for line in ended.err.splitlines() if line.startswith("Left out")]
    assert told == ([f"Left out, as only one side has them: {left}."] if left else [])
    assert ("no threshold of its own for relief" in ended.err) == ("relief" in labels)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("text,calm\na day,1\nno,0\n", (), "ask for them with --taxonomy 'calm,'"),
        ("text,joy\na day,\n", (), "mine.csv: expected texts labelled"),
    ],
)
def test_a_table_about_nothing_that_the_model_knows(evaluated, text, options, message):
    ended = evaluated(text, *options)
    assert (ended.code, ended.out) == (2, "")
    assert message in " ".join(ended.err.split())


def test_unlabelled_texts_are_left_out(evaluated, caplog):
    ended = evaluated("text,anger,joy,pride,fear\na day,1,0,0,0\nno,,,,\nso,0,1,0,1\n")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["texts"] == 2
    assert caplog.messages == ["mine.csv: 1 of 3 texts left out, as unlabelled."]


def test_a_column_of_languages(evaluated):
    rows = "a day,en,1,0\nno,en,0,1\nqué día,es,1,0\n"
    ended = evaluated(f"text,tongue,joy,fear\n{rows}", "--language", "tongue")
    assert ended.code == 0, ended.err
    figures = json.loads(ended.out)
    assert {name: one["texts"] for name, one in figures["languages"].items()} == {"en": 2, "es": 1}
    assert set(figures["over_languages"]) == {"macro", "weighted"}
    missing = evaluated(f"text,tongue,joy,fear\n{rows}", "--language", "tonge")
    assert missing.code == 2
    assert "Is it 'tongue'" in missing.err


@pytest.mark.parametrize("command", ["evaluate", "describe"])
def test_advice_names_no_option_that_the_command_lacks(emoscope, tmp_path, command):
    path = tmp_path / "mine.csv"
    path.write_bytes("text,joy\ncafé,1\n".encode("latin-1"))
    ended = emoscope(command, path)
    assert ended.code == 2
    assert f"emoscope {command} has no --encoding: save the file as CSV in UTF-8" in ended.err
    path.write_text("text;joy\ncafé;1\nno;0\n", encoding="utf-8")
    assert f"emoscope {command} has no --delimiter" in emoscope(command, path).err


def test_a_file_that_is_not_there_is_no_corpus_of_an_unknown_name(emoscope, tmp_path):
    for name in (tmp_path / "mine.xlsx", "mine.csv"):
        ended = emoscope("evaluate", name)
        assert (ended.code, "no such file" in ended.err) == (2, True)
        assert "goemotions" not in ended.err
    assert "Did you mean 'goemotions'" in emoscope("describe", "goemotion").err
    assert f"--data-dir {tmp_path}" in emoscope("describe", tmp_path).err.replace("\n", " ")


def test_rows_that_name_a_group_of_the_labels_that_a_model_knows(emoscope, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("text,label\nI love it,positive\nI hate it,negative\nat nine,neutral\n")
    assert "--taxonomy sentiment makes this" in emoscope("evaluate", path).err
    ended = emoscope("evaluate", path, "--taxonomy", "sentiment", "--json", "-")
    supports = {name: one["support"] for name, one in json.loads(ended.out)["labels"].items()}
    assert supports == {"positive": 1, "negative": 1, "ambiguous": 0, "neutral": 1}


def test_the_next_command_can_be_run_as_it_is_written(emoscope, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"a day {n},{'joy' if n % 2 else 'hope'}\n" for n in range(12))
    (tmp_path / "mine.csv").write_text(f"tweet,mood\n{rows}")
    ended = emoscope("evaluate", "mine.csv", "-m", folder, "--text", "tweet", "--label", "mood")
    command = ended.err.splitlines()[-1].partition("worth: emoscope ")[2]
    followed = emoscope(*shlex.split(command.replace("FILE", "mine.csv")))
    assert followed.code == 0, followed.err
    assert "passed over" not in followed.err
    assert set(json.loads(followed.out.splitlines()[0])["emotions"]) == {"joy", "hope"}


def test_texts_that_stand_for_missing_ones_are_counted(evaluated):
    ended = evaluated("text,joy,fear\nnan,1,0\n[removed],0,1\na day,1,0\n")
    assert "2 of 3 texts are a mark such as 'nan'" in ended.err
    assert "are a mark" not in evaluated("text,joy,fear\nnone of it,1,0\nno,0,1\n").err


@pytest.mark.parametrize("option", ["--split", "--languages"])
def test_what_a_table_does_not_have_is_refused(evaluated, option):
    ended = evaluated("text,joy,fear\na day,1,0\nno,0,1\n", option, "dev")
    assert (ended.code, ended.out) == (2, "")
    assert option in ended.err


@pytest.mark.parametrize("option", ["--text", "--label", "--id", "--language", "--turns"])
def test_columns_are_of_tables_alone(emoscope, option):
    ended = emoscope("evaluate", "sample", option, "mood")
    assert (ended.code, ended.out) == (2, "")
    assert f"{option} is for tables" in ended.err


def test_texts_in_another_language_are_counted(emoscope, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "text,label\nI am so glad that you came,joy\nJe suis si contente que tu sois là,joy\n"
    )
    assert "1 of 2 rows (50 %) looks like another language" in emoscope("evaluate", path).err
