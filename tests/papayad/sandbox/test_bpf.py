"""The filters as programs: what they decide, on each architecture, by an interpreter of our own."""

import struct
from collections.abc import Sequence

import pytest

from papayad.formats import titles
from papayad.sandbox import seccomp, syscalls
from papayad.sandbox.bpf import ALWAYS, assemble, none_of, null, one_of

ARCHITECTURES = ["x86_64", "aarch64", "riscv64", "arm", "i386"]
ALLOWED = 0x7FFF0000
HERE = 0xC000003E


def decide(
    program: bytes, number: int, words: Sequence[int] = (), architecture: int = HERE
) -> bool:
    """Run a program as the kernel does (Documentation/networking/filter.rst)."""
    arguments = [*words, *[0] * (6 - len(words))]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *arguments)
    code = list(struct.iter_unpack("=HBBI", program))
    at = value = 0
    while True:
        operation, if_true, if_false, constant = code[at]
        at += 1
        if operation == 0x20:
            (value,) = struct.unpack_from("<I", data, constant)
        elif operation == 0x54:
            value &= constant
        elif operation == 0x15:
            at += if_true if value == constant else if_false
        elif operation == 0x35:
            at += if_true if value >= constant else if_false
        else:
            assert operation == 0x06
            return bool(constant == ALLOWED)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("role", [titles.RECV, titles.SEND, titles.REAPER])
def test_a_program_allows_what_the_rules_do_and_no_other_number(
    architecture: str, role: str
) -> None:
    program = seccomp.build(architecture)[role]
    audit = syscalls.audit_number(architecture)
    rules = seccomp.rules(role)
    always = {syscalls.number(architecture, name) for name in rules if rules[name] == ALWAYS}
    known = {syscalls.number(architecture, name) for name in rules}
    for number in range(1024):
        if number in always:
            assert decide(program, number, architecture=audit)
        elif number not in known:
            assert not decide(program, number, architecture=audit)
        assert not decide(program, number, architecture=audit ^ 1)
        assert not decide(program, number | 0x40000000, architecture=audit)  # x32
    assert len(program) // 8 < 4096


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_numbers_are_those_of_libseccomp(architecture: str) -> None:
    pyseccomp = pytest.importorskip("pyseccomp")
    names = {"i386": "X86", "x86_64": "X86_64"}
    arch = getattr(pyseccomp.Arch, names.get(architecture, architecture.upper()))
    for name in syscalls.NUMBERS:
        ours = syscalls.number(architecture, name)
        if architecture == "i386" and name in ("recvfrom", "shutdown"):
            continue  # libseccomp knows them as parts of socketcall only
        assert ours in (-1, pyseccomp.resolve_syscall(arch, name)), name


def test_rules_of_arguments() -> None:
    program = assemble(
        HERE,
        {
            1: ALWAYS,
            2: [(one_of(0, 5, 7),)],
            3: [(none_of(1, 5, 7), one_of(0, 4, mask=4))],
            4: [null(2)],
            5: [(one_of(0, 1),), (one_of(0, 2), one_of(1, 3))],
        },
    )
    assert decide(program, 1)
    assert not decide(program, 0)
    assert not decide(program, 6)
    assert [decide(program, 2, [n]) for n in (4, 5, 6, 7, 8)] == [False, True, False, True, False]
    assert decide(program, 2, [5 | 1 << 40])  # of 32 bits the kernel sees no more, either
    assert decide(program, 3, [6, 6])
    assert not decide(program, 3, [6, 7])
    assert not decide(program, 3, [2, 6])
    assert decide(program, 4, [9, 9, 0])
    assert not decide(program, 4, [9, 9, 1])
    assert not decide(program, 4, [9, 9, 1 << 32])
    assert decide(program, 5, [1, 9])
    assert decide(program, 5, [2, 3])
    assert not decide(program, 5, [2, 4])
