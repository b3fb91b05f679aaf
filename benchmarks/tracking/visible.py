"""Whether every clearly visible adult is found and keeps an id: python3 visible.py TRUTH RESULTS [CLIP=LEFT,TOP,RIGHT,BOTTOM ...]

Truth of multiple object tracking is amodal: who is hidden behind somebody else has a box all the same, and who is not annotated counts
as false. This asks what somebody who watches the clip would ask. Somebody is clearly visible in a frame where 70 % of the box lie inside
the picture, outside the boxes of people who stand in front (whose feet are lower, or higher by less than a tenth of the height: who
of two is in front is not to be told then), and outside what is named as CLIP=... (a sign, in pixels of the clip). Found: a
confirmed person's box with IoU of 0.5 (in brackets: 0.3), one to one. The main id is the one that most of these frames have.
A box is left over where it has IoU below 0.3 with every true box of the frame, or one that another box found already; people whom the
truth leaves out are among those, so `--list` prints them to be looked at.

TRUTH holds CLIP.txt (MOT Challenge 2015), RESULTS holds CLIP.ndjson.
"""
import argparse
import collections
import json
import pathlib

VISIBLE, FRAMES, AMBIGUOUS, GRID = 0.7, 10, 0.1, 32


def overlap(a, b):
    """Intersection over union of two boxes [left, top, width, height]."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(0, width) * max(0, height)
    return both / max(a[2] * a[3] + b[2] * b[3] - both, 1e-9)


def visible_share(box, others, picture, thing):
    """How much of a true box is in the picture and hidden neither by the box of somebody in front nor by `thing`."""
    left, top, width, height = box
    in_front = [o for o in others if o[1] + o[3] > top + height - AMBIGUOUS * height]
    hidden = [(o[0], o[1], o[0] + o[2], o[1] + o[3]) for o in in_front] + ([thing] if thing else [])
    seen = 0
    for row in range(GRID):
        y = top + (row + 0.5) / GRID * height
        for column in range(GRID):
            x = left + (column + 0.5) / GRID * width
            inside = 0 <= x < picture[0] and 0 <= y < picture[1]
            seen += inside and not any(h[0] <= x < h[2] and h[1] <= y < h[3] for h in hidden)
    return seen / GRID ** 2


def match(truth, people, least):
    """Pairs true id -> index of a person, the largest IoU first."""
    candidates = sorted(((overlap(box, p["box"]), who, i) for who, box in truth.items() for i, p in enumerate(people)), reverse=True)
    pairs = {}
    for value, who, i in candidates:
        if value >= least and who not in pairs and i not in pairs.values():
            pairs[who] = i
    return pairs


def read_truth(path):
    """Frame from 0 -> true id -> box, rows that are marked to be left out among them, and the ids of the others."""
    frames, counted = collections.defaultdict(dict), collections.defaultdict(set)
    for line in open(path):
        fields = line.split(",")
        frame, who = int(fields[0]) - 1, int(fields[1])
        frames[frame][who] = [float(v) for v in fields[2:6]]
        if len(fields) < 7 or float(fields[6]) != 0:
            counted[frame].add(who)
    return frames, counted


def measure(truth_path, result_path, thing, listed):
    truth, counted = read_truth(truth_path)
    records = [json.loads(line) for line in open(result_path)]
    source = records[0]["source"]
    frames = [r for r in records if r["type"] == "frame"]
    confirmed = {p["id"] for r in frames for p in r["people"] if p["state"] != "tentative"}
    seen, found, near, ids = collections.Counter(), collections.Counter(), collections.Counter(), collections.defaultdict(collections.Counter)
    frames_left_over = 0
    for record in frames:
        people = [p for p in record["people"] if p["id"] in confirmed]
        boxes = truth.get(record["frame"], {})
        exact, loose = match(boxes, people, 0.5), match(boxes, people, 0.3)
        for who in counted[record["frame"]]:
            others = [box for other, box in boxes.items() if other != who]
            if visible_share(boxes[who], others, (source["width"], source["height"]), thing) < VISIBLE:
                continue
            seen[who] += 1
            near[who] += who in loose
            if who in exact:
                found[who] += 1
                ids[who][people[exact[who]]["id"]] += 1
        left_over = [p for i, p in enumerate(people) if i not in loose.values()]
        frames_left_over += bool(left_over)
        for person in left_over if listed else []:
            print(f"  frame {record['frame']}: id {person['id']}, box {[round(v) for v in person['box']]}, score {person['score']}")
    adults = sorted(who for who in seen if seen[who] >= FRAMES)
    often = lambda counts: sum(counts[who] >= 0.9 * seen[who] for who in adults)
    main = {who: max(ids[who].values(), default=0) for who in adults}
    print(f"{result_path.stem}: clearly visible {sum(seen.values())} times, found {sum(found.values()) / max(sum(seen.values()), 1):.3f} "
          f"({sum(near.values()) / max(sum(seen.values()), 1):.3f}); of {len(adults)} adults (in {FRAMES} frames or more) in 90 % of the frames: "
          f"{often(found)} ({often(near)}), with one id in 90 % of those: {sum(main[who] >= 0.9 * found[who] > 0 for who in adults)}; "
          f"boxes left over in {frames_left_over} of {len(frames)} frames")
    for who in adults:
        if found[who] < 0.9 * seen[who] or main[who] < 0.9 * found[who]:
            print(f"  adult {who}: {found[who]} ({near[who]}) of {seen[who]} frames, ids {dict(ids[who])}")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("truth", type=pathlib.Path)
parser.add_argument("results", type=pathlib.Path)
parser.add_argument("things", nargs="*", help="CLIP=LEFT,TOP,RIGHT,BOTTOM of something that hides people")
parser.add_argument("--list", action="store_true", help="print the boxes that are left over")
options = parser.parse_args()
things = {name: tuple(map(float, box.split(","))) for name, box in (thing.split("=") for thing in options.things)}
for path in sorted(options.truth.glob("*.txt")):
    result = options.results / f"{path.stem}.ndjson"
    if result.exists():
        measure(path, result, things.get(path.stem), options.list)
