"""Which ids a film has, from when to when, and how many frames show how many people: python3 ids.py POSES.ndjson"""
import collections
import json
import sys

spans, counts = {}, collections.Counter()
for line in open(sys.argv[1]):
    record = json.loads(line)
    if record["type"] != "frame":
        continue
    # A tentative track that is never confirmed is nobody.
    people = [p for p in record["people"] if p["state"] != "tentative"]
    counts[len(people)] += 1
    for person in people:
        first, _, frames = spans.get(person["id"], (record["frame"], 0, 0))
        spans[person["id"]] = (first, record["frame"], frames + 1)
print(f"{sys.argv[1]}: {len(spans)} ids; frames by people:", dict(sorted(counts.items())))
for person, (first, last, frames) in sorted(spans.items()):
    print(f"  id {person}: frames {first} to {last}, in {frames}")
