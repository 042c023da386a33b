# Leaves a daemon behind that has let go of everything.
import os
import time
try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for descriptor in range(3):
                os.close(descriptor)
            time.sleep(1000)
        os._exit(0)
    print("parent leaves")
except OSError as error:
    print("stopped:", error)
