# Looks for what an earlier program left, and leaves something itself.
# repeat: 6
import os
folders = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/box", ".", os.path.expanduser("~"), "/", "/dev")
for folder in sorted(set(map(os.path.realpath, folders))):
    path = os.path.join(folder, "aha_attack_@TOKEN@_left")
    if os.path.exists(path):
        print("ESCAPED: found", path)
    try:
        open(path, "w").write("left")
    except OSError as error:
        print("stopped:", error)
