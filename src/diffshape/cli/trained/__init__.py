"""Verbs that use a trained family of shapes."""
