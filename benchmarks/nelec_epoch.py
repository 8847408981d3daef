"""How long one epoch of NELEC takes at the report's settings, and where the time goes.

24,128 conversations of up to 35 words (mean 15.7, as EmoContext's), 300 dimensions, hidden 32,
batch 8,192, frozen vectors; the report needed 24-25 s an epoch on its machine. The texts are
drawn at random: time depends on their lengths only. Beside emoscope, in the same run, a plain
torch loop that pads every text to 35 words, as the report's code does.

    python benchmarks/nelec_epoch.py [--quick] [--json FILE]
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile
from transformers import PrinterCallback, TrainerCallback

from common import finish, machine, options
from emoscope.corpora.corpus import Corpus
from emoscope.embeddings.vocabulary import Vocabulary
from emoscope.losses.objective import make_objective
from emoscope.models.nelec.encoder import PlainEncoder
from emoscope.models.nelec.network import Nelec, NelecConfig
from emoscope.recipes.load import load_recipe
from emoscope.taxonomy import Taxonomy
from emoscope.text import TextPipeline
from emoscope.training.builder import make_trainer_arguments
from emoscope.training.data import EncodedDataset, Part
from emoscope.training.trainer import EmotionTrainer, TrainerSetup

CONVERSATIONS, WORDS, LONGEST, DIMENSIONS, HIDDEN, BATCH = 24_128, 16_398, 35, 300, 32, 8_192
LABELS = Taxonomy.load("emocontext")
BAR = 4.0


def texts(count: int) -> Part:
    """Random words with lengths as in EmoContext: mean 15.7, 99 % within 35."""
    rng = np.random.default_rng(0)
    lengths = np.clip(rng.gamma(5.5, 2.3, count) + 3, 3, LONGEST).round().astype(int)
    turns = [[" ".join(map(str, rng.integers(2, WORDS, length)))] for length in lengths]
    labels = np.eye(4, dtype=np.float32)[rng.integers(0, 4, count)]
    corpus = Corpus.from_rows("random", LABELS, list(map(str, range(count))), turns, labels)
    # The word "7" has the id 7.
    words = tuple(map(str, range(2, WORDS)))
    vocabulary = Vocabulary(("<pad>", "<unk>"), words, (1,) * len(words), ())
    return Part(corpus, PlainEncoder(TextPipeline(()), vocabulary, LONGEST))


def network(shared: bool) -> Nelec:
    """One of the report's two forms with random frozen vectors."""
    torch.manual_seed(0)
    config = NelecConfig(
        vocabulary_size=WORDS,
        embedding_size=DIMENSIONS,
        hidden_size=HIDDEN,
        shared_branches=shared,
        output_hidden=not shared,
        id2label={k: str(k) for k in range(4)},
        label2id={str(k): k for k in range(4)},
    )
    return Nelec(config)


def trained(shared: bool, data: Part, epochs: int) -> list[float]:
    """Seconds of each epoch of `emoscope train`'s own trainer, without evaluation and saving."""
    form = "pytorch" if shared else "keras"
    overrides = [f"training.epochs={epochs}", "training.checkpoints=false"]
    recipe = load_recipe(f"nelec-report-{form}", overrides)
    with tempfile.TemporaryDirectory() as folder:
        arguments = make_trainer_arguments(recipe, Path(folder), seed=0)
        arguments.eval_strategy = arguments.save_strategy = "no"
        objective = make_objective(recipe.objective, LABELS, data.labels)
        trainer = EmotionTrainer(
            network(shared),
            arguments,
            TrainerSetup(
                section=recipe.training,
                train=EncodedDataset([data]),
                objectives=[objective],
                dev=[data],
                dev_objectives=[objective],
                validate=lambda _: {},
            ),
        )
        clock = Clock()
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(clock.callback())
        trainer.train()
    return clock.epochs


class Clock:
    """Seconds of each epoch."""

    def __init__(self) -> None:
        self.epochs: list[float] = []
        self.started = 0.0

    def callback(self) -> "TrainerCallback":
        """What the trainer calls."""
        clock = self

        class Timer(TrainerCallback):
            def on_epoch_begin(self, *_, **__) -> None:
                clock.started = time.perf_counter()

            def on_epoch_end(self, *_, **__) -> None:
                clock.epochs.append(time.perf_counter() - clock.started)

        return Timer()


def plain(data: Part, epochs: int) -> list[float]:
    """Seconds of each epoch of a plain loop that pads to the longest text of all."""
    model = network(shared=True).train()
    optimizer = torch.optim.Adam(p for p in model.parameters() if p.requires_grad)
    ids, mask = (torch.from_numpy(part) for part in data.encoded.padded(np.arange(len(data))))
    classes = torch.tensor(data.labels).argmax(1)
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        for rows in torch.randperm(len(data)).split(BATCH):
            embedded = model.spatial_dropout(model.embedding(ids[rows]))
            lstm = model.lstm.forwards(embedded)[0]
            gru = model.gru.forwards(lstm)[0]
            features = [model.lstm_branch(states, [mask[rows]])[0] for states in (lstm, gru)]
            logits = model.classifier(torch.cat(features, dim=1))
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(logits, classes[rows]).backward()
            optimizer.step()
        seconds.append(time.perf_counter() - started)
    return seconds


def breakdown(data: Part) -> list[tuple[str, float]]:
    """Share of the time of each operation in one training step, the largest first."""
    model = network(shared=True).train()
    batch = EncodedDataset([data]).__getitems__(list(range(min(BATCH, len(data)))))
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}

    def step() -> None:
        loss = torch.nn.functional.cross_entropy(model(**inputs).logits, batch["labels"])
        loss.backward()

    step()
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        step()
    events = profiler.key_averages()
    total = sum(event.self_cpu_time_total for event in events)
    shares = [(event.key, event.self_cpu_time_total / total) for event in events]
    return sorted(shares, key=lambda pair: -pair[1])[:12]


def main() -> None:
    """Measure, print, judge."""
    arguments = options(__doc__).parse_args()
    scale = 3 if arguments.quick else 1
    data = texts(CONVERSATIONS // scale)
    epochs = 2 if arguments.quick else 5
    lengths = data.encoded.lengths
    print(f"{len(data):,} conversations, mean {lengths.mean():.1f} words; {machine()}")
    figures: dict[str, object] = {}
    for name, measure in {
        "emoscope, PyTorch form": lambda: trained(True, data, epochs),
        "emoscope, Keras form": lambda: trained(False, data, epochs),
        "plain loop, padded to 35": lambda: plain(data, max(2, epochs - 3)),
    }.items():
        seconds = measure()
        figures[name] = seconds
        middle = float(np.median(seconds[1:] or seconds))
        print(
            f"{name:28} {middle:6.2f} s an epoch (each: {', '.join(f'{s:.2f}' for s in seconds)})"
        )
    print("Where the time of a training step goes:")
    shares = breakdown(data)
    for name, share in shares:
        print(f"  {share:6.1%}  {name}")
    figures["breakdown"] = dict(shares)
    ours = float(np.median(figures["emoscope, PyTorch form"][1:])) * scale
    slow = float(np.median(figures["plain loop, padded to 35"][1:])) * scale
    about = "about " if arguments.quick else ""
    sentence = (
        f"one epoch {about}{ours:.2f} s, bar {BAR:.0f} s "
        f"({slow / ours:.1f} times as fast as the plain loop; the report: 24-25 s)"
    )
    finish(figures, {sentence: ours <= BAR}, arguments.json)


if __name__ == "__main__":
    main()
