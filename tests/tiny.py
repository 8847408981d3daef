"""Tiny pretrained encoders with their tokenizers, made here: no network, a fraction of a second.

Each kind has what tells the real one apart: how it splits and normalises, its special tokens, its
pair template, whether it has token types.
"""

from functools import cache
from pathlib import Path

import torch
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaModel,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
    XLMRobertaModel,
)

from emoscope.calibration import Calibration
from emoscope.encoding.tokens import SPECIAL, TextTokenizer
from emoscope.folder import complete_folder
from emoscope.models.demux.encoder import DemuxEncoder
from emoscope.models.demux.network import Demux, DemuxConfig
from emoscope.models.shared.backbone import drop_pooler, to_shape
from emoscope.taxonomy import Label, Taxonomy
from emoscope.text import TextPipeline

KINDS = ("bert", "roberta", "xlm-roberta", "distilbert")
WINDOW = 256
HIDDEN = 16

SENTENCES = (
    "emotion in tweet what a day, my team won again and I could not be more proud",
    "anger anticipation disgust fear joy love optimism pessimism sadness surprise or trust",
    "I am so angry about this decision, it is a disgrace and nobody cares",
    "thank you all for the kind words, I feel loved and relieved today",
    "she was afraid of the dark, and the noise in the attic made it worse",
    "positive or negative, approval or disapproval: mixed feelings all the way down",
    "such a sad ending :( I cried for an hour",
    "lol that is the funniest thing I have seen this week 😂😂",
    "happy birthday!!! 🎉🎂 hope you have a wonderful year ❤️",
    "the bus is late again... typical Monday 😡",
    "no me lo puedo creer, qué alegría más grande después de tantos años",
    "emoción en este tweet: ira, anticipación, asco, miedo, alegría, amor, optimismo o tristeza",
    "el niño está enfermo y su mamá no ha dormido nada",
    "mañana será otro día, aunque hoy todo salió mal",
    "je suis très déçue, la colère monte et personne ne répond",
    "l'espoir fait vivre, même après une année aussi pénible",
    "غضب توقع قرف خوف سعادة حب تفاؤل الياس حزن اندهاش مفاجأة أو ثقة",
    "عاطفة في تغريدة: أنا سعيد جدا بهذا الخبر الجميل اليوم",
    "لا أصدق ما حدث أمس في المدينة، الجميع حزين",
    "الحمد لله على كل حال، غدا يوم جديد",
    "ich freue mich auf das Wochenende, endlich wieder Sonne",
    "die Prüfung war furchtbar, ich habe fast alles vergessen",
    "we lost the game but the crowd was amazing, pride and relief everywhere",
    "I regret what I said yesterday, I hope you can forgive me",
    "who would have thought! a real surprise after all these quiet years",
    "gratitude, admiration, amusement, annoyance, curiosity, confusion, desire, embarrassment",
    "excitement grief nervousness realization remorse caring disappointment",
    "rage hate contempt shame guilt hope happiness sarcasm",
)


def fast_tokenizer(kind: str) -> PreTrainedTokenizerFast:
    """A tokenizer of transformers' own, the one that tests compare with."""
    bert = kind in ("bert", "distilbert")
    names = ("[PAD]", "[UNK]", "[CLS]", "[SEP]") if bert else ("<pad>", "<unk>", "<s>", "</s>")
    pad, unknown, begin, end = names
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(_trained(kind)),
        pad_token=pad,
        unk_token=unknown,
        cls_token=begin,
        sep_token=end,
        mask_token="[MASK]" if bert else "<mask>",
        model_max_length=WINDOW,
        model_input_names=["input_ids", *["token_type_ids"] * (kind == "bert"), "attention_mask"],
    )


def text_tokenizer(kind: str, window: int = WINDOW) -> TextTokenizer:
    """The same tokenizer as emoscope has it."""
    fast = fast_tokenizer(kind)
    special = {role: getattr(fast, f"{role}_token") for role in SPECIAL}
    return TextTokenizer(Tokenizer.from_str(_trained(kind)), special, window)


