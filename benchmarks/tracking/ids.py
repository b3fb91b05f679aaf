"""Which ids a film has, from when to when, and how many frames show how many people: python3 ids.py POSES.ndjson"""
import collections
import json
import sys

spans, counts = {}, collections.Counter()
frames = [record for record in map(json.loads, open(sys.argv[1])) if record["type"] == "frame"]
# A tentative track that is never confirmed is nobody.
confirmed = {p["id"] for record in frames for p in record["people"] if p["state"] != "tentative"}
for record in frames:
    people = [p for p in record["people"] if p["id"] in confirmed]
    counts[len(people)] += 1
    for person in people:
        first, _, frames = spans.get(person["id"], (record["frame"], 0, 0))
        spans[person["id"]] = (first, record["frame"], frames + 1)
print(f"{sys.argv[1]}: {len(spans)} ids; frames by people:", dict(sorted(counts.items())))
for person, (first, last, frames) in sorted(spans.items()):
    print(f"  id {person}: frames {first} to {last}, in {frames}")
