"""Generative adversarial networks, of clouds and of codes."""
