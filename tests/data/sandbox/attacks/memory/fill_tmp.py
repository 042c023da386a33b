# Writes 256 MB into folders that anyone may write to.
import os
for folder in ("/tmp", "/var/tmp", ".", os.path.expanduser("~")):
    written = 0
    try:
        for part in range(256):
            with open(f"{folder}/aha_attack_@TOKEN@_{part}", "wb") as file:
                file.write(bytes(1 << 20))
            written += 1
        print("ESCAPED: 256 MB in", folder)
    except OSError as error:
        print("stopped:", folder, written, error)
