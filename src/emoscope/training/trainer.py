"""transformers' Trainer with an objective of named terms and batches of nearly equal length."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import Dataset
from transformers import EvalPrediction, Trainer, TrainerCallback, TrainingArguments

from emoscope.losses.objective import Objective
from emoscope.recipes.schema import TrainingSection
from emoscope.training.data import EncodedDataset, LengthBuckets, keep
from emoscope.training.schedules import make_schedule

Judge = Callable[[NDArray[np.float32], NDArray[np.float32]], dict[str, float]]


class EmotionTrainer(Trainer):
    """Trains a model that returns an `EmotionOutput` on `EncodedDataset`s.

    Args:
        model: any model of emoscope.
        arguments: of transformers' Trainer.
        section: the recipe's training section.
        objective: the loss.
        train: examples to learn from.
        dev: examples to choose on.
        judge: figures to follow on dev, from logits (M, K) and labels (M, K).
        callbacks: of transformers' Trainer.

    Attributes:
        train_logits: of each training example when it was last trained on, (N, K): with dropout,
            and weights that moved during the epoch.
        dev_logits: of the last evaluation, (M, K).
    """

    def __init__(
        self,
        model: nn.Module,
        arguments: TrainingArguments,
        section: TrainingSection,
        objective: Objective,
        train: EncodedDataset,
        dev: EncodedDataset,
        judge: Judge,
        callbacks: list[TrainerCallback] | None = None,
    ) -> None:
        self.section = section
        self.judge = judge
        self.loss_terms = objective
        self.train_examples = train
        self.dev_examples = dev
        self.train_logits = np.full(train.labels.shape, np.nan, dtype=np.float32)
        self.dev_logits: NDArray[np.float32] | None = None
        self._terms: dict[str, list[Tensor]] = {}
        super().__init__(
            model=model,
            args=arguments,
            train_dataset=train,
            eval_dataset=dev,
            data_collator=keep,  # type: ignore[arg-type]
            compute_metrics=self.judge_dev,
            callbacks=callbacks,
        )

    def judge_dev(self, prediction: EvalPrediction) -> dict[str, float]:
        """Figures of one evaluation; its logits are kept."""
        self.dev_logits = np.asarray(prediction.predictions)
        return self.judge(self.dev_logits, np.asarray(prediction.label_ids))

    def score_dev(self) -> NDArray[np.float32]:
        """Logits of the dev examples under the present weights, (M, K)."""
        return np.asarray(self.predict(self.dev_examples).predictions)

    def _get_train_sampler(self, train_dataset: Dataset[Any] | None = None) -> LengthBuckets:
        lengths = self.train_examples.ids.lengths
        if not self.section.bucket_by_length:
            lengths = np.zeros_like(lengths)
        return LengthBuckets(lengths, self.args.train_batch_size, self.args.seed)

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

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """The objective of one batch; its terms and, in training, its logits are kept."""
        inputs = dict(inputs)
        labels, rows = inputs.pop("labels"), inputs.pop("rows")
        output = model(**inputs)
        loss, terms = self.loss_terms(output, labels)
        if model.training:
            for name, value in terms.items():
                self._terms.setdefault(name, []).append(value)
            self.train_logits[rows.cpu().numpy()] = output.logits.detach().float().cpu().numpy()
        return (loss, output) if return_outputs else loss

    def prediction_step(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        prediction_loss_only: bool,
        ignore_keys: list[str] | None = None,
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Loss, logits and labels of one batch, without what is not gathered."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            loss, output = self.compute_loss(model, inputs, return_outputs=True)
        if prediction_loss_only:
            return loss, None, None
        return loss, output.logits.detach().float(), inputs["labels"]

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the mean of each term since the last log to the training figures."""
        if "loss" in logs:
            means = {name: torch.stack(values).mean() for name, values in self._terms.items()}
            logs |= {name: float(value) for name, value in means.items()}
            self._terms.clear()
        super().log(logs, start_time)
