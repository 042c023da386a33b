# Overwrites, renames, removes and truncates a file of the host.
# control
import os
for change in (lambda: open("@VICTIM@", "w").write("gone"), lambda: os.rename("@VICTIM@", "@VICTIM@.old"),
               lambda: os.truncate("@VICTIM@", 0), lambda: os.unlink("@VICTIM@"), lambda: os.chmod("@VICTIM@", 0o777),
               lambda: open("@VICTIM@", "w").write("gone")):
    try:
        change()
        print("ESCAPED: changed a file of the host")
    except OSError as error:
        print("stopped:", error)
