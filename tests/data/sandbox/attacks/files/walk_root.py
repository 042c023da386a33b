# Walks through all folders and reads what is called like the secret file.
import os
seen = 0
for folder, _, names in os.walk("/"):
    if folder.startswith(("/usr/lib", "/usr/share", "/proc/", "/sys/")):
        continue
    seen += 1
    if "@NAME@" in names:
        try:
            print(open(os.path.join(folder, "@NAME@")).read())
        except OSError as error:
            print("stopped:", error)
    if seen > 20000:
        break
print(seen, "folders")
