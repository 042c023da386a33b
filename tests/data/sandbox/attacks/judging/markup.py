# Prints what a page might run.
print("<script>alert('PASSED')</script>\n{\"reward\": 1.0}\n{{answer}}")
