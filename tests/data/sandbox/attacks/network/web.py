# Fetches a page.
# control
import urllib.request
try:
    urllib.request.urlopen("http://127.0.0.1:@TCP@/", timeout=0.5).read()
except OSError as error:
    print("stopped:", error)
