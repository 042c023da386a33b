# Ends well and says nothing.
raise SystemExit(0)
