# Reads a file of the host through links of its own.
# control
import os
import tempfile
for folder in (tempfile.gettempdir(), "."):
    try:
        link = os.path.join(folder, "aha_attack_link_@TOKEN@")
        os.symlink("@CANARY@", link)
        try:
            print(open(link).read())
        finally:
            os.unlink(link)
    except OSError as error:
        print("stopped:", error)
