"""Where texts come from: the cleaning before a model's own."""

import json
from typing import get_args

import pytest
from typer.testing import CliRunner

import emoscope
import emoscope.inference.annotator as annotators
from emoscope.cli.app import app
from emoscope.errors import InputError
from emoscope.folder import PREPROCESSING, ModelFolder
from emoscope.inference.annotator import PRETRAINED
from emoscope.inference.model_info import ModelSpec
from emoscope.text.domains import DOMAIN_STEPS, Domain, add_domain_steps
from emoscope.text.pipeline import TextPipeline
from tests.inference.independent import TRAINED, Independent

POST = "> he left\n\n**so** glad :-) /u/ann_b thx"


def test_every_domain_has_steps():
    assert set(DOMAIN_STEPS) == set(get_args(Domain))


@pytest.mark.parametrize("domain", DOMAIN_STEPS)
def test_the_steps_of_a_domain_come_first_and_turns_stay(domain):
    own = ["lower", {"name": "turn_boundaries", "token": "<eos>"}]
    steps = add_domain_steps(own, domain)
    assert steps[-2:] == own
    assert steps[:-2] == TextPipeline(DOMAIN_STEPS[domain]).to_config()
    assert len(TextPipeline.from_config(steps[:-2])(["a :-)", "b", "c"])) == 3


def test_a_model_that_cleans_for_the_domain_is_left_as_it_is():
    own = [*TextPipeline(DOMAIN_STEPS["reddit"]).to_config(), "lower"]
    assert add_domain_steps(own, "reddit") == own


class Cleaning(Independent):
    """A backend whose scores depend on the cleaned text."""

    def __init__(self, pipeline, taxonomy=TRAINED):
        super().__init__(taxonomy)
        self.pipeline = pipeline

    def encode(self, conversations):
        return super().encode([self.pipeline(turns) for turns in conversations])


@pytest.fixture
def light(monkeypatch):
    """The model that ships, but for its network."""

    def load(folder, *how):
        return Cleaning(TextPipeline.from_config(folder.preprocessing["steps"]))

    monkeypatch.setattr(annotators, "load_backend", load)
    monkeypatch.setattr(annotators, "LongTextBackend", lambda backend, how: backend)


@pytest.mark.parametrize(
    ("domain", "cleaned"),
    [
        ("reddit", "so glad :-) @user thx"),
        ("chat", "> he left **so** glad slightly smiling face /u/ann_b thanks"),
    ],
)
def test_an_annotator_cleans_for_the_domain(domain, cleaned, light):
    annotator = emoscope.load(domain=domain)
    assert annotator.backend.encode([[POST]]) == [cleaned]
    assert emoscope.load().annotate([POST]) != annotator.annotate([POST])


def test_a_domain_that_does_not_exist_is_said():
    with pytest.raises(InputError, match="twitter"):
        emoscope.load(domain="twiter")


def test_a_model_without_steps_refuses_a_domain(tmp_path):
    for path in PRETRAINED.iterdir():
        if path.name != PREPROCESSING and path.is_file():
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / PREPROCESSING).write_text("{}")
    with pytest.raises(InputError, match="Leave the domain out"):
        ModelFolder.open(tmp_path).with_first_steps(list)


def test_commands_take_a_domain_and_a_job_is_known_by_it(tmp_path, light):
    posts = tmp_path / "posts.jsonl"
    posts.write_text(json.dumps({"text": POST}) + "\n")
    outputs = {}
    for domain in ("reddit", "chat"):
        output = tmp_path / f"{domain}.jsonl"
        arguments = ["annotate", str(posts), "--output", str(output), "--domain", domain]
        assert CliRunner().invoke(app, arguments).exit_code == 0
        outputs[domain] = output.read_text()
    assert outputs["reddit"] != outputs["chat"]
    assert ModelSpec(domain="chat") != ModelSpec(domain="reddit")
    other = ["annotate", str(posts), "--output", str(tmp_path / "chat.jsonl")]
    refused = CliRunner().invoke(app, [*other, "--domain", "twitter"])
    assert refused.exit_code != 0
    assert "domain" in str(refused.exception)
    score = CliRunner().invoke(app, ["score", POST, "--domain", "reddit", "--json"])
    expected = json.loads(outputs["reddit"])["emotions"]
    [line] = score.stdout.splitlines()
    assert json.loads(line)["emotions"] == pytest.approx(expected, abs=1e-4)
