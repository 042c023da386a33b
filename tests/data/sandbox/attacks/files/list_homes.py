# Lists folders of people and of the host.
# control
import os
for folder in ("/root", "/home", "/var/log", "/var/lib", "/etc", "/srv", "/opt", "/mnt", "/work", "@FOLDER@"):
    try:
        names = os.listdir(folder)
        if len(names) > 8 or folder == "@FOLDER@":
            print("ESCAPED: listed", folder, len(names))
    except OSError as error:
        print("stopped:", error)
