# SPDX-License-Identifier: GPL-2.0-only
"""The table `list`: which tests there are, how to call them, what to expect."""

import re
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("list")
# By which exit status a kselftest says so; a failure's is its own.
STATUS = {"pass": 0, "skip": 4}


@dataclass
class Expectation:
    kind: str
    reason: str = ""
    status: int | None = 0

    @classmethod
    def parse(cls, text, where):
        head, _, reason = (part.strip() for part in text.partition(":"))
        if not re.fullmatch(r"pass|skip|fail \d+|omit", head) or bool(reason) != (head != "pass"):
            raise ValueError(f"{where}: expected `pass` or `skip|fail STATUS|omit: reason`, found `{text}`")
        kind, *status = head.split()
        return cls(kind, reason, int(status[0]) if status else STATUS.get(kind))


@dataclass
class Test:
    name: str
    tags: list
    arguments: str
    expectation: Expectation

    def verdict(self, status):
        """What is wrong with this exit status, or None."""
        if status == self.expectation.status:
            return None
        return f"expected: {self.expectation.kind} (exit status {self.expectation.status}), found: exit status {status}"


def load(conditions):
    """All tests, with the expectations that hold under these conditions: words that the list's lines start
    with after an @."""
    tests, overrides = {}, []
    for number, line in enumerate(LIST.read_text().splitlines(), 1):
        where = f"{LIST}:{number}"
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("@"):
            head, _, text = line[1:].partition("|")
            overrides.append((*head.split(), Expectation.parse(text, where)))
            continue
        name, tags, arguments, text = (part.strip() for part in line.split("|"))
        if name in tests:
            raise ValueError(f"{where}: {name} is listed twice")
        tests[name] = Test(name, tags.split(), arguments, Expectation.parse(text, where))
    for condition, key, expectation in overrides:
        for test in tests.values():
            # What is never run, or skips itself on any KVM here, does so under these, too.
            fits = key == test.name or (key in test.tags and
                                        test.expectation.kind in ("pass", "fail"))
            if condition in conditions and fits:
                test.expectation = expectation
    return tests
