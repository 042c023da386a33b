# Reads the arguments and environment of every process, and its open files.
# control
import glob
for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
    try:
        print(open(path, "rb").read(4000))
    except OSError:
        pass
for path in glob.glob("/proc/[0-9]*/fd/*"):
    try:
        if "canary" in path or "@FOLDER@" in __import__("os").readlink(path):
            print(open(path).read(4000))
    except OSError:
        pass
