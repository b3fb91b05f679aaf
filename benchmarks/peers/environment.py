"""The virtual environment of these scripts, made on the first run, and the program that they measure."""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
POSESTREAM = pathlib.Path(os.environ.get("POSESTREAM", CHECKOUT / ".build/release/posestream"))


def enter():
    """Continues in the virtual environment ($POSESTREAM_PEERS_VENV, else .build/peers-venv); makes it when it is not there."""
    place = pathlib.Path(os.environ.get("POSESTREAM_PEERS_VENV", CHECKOUT / ".build/peers-venv"))
    python = place / "bin/python"
    if pathlib.Path(sys.prefix).resolve() == place.resolve():
        return
    ready = place / "ready"
    if not ready.exists():
        print(f"making {place} (once)", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
        # ncnn's converter is one program; what else its package wants (PyTorch) is not needed for that.
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "pnnx"], check=True)
        ready.touch()
    if not POSESTREAM.exists():
        sys.exit(f"{POSESTREAM} is missing: make build, or name it in $POSESTREAM")
    os.execv(python, [str(python), *sys.argv])


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"
