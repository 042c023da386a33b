# Hides 64 MB in extended attributes.
import os
hidden = 0
try:
    for number in range(64):
        path = f"/tmp/aha_attack_@TOKEN@_{number}"
        open(path, "w").close()
        for attribute in range(16):
            os.setxattr(path, f"user.{attribute}", bytes(65536))
            hidden += 65536
    print("ESCAPED: 64 MB in attributes")
except OSError as error:
    print("stopped at", hidden, error)
