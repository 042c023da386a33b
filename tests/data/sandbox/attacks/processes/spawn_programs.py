# Starts 100 other programs that outlive it.
import subprocess
started = 0
try:
    for _ in range(100):
        subprocess.Popen(["/usr/bin/sleep", "1000"], start_new_session=True)
        started += 1
except OSError as error:
    print("stopped:", error)
print("ESCAPED: 100 programs" if started > 64 else started)
