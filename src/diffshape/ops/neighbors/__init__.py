"""Nearest neighbours, and what is made of them."""
