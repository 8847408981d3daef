"""The folder names that the published toolkit's README lists, made from configurations."""

from emoscope.experiments.log import ExperimentLog

XLM = "twitter-xlm-roberta-base-sentiment"
# Training split, dev split (None: the parameter is not there), clusters, encoder, held out
# (likewise), exponent of the mixture, number of configurations that the name does not tell apart.
ROWS = [
    ("Arabic(train)", "Arabic(dev)", None, "bert-base-arabertv02-twitter", None, None, 1),
    ("Arabic(train)", "Arabic(dev)", None, XLM, None, 1.0, 3),
    ("English+Arabic(train)", "English+Arabic(dev)", None, XLM, "Spanish(train;dev)", 0.0, 1),
    ("English+Spanish+Arabic(train)", "Arabic(dev)", None, XLM, None, 1.0, 2),
    ("English+Spanish+Arabic(train;dev)", None, None, XLM, None, 0.0, 1),
    ("English+Spanish+Arabic(train)", "English(dev)", None, XLM, None, 1.0, 2),
    ("English+Spanish+Arabic(train)", "English+Spanish+Arabic(dev)", [], XLM, None, 0.0, 3),
    (
        "English+Spanish+Arabic(train)",
        "English+Spanish+Arabic(dev)",
        None,
        "bert-base-multilingual-uncased",
        None,
        0.0,
        1,
    ),
    (
        "English+Spanish+Arabic(train)",
        "English+Spanish+Arabic(dev)",
        None,
        "bert-base-multilingual-uncased",
        None,
        0.5,
        1,
    ),
    (
        "English+Spanish+Arabic(train)",
        "English+Spanish+Arabic(dev)",
        None,
        "bert-base-multilingual-uncased",
        None,
        1.0,
        1,
    ),
    ("English+Spanish+Arabic(train)", "English+Spanish+Arabic(dev)", None, XLM, None, 0.0, 1),
    ("English+Spanish+Arabic(train)", "English+Spanish+Arabic(dev)", None, XLM, None, 0.5, 1),
    ("English+Spanish+Arabic(train)", "English+Spanish+Arabic(dev)", None, XLM, None, 1.0, 1),
    ("English+Spanish+Arabic(train)", "Spanish(dev)", None, XLM, None, 1.0, 2),
    ("English+Spanish(train)", "English+Spanish(dev)", None, XLM, "Arabic(train;dev)", 0.0, 1),
    ("English+Spanish-Tr+Arabic(train)", "Spanish-Tr(dev)", None, XLM, None, 1.0, 2),
    ("English(train)", "English(dev)", None, "bertweet-base", None, None, 1),
    ("English(train)", "English(dev)", None, XLM, None, 1.0, 2),
    ("English(train)", "English(dev)", None, XLM, "anger", None, 3),
    ("English(train)", "English(dev)", None, XLM, "joy", None, 3),
    ("English(train)", "English(dev)", None, XLM, "pessimism", None, 3),
    ("English(train)", "English(dev)", None, XLM, "trust", None, 3),
    ("French-Tr(train;dev)", None, None, "bertweetfr-base", None, None, 2),
    ("French-Tr(train)", "French-Tr(dev)", None, "bertweetfr-base", None, None, 1),
    ("Spanish+Arabic(train)", "Spanish+Arabic(dev)", None, XLM, "English(train;dev)", 0.0, 1),
    ("Spanish(train)", "Spanish(dev)", None, "robertuito-sentiment-analysis", None, None, 1),
    ("Spanish(train)", "Spanish(dev)", None, XLM, None, 1.0, 3),
    ("Spanish-Tr(train)", "Spanish-Tr(dev)", None, XLM, None, 1.0, 2),
]
LISTED = """
Arabic(train),Arabic(dev),None,bert-base-arabertv02-twitter,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
Arabic(train),Arabic(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
Arabic(train),Arabic(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
Arabic(train),Arabic(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_2
English+Arabic(train),English+Arabic(dev),None,twitter-xlm-roberta-base-sentiment,Spanish(train;dev),0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),Arabic(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),Arabic(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
English+Spanish+Arabic(train;dev),None,twitter-xlm-roberta-base-sentiment,0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),,twitter-xlm-roberta-base-sentiment,0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),,twitter-xlm-roberta-base-sentiment,0.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),,twitter-xlm-roberta-base-sentiment,0.0,None,cossim,False,0.2,intra_exp_diff,False,None_2
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),None,bert-base-multilingual-uncased,0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),None,bert-base-multilingual-uncased,0.5,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),None,bert-base-multilingual-uncased,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),None,twitter-xlm-roberta-base-sentiment,0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),None,twitter-xlm-roberta-base-sentiment,0.5,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),Spanish(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),Spanish(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
English+Spanish(train),English+Spanish(dev),None,twitter-xlm-roberta-base-sentiment,Arabic(train;dev),0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish-Tr+Arabic(train),Spanish-Tr(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish-Tr+Arabic(train),Spanish-Tr(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
English(train),English(dev),None,bertweet-base,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,anger,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,anger,None,None,cossim,False,0.2,intra_exp_diff,False,None_1
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,anger,None,None,cossim,False,0.2,intra_exp_diff,False,None_2
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,joy,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,joy,None,None,cossim,False,0.2,intra_exp_diff,False,None_1
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,joy,None,None,cossim,False,0.2,intra_exp_diff,False,None_2
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,pessimism,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,pessimism,None,None,cossim,False,0.2,intra_exp_diff,False,None_1
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,pessimism,None,None,cossim,False,0.2,intra_exp_diff,False,None_2
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,trust,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,trust,None,None,cossim,False,0.2,intra_exp_diff,False,None_1
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,trust,None,None,cossim,False,0.2,intra_exp_diff,False,None_2
French-Tr(train;dev),None,bertweetfr-base,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
French-Tr(train;dev),None,bertweetfr-base,None,None,cossim,False,0.2,intra_exp_diff,False,None_1
French-Tr(train),French-Tr(dev),None,bertweetfr-base,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
Spanish+Arabic(train),Spanish+Arabic(dev),None,twitter-xlm-roberta-base-sentiment,English(train;dev),0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
Spanish(train),Spanish(dev),None,robertuito-sentiment-analysis,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
Spanish(train),Spanish(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
Spanish(train),Spanish(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
Spanish(train),Spanish(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_2
Spanish-Tr(train),Spanish-Tr(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
Spanish-Tr(train),Spanish-Tr(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
"""
COMMON = {
    "local_prior": None,
    "loss_distance": "cossim",
    "masked": False,
    "share": 0.2,
    "term": "intra_exp_diff",
    "weighted": False,
    "wheel": None,
}


def configurations():
    """Parameters and naming parameters of each."""
    for train, dev, clusters, encoder, held_out, alpha, count in ROWS:
        named = {
            "_a_train": train,
            "_b_dev": dev,
            "clusters": clusters,
            "encoder": encoder,
            "held_out": held_out,
            "language_alpha": alpha,
            **COMMON,
        }
        for name, value in (("_b_dev", dev), ("held_out", held_out)):
            if value is None:
                del named[name]
        for number in range(count):
            yield {**named, "batch_size": 32 + number}, list(named)


def test_the_listing_of_the_published_readme(tmp_path):
    folders = [
        ExperimentLog.open(tmp_path, "DemuxSemEval", params, naming).folder
        for params, naming in configurations()
    ]
    expected = LISTED.split()
    assert [folder.name for folder in folders] == expected
    there = {path.name for path in (tmp_path / "DemuxSemEval").iterdir() if path.is_dir()}
    assert there == set(expected)
    again = [
        ExperimentLog.open(tmp_path, "DemuxSemEval", params, naming).folder
        for params, naming in configurations()
    ]
    assert again == folders
