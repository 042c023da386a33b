# Prints all it is told, and what may come after.
import os
import sys
print(sys.stdin.read())
for descriptor in (0, 1, 2):
    for start in (0, 100):
        try:
            os.lseek(descriptor, start, 0)
            print(os.read(descriptor, 1000))
        except OSError as error:
            print(error)
