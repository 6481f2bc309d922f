# SPDX-License-Identifier: GPL-2.0-only
"""Finds what must not be in a kernel log."""

import re

START = "lab: start"
SPLAT = re.compile(
    r"WARNING: |BUG: |kernel BUG at|Oops: |general protection fault, maybe|INFO: task .* blocked|"
    r"INFO: rcu|rcu: INFO:|possible recursive locking|possible circular locking|"
    r"suspicious RCU usage|unchecked MSR access error|UBSAN: |KASAN: |stack segment fault|"
    r"refcount_t: |list_add corruption|list_del corruption|Bad page state|sleeping function called")
CONTEXT_LINES = 30


def of_the_run(text: str) -> str:
    """The part of the log after the boot."""
    _, mark, rest = text.partition(START)
    return rest.partition("\n")[2] if mark else text


def first_splat(text: str) -> tuple[str, str] | None:
    """The first bad line of a run's log, and it with what follows."""
    lines = of_the_run(text).splitlines()
    for number, line in enumerate(lines):
        if SPLAT.search(line):
            return line, "\n".join(lines[number:number + CONTEXT_LINES])
    return None
