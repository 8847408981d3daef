"""MEmo: a transformer that fills a masked emotion in a sentence."""
