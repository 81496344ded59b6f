"""The parts, in the order of the page."""

from compression import compression
from connections import idle, mounted, openings, tls
from messages import (cells, drafts, echo, fanout, floor, gateway, growth, long, service_of_bytes,
                      split, text, workers)

PARTS = {
    "echo": echo,
    "cells": cells,
    "floor": floor,
    "split": split,
    "text": text,
    "drafts": drafts,
    "bytes": service_of_bytes,
    "gateway": gateway,
    "growth": growth,
    "long": long,
    "idle": idle,
    "tls": tls,
    "openings": openings,
    "mounted": mounted,
    "compression": compression,
    "workers": workers,
    "fanout": fanout,
}
