# Reads from the mount table where things lie on the host.
# control
for path in ("/proc/self/mountinfo", "/proc/self/mounts", "/proc/1/mountinfo", "/etc/mtab"):
    try:
        print("ESCAPED: read", path, open(path).read(300))
    except OSError as error:
        print("stopped:", error)
