"""Losses of images and volumes with a channel for each class."""
