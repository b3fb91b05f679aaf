"""Box AP and AR, as COCO counts them, of records against MOTChallenge truth:

    python3 box_ap.py POSESTREAM TRUTH.txt POSES.ndjson

Everybody in the lines counts, tentative people too, by their scores; every row of the truth is asked for. Prints AP, AP at IoU 0.5 and AR.
"""
import json
import subprocess
import sys
import tempfile


def main():
    posestream, truth, poses = sys.argv[1:4]
    images, results, size = [], [], {}
    for line in open(poses):
        record = json.loads(line)
        if record["type"] == "header":
            size = {key: record["source"][key] for key in ("width", "height")}
        if record["type"] != "frame":
            continue
        # Frames count from 0 in records, from 1 in the truth.
        number = record["frame"] + 1
        images.append({"id": number, "file_name": f"{number:06d}.jpg", **size})
        for person in record["people"]:
            results.append({"image_id": number, "category_id": 1, "bbox": person["box"], "score": person["score"]})
    present, annotations = {image["id"] for image in images}, []
    for line in open(truth):
        fields = line.split(",")
        if len(fields) < 6 or int(float(fields[0])) not in present:
            continue
        box = [float(value) for value in fields[2:6]]
        annotations.append({
            "id": len(annotations) + 1, "image_id": int(float(fields[0])), "category_id": 1, "bbox": box, "area": box[2] * box[3],
            "iscrowd": 0, "num_keypoints": 0, "keypoints": [0] * 51})
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/truth.json", "w") as out:
            json.dump({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "person"}]}, out)
        with open(f"{folder}/results.json", "w") as out:
            json.dump(results, out)
        scored = json.loads(subprocess.run(
            [posestream, "eval", "coco", f"{folder}/truth.json", f"{folder}/results.json", "--task", "boxes", "--json"],
            check=True, capture_output=True, text=True).stdout)
    print(json.dumps(scored))


if __name__ == "__main__":
    main()
