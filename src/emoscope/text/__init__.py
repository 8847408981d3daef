"""Raw text to normal text: named steps, saved with the model."""

from emoscope.text.chat import CHAT_STEPS
from emoscope.text.pipeline import TextPipeline, available_steps

__all__ = ["CHAT_STEPS", "TextPipeline", "available_steps"]
