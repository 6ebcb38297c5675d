"""Rules for system calls as a program of the kernel's filter machine (seccomp(2), a leaf).

Calls whose arguments do not matter are decided in a search tree over their numbers. When a process
enters the filter, the kernel tries every number there is, and remembers those that are always
allowed. The tree makes that cheap for each join, and such a call costs nothing afterwards.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06  # linux/bpf_common.h
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000  # linux/seccomp.h
_EPERM = 1
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # struct seccomp_data
_WORD = 0xFFFFFFFF

Instruction = tuple[int, int, int, int]  # code, how many to skip if true, if false, a constant
Code = list[Instruction]

_YES: Code = [(_RETURN, 0, 0, _ALLOW)]
_NO: Code = [(_RETURN, 0, 0, _ERRNO | _EPERM)]


@dataclass(frozen=True, slots=True)
class Test:
    """Whether half of an argument, masked with `mask`, is one of the values.

    `half` counts through the arguments: 0 and 1 are the low and the high half of the first one. If
    an argument has 32 bits (flags, a command), the kernel reads the low half only; so must we.
    """

    half: int
    values: tuple[int, ...]
    mask: int = _WORD
    wanted: bool = True


Rule = Sequence[tuple[Test, ...]]  # allowed if it passes all tests of one of these; () has none
ALWAYS: Rule = ((),)


def one_of(argument: int, *values: int, mask: int = _WORD) -> Test:
    """An argument of 32 bits that, masked with `mask`, is one of these."""
    return Test(2 * argument, values, mask)


def none_of(argument: int, *values: int) -> Test:
    """An argument of 32 bits that is none of these."""
    return Test(2 * argument, values, wanted=False)


def null(argument: int) -> tuple[Test, Test]:
    """A pointer to nothing."""
    return Test(2 * argument, (0,)), Test(2 * argument + 1, (0,))


def assemble(architecture: int, rules: Mapping[int, Rule]) -> bytes:
    """The program for rules by the numbers of their calls; all else fails with EPERM."""
    foreign: Code = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), *_NO]
    code = [*foreign, (_LOAD, 0, 0, _NUMBER), *_tree(_steps(rules))]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _steps(rules: Mapping[int, Rule]) -> list[tuple[int, Code]]:
    """From which number on which code decides, ascending; equal neighbours are one step."""
    steps: list[tuple[int, Code]] = [(0, _NO)]
    for number in sorted(rules):
        for first, code in ((number, _decide(rules[number])), (number + 1, _NO)):
            if steps[-1][0] == first:
                steps.pop()
            if not steps or steps[-1][1] != code:
                steps.append((first, code))
    return steps


def _tree(steps: list[tuple[int, Code]]) -> Code:
    """Jump to the code of the last step that is not above the number."""
    if len(steps) == 1:
        return steps[0][1]
    middle = len(steps) // 2
    below = _tree(steps[:middle])
    return [(_AT_LEAST, len(below), 0, steps[middle][0]), *below, *_tree(steps[middle:])]


def _decide(rule: Rule) -> Code:
    code: Code = []
    for tests in rule:
        if not tests:
            return _YES
        code += _all(tests)
    return code + _NO


def _all(tests: tuple[Test, ...]) -> Code:
    """Allow the call if it passes; else go on behind this code."""
    code = _YES
    for test in reversed(tests):
        code = _try(test, len(code)) + code
    return code


def _try(test: Test, rest: int) -> Code:
    """Go on if it passes the test, else skip the `rest`."""
    code: Code = [(_LOAD, 0, 0, _ARGUMENTS + 4 * test.half)]
    if test.mask != _WORD:
        code.append((_AND, 0, 0, test.mask))
    left = len(test.values)
    for value in test.values:
        left -= 1
        found, not_found = (left, 0 if left else rest) if test.wanted else (left + rest, 0)
        code.append((_EQUAL, found, not_found, value))
    return code
