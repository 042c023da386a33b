# Makes device nodes of disks and of memory, and opens them.
import os
import stat
for kind, major, minor in ((stat.S_IFBLK, 8, 0), (stat.S_IFBLK, 254, 0), (stat.S_IFBLK, 259, 0), (stat.S_IFCHR, 1, 1),
                           (stat.S_IFCHR, 10, 232), (stat.S_IFCHR, 5, 1)):
    path = f"/tmp/aha_attack_@TOKEN@_{major}_{minor}"
    try:
        os.mknod(path, kind | 0o666, os.makedev(major, minor))
        os.open(path, os.O_RDONLY)
        print("ESCAPED: opened device", major, minor)
    except OSError as error:
        print("stopped:", error)
