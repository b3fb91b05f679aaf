"""decode_pictures.py FROM TO: writes every JPEG of FROM as OpenCV decodes it, STEM.ppm, to TO."""
import pathlib
import sys

import cv2

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.jpg")):
    cv2.imwrite(str(pathlib.Path(sys.argv[2]) / (path.stem + ".ppm")), cv2.imread(str(path)))
