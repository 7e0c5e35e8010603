"""The picture of the README: the built-in scan, and a surface beside it.

python docs/pictures.py [MESH]      MESH: a surface fitted to the built-in scan; else the true one
"""

import sys
from pathlib import Path

from diffshape.data import demo_scan, read_mesh
from diffshape.report import preview

points, truth = demo_scan()
surface = read_mesh(sys.argv[1]) if len(sys.argv) > 1 else truth
preview(*surface, points, path=Path(__file__).with_name("images") / "kettle.png", size=480, up="z")
