extension Record {
    /// The JSON Schema (draft 2020-12) of one line: what `posestream schema` prints.
    ///
    /// Readers are to ignore unknown fields, so the schema allows them everywhere.
    public static let jsonSchema = #"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "$id": "urn:posestream:records:1",
          "title": "posestream/1",
          "description": "One line of posestream's NDJSON: a header first, then frames and gaps in order of time, an end last. Unknown fields and types are to be ignored. Coordinates: pixels of the picture as it is seen (rotation applied, sample aspect ratio not applied), x right, y down, the centre of the first pixel is (0, 0).",
          "type": "object",
          "required": ["type"],
          "properties": { "type": { "type": "string" } },
          "allOf": [
            { "if": { "properties": { "type": { "const": "header" } } }, "then": { "$ref": "#/$defs/header" } },
            { "if": { "properties": { "type": { "const": "frame" } } }, "then": { "$ref": "#/$defs/frame" } },
            { "if": { "properties": { "type": { "const": "gap" } } }, "then": { "$ref": "#/$defs/gap" } },
            { "if": { "properties": { "type": { "const": "end" } } }, "then": { "$ref": "#/$defs/end" } }
          ],
          "$defs": {
            "count": { "type": "integer", "minimum": 0 },
            "triples": {
              "description": "x, y, score of each joint, flat, in the order of the header's names; a joint that was not found is 0, 0, 0.",
              "type": "array",
              "items": { "type": "number" }
            },
            "header": {
              "description": "The first line: where the pictures came from, what the numbers mean, what made them.",
              "required": ["type", "schema", "version", "source", "keypoints", "pipeline", "models"],
              "properties": {
                "schema": { "type": "string", "pattern": "^posestream/1(\\.[0-9]+)?$" },
                "version": { "type": "string" },
                "source": {
                  "type": "object",
                  "required": ["name", "uri", "width", "height", "rotation", "time_base", "frame_rate", "frames", "start_time", "live"],
                  "properties": {
                    "name": { "type": "string" },
                    "uri": { "description": "Path or URL, credentials masked.", "type": "string" },
                    "width": { "$ref": "#/$defs/count" },
                    "height": { "$ref": "#/$defs/count" },
                    "rotation": { "description": "Clockwise, in degrees, already applied.", "type": "integer" },
                    "time_base": {
                      "description": "Numerator and denominator of the seconds that a tick of pts takes.",
                      "type": ["array", "null"],
                      "prefixItems": [{ "type": "integer", "minimum": 1 }, { "type": "integer", "minimum": 1 }],
                      "minItems": 2,
                      "maxItems": 2
                    },
                    "frame_rate": { "description": "Frames a second as the container says.", "type": ["number", "null"] },
                    "frames": { "description": "Number of pictures when known beforehand.", "type": ["integer", "null"], "minimum": 0 },
                    "start_time": { "description": "The first picture's time in the source's own clock, in seconds.", "type": ["number", "null"] },
                    "live": { "type": "boolean" }
                  }
                },
                "keypoints": {
                  "type": "object",
                  "required": ["set", "names", "skeleton"],
                  "properties": {
                    "set": { "type": "string" },
                    "names": { "type": "array", "items": { "type": "string" } },
                    "skeleton": {
                      "description": "Bones: the indices of their two joints.",
                      "type": "array",
                      "items": { "type": "array", "items": { "$ref": "#/$defs/count" }, "minItems": 2, "maxItems": 2 }
                    }
                  }
                },
                "pipeline": { "description": "The resolved configuration." },
                "models": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "required": ["name", "sha256"],
                    "properties": { "name": { "type": "string" }, "sha256": { "type": "string" } }
                  }
                },
                "options": {
                  "description": "What the run was asked beside its pipeline, when it was: the part of the film, where in the picture people count, what is stored.",
                  "type": "object",
                  "properties": {
                    "from": { "description": "Seconds from the source's first picture.", "type": "number" },
                    "to": { "type": "number" },
                    "every": { "type": "integer", "minimum": 1 },
                    "max_fps": { "type": "number" },
                    "roi": { "description": "x, y, width, height.", "type": "array", "items": { "$ref": "#/$defs/count" } },
                    "mask": { "description": "SHA-256 of the picture.", "type": "string" },
                    "track": { "description": "false: people have no ids yet.", "type": "boolean" },
                    "store_flow": { "type": "boolean" },
                    "precision": { "description": "What the networks multiplied in, when not f32.", "type": "string" },
                    "measured": { "description": "Stands for the algorithms that models tune chose on the machine, when it was asked.", "type": "string" }
                  }
                }
              }
            },
            "frame": {
              "description": "The people of one picture, also of a picture without people.",
              "required": ["type", "frame", "pts", "time", "people"],
              "properties": {
                "source": { "description": "The source's name, when there are several.", "type": "string" },
                "frame": { "description": "Number of the decoded picture in its source, from 0.", "$ref": "#/$defs/count" },
                "pts": { "description": "Presentation time stamp in time_base; null when the source has none.", "type": ["integer", "null"] },
                "time": { "description": "Seconds from the source's first picture.", "type": "number" },
                "wall": { "description": "Live sources: time of capture, RFC 3339 in UTC.", "type": "string", "format": "date-time" },
                "latency_ms": { "description": "Live sources: from capture to this line.", "type": "number" },
                "dropped": { "description": "Live sources: pictures dropped since the last line.", "$ref": "#/$defs/count" },
                "size": {
                  "description": "Width and height of this picture when they are not the header's.",
                  "type": "array", "items": { "type": "integer", "minimum": 1 }, "minItems": 2, "maxItems": 2
                },
                "people": { "description": "In ascending id.", "type": "array", "items": { "$ref": "#/$defs/person" } },
                "motion": { "$ref": "#/$defs/motion" }
              }
            },
            "motion": {
              "description": "With --store-flow: how the picture moved since the frame before, so that people can be linked later.",
              "type": "object",
              "required": ["background", "bodies"],
              "properties": {
                "cut": { "description": "This frame begins a new shot.", "type": "boolean" },
                "return": { "description": "The new shot is the one before the last.", "type": "boolean" },
                "background": {
                  "description": "a, b, tx, c, d, ty: x' = a x + b y + tx, y' = c x + d y + ty of what belongs to nobody.",
                  "type": "array", "items": { "type": "number" }, "minItems": 6, "maxItems": 6
                },
                "bodies": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "required": ["reach", "points"],
                    "properties": {
                      "reach": { "description": "Other points go with one of these within so many pixels.", "type": "number" },
                      "points": {
                        "description": "Flat: x and y in the frame before, x and y now, confidence from 0 (lost) to 1 (sure).",
                        "type": "array", "items": { "type": "number" }
                      }
                    }
                  }
                }
              }
            },
            "person": {
              "type": "object",
              "required": ["id", "state", "src", "score", "box", "keypoints"],
              "properties": {
                "id": { "description": "Holds while the person stays; null when nothing was tracked.", "type": ["integer", "null"], "minimum": 0 },
                "state": { "enum": ["tentative", "confirmed", "coasting"] },
                "src": { "description": "net: the network ran on this frame; flow: carried by optical flow.", "enum": ["net", "flow"] },
                "score": { "type": "number" },
                "box": { "description": "x, y, width, height.", "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 4 },
                "keypoints": { "$ref": "#/$defs/triples" },
                "raw": { "description": "The keypoints before smoothing.", "$ref": "#/$defs/triples" },
                "appearance": {
                  "description": "With --store-flow: what the person wears; 8 classes each of Y, Cb and Cr, a byte each: 255 sqrt(share).",
                  "type": "string", "pattern": "^[0-9a-f]{48}$"
                }
              }
            },
            "gap": {
              "description": "A hole in time.",
              "required": ["type", "time", "seconds", "reason"],
              "properties": {
                "source": { "type": "string" },
                "time": { "description": "Where the gap begins, in seconds from the source's first picture.", "type": "number" },
                "seconds": { "type": "number", "minimum": 0 },
                "reason": { "enum": ["stalled", "reconnected", "corrupt", "discontinuity"] }
              }
            },
            "end": {
              "description": "The last line of a source. A file without one was cut.",
              "required": ["type", "reason", "frames", "decoded", "dropped", "corrupt", "people", "seconds", "fps", "error"],
              "properties": {
                "source": { "type": "string" },
                "reason": { "enum": ["eof", "interrupted", "limit", "output-closed", "error"] },
                "frames": { "$ref": "#/$defs/count" },
                "decoded": { "$ref": "#/$defs/count" },
                "dropped": { "$ref": "#/$defs/count" },
                "corrupt": { "$ref": "#/$defs/count" },
                "people": { "$ref": "#/$defs/count" },
                "seconds": { "type": "number", "minimum": 0 },
                "fps": { "type": "number", "minimum": 0 },
                "error": { "type": ["string", "null"] }
              }
            }
          }
        }
        """#
}
