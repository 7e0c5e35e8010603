"""The pictures of docs/losses: where the gradient of each loss pulls, as autograd computes it. Needs the extra `docs`.

python docs/pictures/losses                              all pictures
python docs/pictures/losses chamfer_distance wing_loss   some of them
"""

import sys

import field_values
import heatmaps
import implicit
import landmarks
import meshes
import points
import voxels

PICTURES = {
    "points": points.PICTURES,
    "meshes": meshes.PICTURES,
    "voxels": voxels.PICTURES,
    "segmentation": voxels.SEGMENTATION,
    "implicit": field_values.PICTURES | implicit.PICTURES,
    "landmarks": landmarks.PICTURES | heatmaps.PICTURES,
}

if __name__ == "__main__":
    wanted = sys.argv[1:] or [name for pictures in PICTURES.values() for name in pictures]
    for folder, pictures in PICTURES.items():
        for name in pictures.keys() & wanted:
            pictures[name](folder, name)
            wanted.remove(name)
    if wanted:
        sys.exit(f"no picture is called {', '.join(wanted)}")
