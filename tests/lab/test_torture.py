"""make torture, in short: nothing is lost, nobody else disturbed, nothing left over."""

from lab.kit.machine import cage
from lab.torture import confinement, herd
from lab.torture.attack import abuse, attack
from lab.torture.chaos import chaos
from lab.torture.inside import inside
from lab.torture.model import conversation, model


def test_conversations_have_the_outcome_that_they_must_have() -> None:
    assert model.run(seed=7, count=200)


def test_a_conversation_is_drawn_again() -> None:
    drawn = [conversation.draw(7, number) for number in range(100)]
    assert drawn == [conversation.draw(7, number) for number in range(100)]
    assert len({repr(one.calls) for one in drawn}) == 100


def test_chaos_loses_nothing() -> None:
    assert chaos.run(seed=7, people=6, seconds=8)


def test_an_attack_ends_no_conversation() -> None:
    lines, _ = attack.run(people=5, seconds=0.9, size=attack.SHORT, turns=1)
    assert [name for name in attack.ATTACKS if not any(name in line for line in lines)] == []


def test_what_the_sandbox_costs_is_measured() -> None:
    assert "2 joins by turns" in confinement.run(2)[0]


def test_an_abused_token_is_measured() -> None:
    lines, _ = abuse.run(people=3, seconds=0.6, turns=1)
    assert [name for name in abuse.ABUSES if not any(name in line for line in lines)] == []


def test_a_herd_comes_in() -> None:
    lines, missed = herd.run(20)
    assert "20 at once, half of them over TLS: 20 are in" in lines[0]
    assert missed == []


def test_an_attacker_inside_reaches_what_is_said_and_no_more() -> None:
    cage.skip_unless_whole()
    lines, missed = inside.run()
    assert missed == []
    assert int(lines[-1].split()[0]) > 190
