"""Asks for a page with http.client, as a script would: no time limit, and the exception is told."""
import errno
import http.client
import sys

try:
    connection = http.client.HTTPConnection("shop.test", 80)
    connection.request("GET", "/")
    connection.getresponse().read()
except Exception as error:
    number = getattr(error, "errno", None)
    sys.exit(f"{type(error).__name__} {errno.errorcode.get(number, '-')}")
