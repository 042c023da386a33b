# Opens everything that /proc shows of the first process.
import os
for name in ("root/etc", "cwd/.", "environ", "maps", "mem", "exe", "fd/0", "fd/3", "stack", "cmdline", "auxv"):
    try:
        os.close(os.open("/proc/1/" + name, os.O_RDONLY))
        print("ESCAPED: opened /proc/1/" + name)
    except OSError as error:
        print("stopped:", error)
