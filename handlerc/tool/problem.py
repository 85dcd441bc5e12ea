# SPDX-License-Identifier: BSD-2-Clause
"""What is wrong with a handler, and where: collected, then printed in the order of the source."""


class Fatal(Exception):
    """An error that leaves nothing more to check; the text is the whole line."""


class Problems:
    def __init__(self, source):
        self.source = source
        self.found = set()

    def add(self, message, place=None):
        """place: (file, line) or None for the file as a whole."""
        file, line = place or (self.source, 0)
        self.found.add((file, line, message))

    def report(self, stream):
        for file, line, message in sorted(self.found):
            where = f"{file}:{line}" if line else file
            print(f"{where}: error: {message}", file=stream)
