# Writes into the system's folders.
import glob
import sys
for folder in ("/usr", "/usr/bin", "/usr/lib", "/usr/local/bin", "/bin", "/lib", "/etc", "/sbin", *sys.path, *glob.glob("/usr/lib/python3*")):
    try:
        open(f"{folder}/aha_attack_@TOKEN@", "w").write("here")
        if folder.startswith(("/usr", "/bin", "/lib", "/sbin")):
            print("ESCAPED: wrote into", folder)
    except OSError as error:
        print("stopped:", error)
