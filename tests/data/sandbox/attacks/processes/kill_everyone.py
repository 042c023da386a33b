# Sends SIGKILL to everything it may reach.
import os
import signal
try:
    os.kill(-1, signal.SIGKILL)
    print("sent")
except OSError as error:
    print("stopped:", error)
