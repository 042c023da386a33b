# Gives one file 20,000 names, and a system file a second one.
import os
made = 0
try:
    open("/tmp/aha_attack_@TOKEN@", "w").close()
    for number in range(20000):
        os.link("/tmp/aha_attack_@TOKEN@", f"/tmp/aha_attack_@TOKEN@_{number}")
        made += 1
    print("ESCAPED: 20000 names")
except OSError as error:
    print("stopped at", made, error)
try:
    os.link("/usr/bin/env", "/usr/bin/aha_attack_@TOKEN@")
    print("ESCAPED: linked a system file")
except OSError as error:
    print("stopped:", error)
