"""A benchmark that lost messages and did not see it would praise the fastest liar."""

from lab.bench.measure.verification import Judge, mark, parse


def judged(numbers: list[int]) -> Judge:
    judge = Judge([0])
    for number in numbers:
        judge.take(0, number)
    return judge


def test_a_mark_is_found_wherever_a_server_puts_it() -> None:
    delivery = parse(b":c1!~c@host PRIVMSG #bench :" + mark(3, 17, 123456789) + b"and more")
    assert delivery is not None
    assert (delivery.sender, delivery.number, delivery.sent) == (3, 17, 123456789)
    assert parse(b"2026-11-22T21:53:01.123456Z * - join bench") is None
    assert parse(mark(3, 17, 1)[:-1]) is None


def test_all_in_order() -> None:
    judge = judged([0, 1, 2])
    assert (judge.lost([3]), judge.repeated, judge.reordered) == (0, 0, 0)


def test_lost_in_the_middle_and_at_the_end() -> None:
    assert judged([0, 2]).lost([5]) == 3


def test_repeated() -> None:
    judge = judged([0, 1, 1, 2])
    assert (judge.lost([3]), judge.repeated, judge.reordered) == (0, 1, 0)


def test_reordered_is_neither_lost_nor_repeated() -> None:
    judge = judged([0, 2, 1, 3])
    assert (judge.lost([4]), judge.repeated, judge.reordered) == (0, 0, 1)


def test_senders_are_counted_apart_and_from_where_they_were() -> None:
    judge = Judge([10, 20])
    judge.take(0, 10)
    judge.take(1, 21)
    assert judge.lost([11, 22]) == 1


def test_two_clients_that_saw_another_order_differ() -> None:
    one, two = Judge([0, 0]), Judge([0, 0])
    for judge, senders in ((one, (0, 1)), (two, (1, 0))):
        for sender in senders:
            judge.take(sender, 0)
    assert one.order != two.order
