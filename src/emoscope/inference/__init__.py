"""Texts to scores: the annotator, and the engines that run a model."""
