"""Generators of shapes: by adversaries, mixtures and flows, most of them on the codes of an autoencoder."""