def encoder(kind: str, masked: bool = False, **options: int | float) -> PreTrainedModel:
    """A random encoder in evaluation mode; `masked` for the one with a masked-language head."""
    config_class, plain, with_head = {
        "bert": (BertConfig, BertModel, BertForMaskedLM),
        "roberta": (RobertaConfig, RobertaModel, RobertaForMaskedLM),
        "xlm-roberta": (XLMRobertaConfig, XLMRobertaModel, XLMRobertaForMaskedLM),
        "distilbert": (DistilBertConfig, DistilBertModel, DistilBertForMaskedLM),
    }[kind]
    fast = fast_tokenizer(kind)
    of_roberta = "roberta" in kind
    shape = {
        "vocab_size": len(fast),
        "pad_token_id": fast.pad_token_id,
        # Wider than by default, so that every token moves the states visibly.
        "initializer_range": 0.2,
    }
    if kind == "distilbert":
        shape |= {"dim": HIDDEN, "hidden_dim": 32, "n_layers": 2, "n_heads": 2}
        shape |= {"max_position_embeddings": WINDOW}
    else:
        shape |= {"hidden_size": HIDDEN, "intermediate_size": 32, "num_hidden_layers": 2}
        shape |= {"num_attention_heads": 2, "type_vocab_size": 1 if of_roberta else 2}
        shape |= {"max_position_embeddings": WINDOW + 2 * of_roberta}
    torch.manual_seed(0)
    return (with_head if masked else plain)(config_class(**{**shape, **options})).eval()


def save(kind: str, folder: Path, masked: bool = False) -> Path:
    """A folder as the hub's, with `config.json`, `model.safetensors` and `tokenizer.json`."""
    encoder(kind, masked).save_pretrained(folder)
    fast_tokenizer(kind).save_pretrained(folder)
    return folder


def save_demux(path: Path, names: tuple[str, ...]) -> Path:
    """A model folder of a Demux with random weights that knows these labels."""
    taxonomy = Taxonomy("mine", tuple(Label(name, (name,)) for name in names))
    backbone = drop_pooler(encoder("bert"))
    torch.manual_seed(1)
    reads = DemuxEncoder(TextPipeline(()), text_tokenizer("bert"), taxonomy)
    config = DemuxConfig(
        backbone=to_shape(backbone.config),
        id2label=dict(enumerate(names)),
        label2id={name: k for k, name in enumerate(names)},
    )
    Demux(config, backbone).save_pretrained(path)
    reads.save(path)
    complete_folder(path, taxonomy, Calibration(), reads.to_config(), "")
    return path


@cache
def _trained(kind: str) -> str:
    made = {"roberta": _byte_level, "xlm-roberta": _unigram}.get(kind, _word_piece)
    return made(types=kind == "bert").to_str()


def _word_piece(types: bool) -> Tokenizer:
    """Made by hand: the library's trainer breaks ties in another way in each process."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    normalizer = normalizers.BertNormalizer(lowercase=True)
    splitter = pre_tokenizers.BertPreTokenizer()
    words = {
        word
        for sentence in SENTENCES
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(sentence))
    }
    letters = sorted(set("".join(words)))
    pieces = [*letters, *(f"##{letter}" for letter in letters)]
    # Short words are whole, of long ones only the beginnings.
    pieces += sorted({word[: 5 if len(word) > 7 else 7] for word in words})
    pieces += ["posit", "negat", "##ive", "dis", "approv", "##approv", "##al"]
    vocabulary = {piece: place for place, piece in enumerate(dict.fromkeys([*special, *pieces]))}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.add_special_tokens(special)
    made.normalizer = normalizer
    made.pre_tokenizer = splitter
    made.decoder = decoders.WordPiece()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1" if types else "[CLS] $A [SEP] $B [SEP]",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return made


def _byte_level(types: bool) -> Tokenizer:
    del types  # RoBERTa has none.
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        SENTENCES,
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=special[:-1],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    _add_mask(made)
    made.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False
    )
    return made


def _unigram(types: bool) -> Tokenizer:
    del types  # XLM-R has none.
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    made.decoder = decoders.Metaspace(prepend_scheme="always")
    made.train_from_iterator(
        SENTENCES,
        trainers.UnigramTrainer(
            vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False
        ),
    )
    _add_mask(made)
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return made


def _add_mask(tokenizer: Tokenizer) -> None:
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
