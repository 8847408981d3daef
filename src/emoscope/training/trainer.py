"""transformers' Trainer with objectives of named terms and batches of nearly equal length."""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import Dataset
from transformers import Trainer, TrainerCallback, TrainingArguments

from emoscope.encoding.batching import batch_by_length
from emoscope.errors import EmoscopeError
from emoscope.inference.torch_backend import to_tensors
from emoscope.losses.distillation import compute_target_share, self_distillation
from emoscope.losses.objective import Objective
from emoscope.models.shared.family import HeldWords
from emoscope.recipes.schema import TrainingSection
from emoscope.training.checkpoints import SCORES, delete_older
from emoscope.training.corpus_bias import get_bias
from emoscope.training.data import (
    EXTRAS,
    EncodedDataset,
    EpochLoader,
    LengthBuckets,
    Part,
    collate_whole,
)
from emoscope.training.previous_logits import Logits, PreviousLogits
from emoscope.training.schedules import make_schedule
from emoscope.training.timed_checkpoints import SinceLog

Validate = Callable[[Logits], dict[str, float]]


@dataclass(frozen=True)
class TrainerSetup:
    """The data, the objectives and the validation of an `EmotionTrainer`.

    Attributes:
        section: the recipe's training section.
        train: examples to learn from.
        objectives: the loss of each part of `train`.
        dev: examples to choose on, the labels of each part being those of some training part.
        dev_objectives: the loss of each part of `dev`.
        validate: metrics to follow on dev, from the logits (M, K) of each part.
        measure_training: metrics to follow on the training texts, from the logits (N, K) of each
            part, NaN where a text or label was not trained on yet.
        alpha: how the parts are mixed, see `LengthBuckets`.
        distillation: the coefficient of self-distillation, in [0, 1); none at 0.
        anchor: of words that are held where they were, and the coefficient.
    """

    section: TrainingSection
    train: EncodedDataset
    objectives: Sequence[Objective]
    dev: Sequence[Part]
    dev_objectives: Sequence[Objective]
    validate: Validate
    measure_training: Validate = lambda logits: {}
    alpha: float | Sequence[float] = 1.0
    distillation: float = 0.0
    anchor: tuple[HeldWords, float] | None = None


