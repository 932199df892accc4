"""Which embargoes have ended, as far as the read models can tell."""

from domain.times import DAY_US
from projections.embargoes import Embargo, list_ended
from projections.follower import Follower
from tests.projections.story import BEGINNING_US, CLAIM, Story

ENDS_US = BEGINNING_US + DAY_US
ENDS = "2024-10-05T12:00:00Z"


def test_an_embargo_has_ended_at_its_instant():
    story = Story()
    report = story.report(embargo_until=ENDS)
    connection = story.ledger.follow().connection
    assert list_ended(connection, ENDS_US - 1, 10) == []
    assert list_ended(connection, ENDS_US, 10) == [Embargo(CLAIM, report, ENDS_US)]


def test_an_embargo_that_an_event_not_applied_yet_may_have_prolonged_has_not_ended():
    story = Story()
    report = story.report(embargo_until=ENDS)
    other = story.report("another", embargo_until=ENDS)
    story.reclassify(report, embargo_until="2024-10-06T12:00:00Z")
    connection = story.ledger.connection
    follower = Follower(connection, batch_limit=2)
    assert follower.step() == 2
    assert list_ended(connection, ENDS_US, 10) == [Embargo("another", other, ENDS_US)]
    follower.step()
    assert list_ended(connection, ENDS_US + DAY_US, 10)[-1] == Embargo(CLAIM, report, ENDS_US + DAY_US)
