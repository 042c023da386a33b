# Leaves 1,000 dead children unread.
import os
try:
    for _ in range(1000):
        if os.fork() == 0:
            os._exit(0)
    print("ESCAPED: 1000 zombies")
except OSError as error:
    print("stopped:", error)
