# Tells another box something by locking a file that both see.
# repeat: 4; timeout: 5
import fcntl
import os
import time
for path in ("/usr/bin/env", "/usr/bin/python3", "/usr/lib/os-release", "/dev/null", "/dev/zero", "/usr"):
    try:
        file = os.open(path, os.O_RDONLY)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("ESCAPED: another box holds a lock on", path)
    except OSError as error:
        print("stopped:", error)
time.sleep(0.4)
