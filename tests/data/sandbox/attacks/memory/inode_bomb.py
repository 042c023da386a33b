# Makes 20,000 empty files.
import os
made = 0
try:
    for number in range(20000):
        os.close(os.open(f"/tmp/aha_attack_@TOKEN@_{number}", os.O_CREAT | os.O_WRONLY))
        made += 1
    print("ESCAPED: 20000 files")
except OSError as error:
    print("stopped at", made, error)
