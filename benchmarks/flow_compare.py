"""Our flow kernels beside OpenCV's; see `flow`, which compiles the library and calls this."""
import argparse
import ctypes as C
import platform
import time

import cv2
import numpy as np


class Grey(C.Structure):
    _fields_ = [("base", C.c_void_p), ("row", C.c_ssize_t), ("width", C.c_int32), ("height", C.c_int32)]


class Pyramid(C.Structure):
    _fields_ = [("count", C.c_int32), ("level", Grey * 8)]


class LucasKanade(C.Structure):
    _fields_ = [(n, C.c_int32) for n in ("window", "finest", "coarsest", "iterations")] + [
        (n, C.c_float) for n in ("epsilon", "least_eigenvalue", "gain", "offset")] + [
        (n, C.c_int32) for n in ("starts_from_guess", "error_is_eigenvalue")]


class Kernels(C.Structure):
    _fields_ = [
        ("name", C.c_char_p), ("halve", C.CFUNCTYPE(None, C.POINTER(Grey), C.POINTER(Grey), C.c_void_p)),
        ("track", C.CFUNCTYPE(
            None, C.POINTER(LucasKanade), C.POINTER(Pyramid), C.POINTER(Pyramid), C.c_int32, C.c_void_p, C.c_void_p, C.c_void_p, C.c_void_p))]


class Dense(C.Structure):
    _fields_ = [(n, C.c_int32) for n in ("finest", "coarsest", "stride", "steps", "refinements")]


class DensePicture(C.Structure):
    _fields_ = [("scale", Grey * 16)]


class Field(C.Structure):
    _fields_ = [("u", C.c_void_p), ("v", C.c_void_p), ("row", C.c_ssize_t), ("width", C.c_int32), ("height", C.c_int32)]


class DenseKernels(C.Structure):
    _fields_ = [
        ("name", C.c_char_p),
        ("shrink", C.CFUNCTYPE(None, C.POINTER(Dense), C.POINTER(Grey), C.POINTER(DensePicture), C.c_void_p)),
        ("flow", C.c_void_p),
        ("expand", C.CFUNCTYPE(None, C.POINTER(Field), C.c_float, C.POINTER(Field), C.c_void_p))]


def zeros(count, kind):
    """Zeroed memory on a 64-byte boundary."""
    size = count * np.dtype(kind).itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start:start + size].view(kind)


class Picture:
    """A pyramid of ours; `fill` costs what a new frame costs."""

    def __init__(self, library, kernels, width, height):
        self.library, self.kernels, self.layout = library, kernels, Pyramid()
        count = library.ps_pyramid_layout(C.byref(self.layout), None, width, height, 9)
        self.memory, self.sums = zeros(count + 64, np.uint8), zeros(width + 160, np.int16)
        library.ps_pyramid_layout(C.byref(self.layout), C.c_void_p(self.memory.ctypes.data), width, height, 9)
        top = self.layout.level[0]
        self.view = np.lib.stride_tricks.as_strided(self.memory[top.base - self.memory.ctypes.data:], (height, width), (top.row, 1))

    def fill(self, grey, levels=8):
        level = self.layout.level
        self.view[:] = grey
        self.library.ps_grey_fill_border(C.byref(level[0]), 0)
        for n in range(1, min(self.layout.count, levels)):
            self.kernels.halve(C.byref(level[n - 1]), C.byref(level[n]), self.sums.ctypes.data)
            self.library.ps_grey_fill_border(C.byref(level[n]), 0)


def frames(clip, width, height):
    if clip:
        film, got = cv2.VideoCapture(clip), []
        while len(got) < 32:
            ok, picture = film.read()
            if not ok:
                raise SystemExit(f"{clip}: fewer than 32 frames")
            got.append(picture)
        return [cv2.resize(cv2.cvtColor(p, cv2.COLOR_BGR2GRAY), (width, height), interpolation=cv2.INTER_AREA) for p in got[30:32]]
    noise = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (height + 40, width + 40)).astype(np.float32), (0, 0), 3)
    noise = cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 0.4, 1.003)
    turn[:, 2] += (4.3, -2.6)
    second = cv2.warpAffine(noise, turn, (width + 40, height + 40), borderMode=cv2.BORDER_REFLECT)
    return [p[20:20 + height, 20:20 + width].astype(np.uint8) for p in (noise, second)]


