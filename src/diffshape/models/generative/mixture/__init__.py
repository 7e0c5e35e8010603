"""Gaussian mixtures of codes."""
