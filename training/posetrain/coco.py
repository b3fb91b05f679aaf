"""COCO-format person annotations with their pictures, from a folder of pictures or from ZIP shards."""

import gzip
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Person:
    box: tuple  # x, y, w, h
    crowd: bool
    keypoints: np.ndarray  # [17, 3]: x, y, v
    quality: float  # how far the joint labels are to be trusted, 0..1


@dataclass(frozen=True)
class Picture:
    identity: int
    name: str
    shard: str  # "" for a plain file
    validation: bool
    complete: bool  # every person is boxed, so the rest is background
    proportions: bool  # false: the picture was stretched; boxes only
    faces: bool  # keypoints include nose, eyes and ears (COCO's own people)
    people: list = field(default_factory=list)


_TRUST = {"agree": 1.0, "weak": 0.5, "unchecked": 0.5}


class Annotations:
    """Pictures of one annotation file.

    `path` is a .json or .json.gz; pictures lie in `pictures` (default: the folder of the file) as plain files or, where an
    image names a `shard`, inside `shards/<shard>` there. Without a `set` field 2 % of the pictures become validation, by
    a hash of the file name. Fields of our own data (`boxes_complete`, `aspect_unknown`, `qc`) are optional.
    """

    def __init__(self, path, pictures=None):
        path = Path(path)
        if path.is_dir():
            path = path / "annotations.json.gz"
        self.root = Path(pictures) if pictures else path.parent
        opened = gzip.open(path) if path.suffix == ".gz" else open(path, "rb")
        with opened as file:
            content = json.load(file)
        people = {}
        person_ids = {c["id"] for c in content.get("categories", []) if c["name"] == "person"} or {1}
        for row in content["annotations"]:
            if row["category_id"] in person_ids:
                people.setdefault(row["image_id"], []).append(_person(row))
        self.pictures = [_picture(image, people.get(image["id"], [])) for image in content["images"]]
        self._open = {}

    def shards(self):
        """Pictures by shard name, in a fixed order; plain files in groups of 2000."""
        groups = {}
        for i, picture in enumerate(self.pictures):
            name = Path(picture.shard).stem if picture.shard else f"part{i // 2000:03d}"
            groups.setdefault(name, []).append(picture)
        return dict(sorted(groups.items()))

    def available(self, group):
        """Whether the pixels of a shard are here (shards may arrive one after another)."""
        shard = group[0].shard
        return not shard or (self.root / "shards" / shard).exists()

    def pixels(self, picture):
        """uint8 RGB [h, w, 3]."""
        if not picture.shard:
            return np.asarray(Image.open(self.root / picture.name).convert("RGB"))
        if picture.shard not in self._open:
            self._open = {picture.shard: zipfile.ZipFile(self.root / "shards" / picture.shard)}
        return np.asarray(Image.open(io.BytesIO(self._open[picture.shard].read(picture.name))).convert("RGB"))


def _person(row):
    keypoints = np.array(row.get("keypoints") or [0] * 51, np.float32).reshape(17, 3)
    return Person(tuple(float(n) for n in row["bbox"]), bool(row.get("iscrowd")), keypoints, _TRUST.get(row.get("qc"), 1.0))


def _picture(image, people):
    validation = image["set"] == "val" if "set" in image else hashlib.sha256(image["file_name"].encode()).digest()[0] < 5
    return Picture(image["id"], image["file_name"], image.get("shard", ""), validation, bool(image.get("boxes_complete", True)),
                   not image.get("aspect_unknown", False), str(image.get("source", "coco")).startswith("coco"), people)