def clock(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def compare(repeats, theirs, *ours):
    """Best times in milliseconds; all take turns."""
    rounds = [[clock(work) for work in (theirs, *ours)] for _ in range(repeats)]
    return [min(column) for column in zip(*rounds)]


def lucas_kanade(library, kernels, clip, repeats):
    print("| Lucas-Kanade, 100 points, 4 levels | OpenCV | ours: pyramid | points | together | ratio | farthest apart, px |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for width, height in ((1280, 720), (640, 360)):
        first, second = frames(clip, width, height)
        random = np.random.default_rng(1)
        points = np.stack([random.uniform(20, width - 20, 100), random.uniform(20, height - 20, 100)], 1).astype(np.float32)
        before, now = (Picture(library, kernels, width, height) for _ in range(2))
        before.fill(first)
        for window in (21, 15):
            moved, found, error = np.zeros_like(points), np.zeros(100, np.uint8), np.zeros(100, np.float32)
            how = LucasKanade(window, 0, 3, 30, 0.01, 1e-4, 1, 0, 0, 0)
            want = []
            times = compare(
                repeats, lambda: want.append(cv2.calcOpticalFlowPyrLK(first, second, points, None, winSize=(window, window), maxLevel=3)),
                lambda: now.fill(second),
                lambda: kernels.track(
                    C.byref(how), C.byref(before.layout), C.byref(now.layout), 100, points.ctypes.data, moved.ctypes.data, found.ctypes.data,
                    error.ctypes.data))
            good = want[-1][1].ravel() == 1
            assert (good == (found == 1)).all(), "a point was lost by one of the two only"
            apart = np.abs(want[-1][0].reshape(-1, 2) - moved)[good].max()
            print(f"| {width}x{height}, window {window} | {times[0]:.2f} | {times[1]:.2f} | {times[2]:.2f} | {times[1] + times[2]:.2f} | "
                  f"{times[0] / (times[1] + times[2]):.1f} | {apart:.4f} |")


def dense(library, kernels, table, clip, repeats):
    print("\n| dense inverse search | OpenCV | ours | ratio | mean difference, px |")
    print("| --- | --- | --- | --- | --- |")
    presets = {"ultrafast": (0, Dense(2, 0, 4, 6, 0)), "fast": (1, Dense(2, 0, 4, 8, 5)), "medium": (2, Dense(1, 0, 3, 12, 5))}
    flow = C.CFUNCTYPE(Field, C.POINTER(Dense), C.POINTER(DensePicture), C.POINTER(DensePicture), C.c_void_p, C.c_void_p)(table.flow)
    for width, height in ((640, 360), (1280, 720)):
        pictures = frames(clip, width, height)
        greys = [Picture(library, kernels, width, height) for _ in pictures]
        for grey, picture in zip(greys, pictures):
            grey.fill(picture, 1)
        for name, (number, how) in presets.items():
            library.ps_dis_scales(C.byref(how), width, height)
            count = library.ps_dis_picture_layout(None, C.byref(how), None, width, height)
            memory = [zeros(count, np.uint8) for _ in pictures]
            scales = [DensePicture() for _ in pictures]
            for scale, bytes_ in zip(scales, memory):
                library.ps_dis_picture_layout(C.byref(scale), C.byref(how), C.c_void_p(bytes_.ctypes.data), width, height)
            result = zeros(library.ps_dis_field_floats(C.byref(how), width, height), np.float32)
            work = zeros(library.ps_dis_work_floats(C.byref(how), width, height), np.float32)
            full, line = np.zeros((2, height, width), np.float32), np.zeros(2 * (width + 16), np.float32)
            out = Field(full[0].ctypes.data, full[1].ctypes.data, width, width, height)

            def ours():
                for grey, scale in zip(greys, scales):   # as OpenCV: both pictures, although one is known from the frame before
                    table.shrink(C.byref(how), C.byref(grey.layout.level[0]), C.byref(scale), work.ctypes.data)
                small = flow(C.byref(how), C.byref(scales[0]), C.byref(scales[1]), result.ctypes.data, work.ctypes.data)
                table.expand(C.byref(small), float(1 << how.finest), C.byref(out), line.ctypes.data)

            theirs, want = cv2.DISOpticalFlow_create(number), []
            times = compare(max(3, repeats // (8 if name == "medium" else 2)), lambda: want.append(theirs.calc(pictures[0], pictures[1], None)), ours)
            apart = np.hypot(want[-1][..., 0] - full[0], want[-1][..., 1] - full[1]).mean()
            print(f"| {width}x{height} {name} | {times[0]:.2f} | {times[1]:.2f} | {times[0] / times[1]:.1f} | {apart:.4f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library")
    parser.add_argument("--isa")
    parser.add_argument("--clip")
    parser.add_argument("--repeats", type=int, default=25)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    library = C.CDLL(options.library)
    for name in ("ps_flow_named", "ps_flow_best"):
        getattr(library, name).restype = C.POINTER(Kernels)
    for name in ("ps_dis_named", "ps_dis_best"):
        getattr(library, name).restype = C.POINTER(DenseKernels)
    for name in ("ps_pyramid_layout", "ps_dis_picture_layout", "ps_dis_field_floats", "ps_dis_work_floats"):
        getattr(library, name).restype = C.c_size_t
    isa = options.isa.encode() if options.isa else None
    kernels = library.ps_flow_named(isa) if isa else library.ps_flow_best()
    table = library.ps_dis_named(isa) if isa else library.ps_dis_best()
    if not kernels or not table:
        raise SystemExit(f"this processor has no {options.isa}")
    print(f"Milliseconds, one thread, best of {options.repeats} (fewer for dense flow), OpenCV {cv2.__version__} and our {kernels.contents.name.decode()} "
          f"kernels taking turns; {platform.processor() or platform.machine()}.\n")
    lucas_kanade(library, kernels.contents, options.clip, options.repeats)
    dense(library, kernels.contents, table.contents, options.clip, options.repeats)


main()
