"""Twelve plain sentences, each for one of twelve labels that hardly any corpus has.

They were written before any model was asked, and stay as they are.
"""

from emoscope.corpora.feelings import load_feelings
from emoscope.taxonomy import Taxonomy

CORPORA = ("goemotions", "edos", "semeval2025", "xed", "situations")
"""Taxonomies that the recipe of the embedded model trains on, but Event2Mind's."""
SENTENCES = {
    "boredom": "The lecture went on for three hours and I counted the ceiling tiles just to have "
    "something to do.",
    "homesickness": "I have been abroad for two months now, and all I want is my mother's cooking "
    "and my old room.",
    "awe": "We came over the ridge and the whole Milky Way was above us; none of us could say a "
    "word.",
    "contempt": "People like him are beneath me, and I would not waste a second of my time on his "
    "opinions.",
    "betrayal": "My best friend told everyone the secret that I had shared with her alone.",
    "schadenfreude": "The neighbour who always laughed at my parking just backed into his own "
    "gate, and I could not stop grinning.",
    "impatience": "We have been standing in this queue for forty minutes; when will they finally "
    "open the door?",
    "suspicion": "He says he was at work all evening, but his story keeps changing and something "
    "does not add up.",
    "exhaustion": "After two night shifts in a row I can barely keep my eyes open or lift my arms.",
    "helplessness": "The river kept rising, and there was nothing any of us could do to stop it.",
    "serenity": "The lake is still, the birds are singing, and there is nowhere I have to be "
    "today.",
    "infatuation": "Every time she walks into the office my heart races and I forget what I was "
    "saying.",
}
"""By label, which is in the list of no corpus of the recipe, or in Event2Mind's alone."""


def check_sentences() -> None:
    """Check that no label is one of the corpora's, and none is given away in its sentence.

    Raises:
        ValueError: a label or one of its forms is.
    """
    trained = {word for name in CORPORA for x in Taxonomy.load(name).labels for word in x.words}
    inventory = load_feelings()
    for label, sentence in SENTENCES.items():
        forms = {label, *next((forms for forms in inventory.values() if label in forms), ())}
        if forms & trained:
            raise ValueError(f"{label}: {', '.join(sorted(forms & trained))} is trained on.")
        if any(form in sentence.lower() for form in forms):
            raise ValueError(f"{label}: its sentence has the word, or a form of it.")
