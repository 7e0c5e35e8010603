"""Signed distances on bricks of nodes, which are where a surface is."""