class EmotionTrainer(Trainer):
    """Trains a model that returns an `EmotionOutput` on an `EncodedDataset`.

    Args:
        model: any model of emoscope.
        arguments: the arguments of transformers' Trainer.
        setup: data, objectives and validation.
        callbacks: the callbacks of transformers' Trainer.

    Attributes:
        previous_logits: the previous logits of the training examples; of several processes, each
            has those of its rows.
        dev_logits: the dev logits of the last evaluation, (M, K) for each part.
        dev_terms: the mean over the dev texts of each term of the loss, at the last evaluation.
    """

    def __init__(
        self,
        model: nn.Module,
        arguments: TrainingArguments,
        setup: TrainerSetup,
        callbacks: list[TrainerCallback] | None = None,
    ) -> None:
        self.section = setup.section
        self.validate = setup.validate
        self.measure_training = setup.measure_training
        self.objectives = list(setup.objectives)
        self.train_examples = train = setup.train
        self.dev_parts = list(setup.dev)
        self.dev_objectives = list(setup.dev_objectives)
        self.alpha = setup.alpha
        self.distillation = setup.distillation
        self.anchor = setup.anchor
        self.dev_logits: Logits = []
        self.dev_terms: dict[str, float] = {}
        self._terms: dict[str, list[Tensor]] = {}
        self._losses = torch.zeros(())
        self._resumed: SinceLog | None = None
        self._began, self._seconds_before = time.monotonic(), 0.0
        super().__init__(
            model=model,
            args=arguments,
            train_dataset=train,
            # Only there so that the trainer does not refuse to evaluate; see `evaluate`.
            eval_dataset=train,
            data_collator=collate_whole,  # type: ignore[arg-type]
            callbacks=callbacks,
        )
        self.previous_logits = PreviousLogits(
            [part.labels.shape for part in train.parts],
            lambda own: self.accelerator.gather(own.to(self.args.device)),
        )

    def get_train_dataloader(self) -> EpochLoader:
        """Batches in the order of `LengthBuckets`, this process's share of each."""
        parts = self.train_examples.parts
        lengths = [part.encoded.lengths for part in parts]
        if not self.section.bucket_by_length:
            lengths = [np.zeros_like(part_lengths) for part_lengths in lengths]
        buckets = LengthBuckets(
            lengths,
            self.section.batch_size,
            self.args.seed,
            alpha=self.alpha,
            process=(self.args.process_index, self.args.world_size),
        )
        if self.section.sampling == "balanced":
            buckets.strata = [part.labels.argmax(axis=1) for part in parts]
        return EpochLoader(self.train_examples, buckets)

    def create_scheduler(
        self, num_training_steps: int, optimizer: Optimizer | None = None
    ) -> LRScheduler:
        """The recipe's schedule."""
        target = self.optimizer if optimizer is None else optimizer
        if target is None:
            raise RuntimeError("create_scheduler needs an optimizer; create_optimizer comes first.")
        schedule = make_schedule(target, self.section, num_training_steps)
        self.lr_scheduler = schedule  # type: ignore[assignment]
        return schedule

    def get_decay_parameter_names(self, model: nn.Module) -> list[str]:
        """Names of parameters with weight decay: all but those with frozen rows."""
        still = {
            name
            for name, parameter in model.named_parameters()
            if hasattr(parameter, "frozen_rows")
        }
        return [name for name in super().get_decay_parameter_names(model) if name not in still]

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """The objective of one batch; its terms and, in training, its logits are kept."""
        extras = {name: inputs[name] for name in EXTRAS if name in inputs}
        output = model(**{name: value for name, value in inputs.items() if name not in EXTRAS})
        number, columns = int(extras["part"]), extras.get("columns")
        biased = replace(output, logits=output.logits + self.corpus_bias(number, columns))
        loss, terms = self.objectives[number](biased, extras["labels"], columns)
        rows = extras["rows"].cpu().numpy() - self.train_examples.starts[number]
        places = None if columns is None else columns.cpu().numpy()
        if self.anchor is not None:
            anchor, coefficient = self.anchor
            network = self.accelerator.unwrap_model(model)
            terms["anchor_loss"] = anchor.loss(network, extras["anchored"].cpu().numpy())
            loss = loss + coefficient * terms["anchor_loss"]
        if self.distillation:
            clock = self.train_examples.clock
            self.previous_logits.begin(0 if clock is None else clock.epoch)
            previous = self.previous_logits.recall(number, rows, places)
            loss, terms["self_distillation"] = self.distilled(
                loss, output.logits, torch.from_numpy(previous), extras["labels"], number
            )
        for name, value in add_regularization(self.objectives[number], terms).items():
            self._terms.setdefault(name, []).append(value.detach())
        logits = output.logits.detach().float().cpu().numpy()
        self.previous_logits.keep(number, rows, places, logits)
        return (loss, output) if return_outputs else loss

    @property
    def seconds(self) -> float:
        """Seconds of training, those before interruptions included, as far as checkpoints tell."""
        return self._seconds_before + time.monotonic() - self._began

    def corpus_bias(self, part: int, columns: Tensor | None = None) -> Tensor | float:
        """The learned bias of a training part's labels, (labels,); 0 without corpus bias."""
        bias = get_bias(self.accelerator.unwrap_model(self.model), part)
        return bias if columns is None or isinstance(bias, float) else bias[columns]

    def distilled(
        self, loss: Tensor, logits: Tensor, previous: Tensor, labels: Tensor, part: int
    ) -> tuple[Tensor, Tensor]:
        """The loss with targets moved towards previous predictions, and the distillation term."""
        exclusive = self.train_examples.parts[part].corpus.taxonomy.exclusive
        term, known = self_distillation(logits, previous.to(logits.device), labels, exclusive)
        epochs = self.section.epochs
        share = known * compute_target_share(self.distillation, self.previous_logits.epoch, epochs)
        return (1 - share) * loss + share * term, term.detach()

    def _save_rng_state(self, output_dir: str) -> None:
        """Also write the previous logits into the checkpoint."""
        super()._save_rng_state(output_dir)
        values = self.previous_logits.to_arrays()
        since = SinceLog(self._losses, self._globalstep_last_logged, self._terms, self.seconds)
        values |= since.to_arrays()
        if self.args.should_save:
            save_file(values, Path(output_dir) / SCORES)

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Delete older checkpoints only when the new one stays after a power cut."""
        limit, self.args.save_total_limit = self.args.save_total_limit, None
        super()._save_checkpoint(model, trial)
        self.args.save_total_limit = limit
        if self.args.should_save:
            newest = f"checkpoint-{self.state.global_step}"
            delete_older(Path(str(self.args.output_dir)), newest, self.state.best_model_checkpoint)

    def _load_from_checkpoint(
        self, resume_from_checkpoint: str, model: nn.Module | None = None
    ) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        path = Path(resume_from_checkpoint) / SCORES
        self.previous_logits.load(path)
        self._resumed = SinceLog.from_arrays(load_file(path))
        if self._resumed is not None:
            self._seconds_before = self._resumed.seconds
            self._terms = {
                name: [value.to(self.args.device) for value in values]
                for name, values in self._resumed.terms.items()
            }

    def _maybe_log_save_evaluate(self, tr_loss: Tensor, *arguments: Any, **options: Any) -> None:
        """Go on with the sum of losses that the checkpoint had; see `SinceLog`."""
        if self._resumed is not None:
            tr_loss += self._resumed.loss.to(tr_loss.device)
            self._globalstep_last_logged = self._resumed.step
            self._resumed = None
        self._losses = tr_loss
        super()._maybe_log_save_evaluate(tr_loss, *arguments, **options)

    def evaluate(
        self,
        eval_dataset: Dataset[Any] | dict[str, Dataset[Any]] | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> dict[str, float]:
        """Score every dev part with the current weights, and validate.

        Every process scores all of it: parts differ in their labels, and dev is small.
        """
        started = time.monotonic()
        self.dev_logits, loss = self.score(self.dev_parts, self.dev_objectives)
        if not all(np.isfinite(part_logits).all() for part_logits in self.dev_logits):
            raise EmoscopeError(
                f"The training diverged: by epoch {self.state.epoch:g} some scores of dev are no "
                "numbers. Try a lower training.learning_rate, training.max_grad_norm=1, or "
                "objective.local_loss.on=predictions; --restart begins anew."
            )
        measured = {"loss": loss, **self.dev_terms, **self.validate(self.dev_logits)}
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in measured.items()}
        metrics[f"{metric_key_prefix}_runtime"] = time.monotonic() - started
        on_training = self.measure_training(self.previous_logits.merged())
        self.log(metrics | {f"train_{name}": value for name, value in on_training.items()})
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def score(
        self, parts: Sequence[Part], objectives: Sequence[Objective] = ()
    ) -> tuple[Logits, float]:
        """Logits (M, K) of each part in evaluation mode, and the mean loss over the texts.

        Args:
            parts: the parts of dev or test.
            objectives: the loss of each part. Without them the loss is 0, and the scores are in
                full precision, as annotation gives them.
        """
        # The wrapper computes in half precision; the final scores need full precision.
        model = self.accelerator.unwrap_model(self.model, keep_fp32_wrapper=bool(objectives))
        training = model.training
        model.eval()
        precision = self.compute_loss_context_manager if objectives else nullcontext
        scored: Logits = []
        total = 0.0
        sums: dict[str, list[float]] = {}
        for part, objective in zip_longest(parts, objectives):
            logits = np.empty(part.labels.shape, dtype=np.float32)
            for rows in batch_by_length(part.encoded.lengths, self.args.eval_batch_size):
                batch = to_tensors(part.encoder.batch(part.encoded, rows), self.args.device)
                labels = torch.from_numpy(part.labels[rows]).to(self.args.device)
                with torch.inference_mode(), precision():
                    output = model(**batch)
                    loss = 0.0
                    if objective is not None:
                        bias = self.corpus_bias(self.alike(part))
                        biased = replace(output, logits=output.logits + bias)
                        value, terms = objective(biased, labels)
                        loss = float(value)
                        for name, term in add_regularization(objective, terms).items():
                            sums.setdefault(name, []).append(float(term) * len(rows))
                logits[rows] = output.logits.float().cpu().numpy()
                total += loss * len(rows)
            scored.append(logits)
        model.train(training)
        if objectives:
            texts = sum(map(len, parts))
            self.dev_terms = {name: sum(values) / texts for name, values in sums.items()}
        return scored, total / max(sum(map(len, parts)), 1)

    def alike(self, part: Part) -> int:
        """Index of the training part with the labels of a dev part; 0 if there is none."""
        names = [part.corpus.taxonomy.names for part in self.train_examples.parts]
        own = part.corpus.taxonomy.names
        return names.index(own) if own in names else 0

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the mean of each term since the last log to the logged values."""
        if "loss" in logs:
            for name, values in self._terms.items():
                # Each process has seen its own share of every batch.
                means = self.accelerator.gather(torch.stack(values).mean())
                logs[name] = float(means.mean())
            self._terms.clear()
        super().log(logs, start_time)


def add_regularization(objective: Objective, terms: dict[str, Tensor]) -> dict[str, Tensor]:
    """Add what the losses over pairs of labels contribute to the loss, if there are such losses.

    Args:
        objective: the objective, for the coefficients.
        terms: the value of each term.
    """
    pairwise = {name: value for name, value in terms.items() if name in objective.regularization}
    if not pairwise:
        return terms
    parts = [objective.coefficients[name] * value for name, value in pairwise.items()]
    return {**terms, "regularization_loss": torch.stack(parts).sum()}
