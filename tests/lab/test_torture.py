"""make torture, in short: nothing is lost, nobody else disturbed, nothing left over."""

from lab.torture import attack, chaos, confinement, conversation, model


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
