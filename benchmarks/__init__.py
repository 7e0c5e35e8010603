"""Measurements of speed and quality beside peers: ``python -m benchmarks.speed.chamfer`` from the repository's root.

speed      time and memory on a CPU; each compares with a peer or with the library's own plain form
quality    fits, fields and trainings scored against a known truth
gpu        time on a CUDA device, and how far it is from what the device can do
results    a file of JSON lines for each
page       writes docs/benchmarks.md from the results: ``python -m benchmarks.page``
"""
