# Plants programs in front of those that others call by name.
import os
for folder in [*os.environ.get("PATH", "").split(":"), "/usr/local/bin", "/usr/bin", "/bin"]:
    for name in ("gcc", "as", "ld", "python3", "cc1"):
        try:
            with open(f"{folder or '.'}/{name}.aha_attack_@TOKEN@", "w") as file:
                file.write("#!/bin/sh\n")
            if folder.startswith(("/usr", "/bin")):
                print("ESCAPED: planted", folder, name)
        except OSError as error:
            print("stopped:", error)
