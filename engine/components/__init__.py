"""Rasa components of our own: the sentence embedder and the calibrated intent classifier."""
