"""Configurations of trainings: one YAML file for each row of a published table or named setting."""
