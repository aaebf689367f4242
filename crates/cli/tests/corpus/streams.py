"""Asks for a page with asyncio's streams; the answer may take four seconds."""
import asyncio
import errno
import sys


async def ask():
    reader, writer = await asyncio.open_connection("shop.test", 80)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 4)
    if not answer:
        sys.exit("empty -")


try:
    asyncio.run(ask())
except Exception as error:
    number = getattr(error, "errno", None)
    sys.exit(f"{type(error).__name__} {errno.errorcode.get(number, error)}")
