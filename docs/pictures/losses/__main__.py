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
    for folder, pictures in PICTURES.items():
        for name, draw in pictures.items():
            if len(sys.argv) == 1 or name in sys.argv[1:]:
                draw(folder, name)
