"""Random stories of one long claim, in which much is corrected, retracted, superseded, hidden and erased."""

import json
from contextlib import suppress
from random import Random
from typing import Any

from domain.errors import Refusal
from domain.times import DAY_US
from tests.projections.story import Story

STATED = ("report", "deny", "assess", "assess", "confirm")
AIMED = ("correct", "correct", "retract", "retract", "reclassify", "erase")
CLASSIFICATIONS = ("public", "public", "internal", "confidential")


def long_story(seed: int, deeds: int = 330) -> Story:
    """Return a story in which every sixth deed is about an earlier event, mostly about one of the last."""
    random, story = Random(seed), Story()
    story.report(tags=["war"])
    for number in range(deeds):
        story.now_us += random.choice((0, DAY_US // 2, 2 * DAY_US))
        # What is refused (to retract twice, say) does not happen.
        with suppress(Refusal):
            (state if number % 6 else aim)(story, random)
    return story


def state(story: Story, random: Random) -> None:
    deed = random.choice(STATED)
    said: dict[str, Any] = {
        "classification": random.choice(CLASSIFICATIONS),
        "occurred_at": random.choice((None, f"2024-{random.randrange(1, 10):02}")),
    }
    if deed == "assess":
        assessed = [each for each in list(story.states)[-20:] if kind_of(story, each) == "ClaimAssessed"]
        story.assess(random.choice(("true", "mixed", "false")), random.choice([*assessed, None]), **said)
    elif deed == "confirm":
        court = {"name": f"Court {random.randrange(9)}"}
        story.post("ClaimConfirmed", {"speaker": court, "basis": "admission", "scope": "full"}, **said)
    else:
        getattr(story, deed)(**said)


def aim(story: Story, random: Random) -> None:
    deed, target = random.choice(AIMED), random.choice(list(story.states)[-20:])
    if deed == "correct":
        story.correct(target, {"occurred_at": f"2023-{random.randrange(1, 10):02}"})
    elif deed == "reclassify":
        story.reclassify(target, classification=random.choice(CLASSIFICATIONS))
    else:
        getattr(story, deed)(target)


def kind_of(story: Story, event_id: str) -> str:
    return str(json.loads(story.states[event_id])["type"])
