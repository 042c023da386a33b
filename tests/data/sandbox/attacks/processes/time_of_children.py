# Lets children use the processor time that it may not use itself.
# timeout: 0.5
import os
import time
try:
    while True:
        if os.fork() == 0:
            end = time.monotonic() + 0.1
            while time.monotonic() < end:
                pass
            os._exit(0)
        os.wait()
except OSError as error:
    print("stopped:", error)
