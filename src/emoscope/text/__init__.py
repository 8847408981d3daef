"""Raw text to normal text: named steps, saved with the model."""

from emoscope.text.chat import CHAT_STEPS
from emoscope.text.pipeline import TextPipeline, available_steps
from emoscope.text.social import FACEBOOK_STEPS, REDDIT_STEPS, SOCIAL_STEPS, TWITTER_STEPS

__all__ = [
    "CHAT_STEPS",
    "FACEBOOK_STEPS",
    "REDDIT_STEPS",
    "SOCIAL_STEPS",
    "TWITTER_STEPS",
    "TextPipeline",
    "available_steps",
]
