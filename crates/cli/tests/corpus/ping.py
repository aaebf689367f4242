"""Pings a cache with redis-py, two seconds for the connection and two for each answer."""
import sys

import redis

try:
    answer = redis.Redis(host="shop.test", port=6379, socket_connect_timeout=2, socket_timeout=2).ping()
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
sys.exit(0 if answer else "no pong")
