# Reads the environment, arguments, memory and files of who started it.
import os
for name in ("environ", "cmdline", "maps", "mem", "status", "task"):
    path = f"/proc/{os.getppid()}/{name}"
    try:
        text = os.listdir(path) if name == "task" else open(path, "rb").read(4000)
        print("ESCAPED: read", path, text)
    except OSError as error:
        print("stopped:", error)
