# Forks until the process tree has 256 leaves.
import os
import time
try:
    for _ in range(8):
        os.fork()
    os.write(1, b"ESCAPED: 256 processes at once\n")
    time.sleep(1)
except OSError as error:
    os.write(1, f"stopped: {error}\n".encode())
