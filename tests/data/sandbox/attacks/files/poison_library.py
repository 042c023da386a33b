# Plants code where the next Python program would load it from.
import importlib.util
import os
import site
import sys
folders = {os.path.dirname(json.cached) for json in [importlib.util.find_spec("json")]} | {
    site.getusersitepackages(), *site.getsitepackages(), *sys.path}
for folder in sorted(folders):
    for name in ("sitecustomize.py", "usercustomize.py", "aha_attack_@TOKEN@.pth", "__init__.cpython-311.pyc"):
        try:
            os.makedirs(folder, exist_ok=True)
            open(os.path.join(folder, name), "a").close()
            if folder.startswith("/usr"):
                print("ESCAPED: planted", folder, name)
        except OSError as error:
            print("stopped:", error)
