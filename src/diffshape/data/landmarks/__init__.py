"""Images with landmarks: folders of them, and drawn radiographs."""
