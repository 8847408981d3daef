"""Named lexical features and scores of neural models, combined by boosted trees."""
