"""Every operation for every reader: what one may not read is as if it were not there."""

from itertools import product

import pytest
from starlette.routing import Route

from api.app import create_app, openapi_document
from tests.api.fakes import World as FakeWorld
from tests.service.access.asking import World, about, hidden_from, told_of
from tests.service.access.hidden import ABSENT, THINGS
from tests.service.access.readers import KEYS, READERS, Reader
from tests.service.access.rules import RULES, Rule

READS = [name for name, rule in RULES.items() if rule.kind in ("reads", "public")]
OPEN = [name for name, rule in RULES.items() if rule.kind == "open"]
NOBODYS = Reader(None)


def ways_about(rule: Rule, *, named: bool) -> list[str]:
    return [way for way in rule.ways if any(f"{{{n}}}" in way for n in ("claim", "event", "denial", "word")) is named]


def audience_of(rule: Rule, reader: Reader) -> int:
    return reader.audience if rule.kind == "reads" else 0


def test_every_operation_has_a_rule():
    document = {f"{m.upper()} {path}" for path, methods in openapi_document()["paths"].items() for m in methods}
    routes = [route for route in create_app(FakeWorld().ports()).routes if isinstance(route, Route)]
    served = {f"{m} {route.path.replace(':path', '')}" for route in routes for m in route.methods or () if m != "HEAD"}
    assert document <= served
    assert served == set(RULES)


@pytest.mark.parametrize("operation", READS)
def test_what_one_may_not_read_is_answered_like_what_there_is_not(world: World, operation: str):
    rule = RULES[operation]
    for reader, way in product(READERS, ways_about(rule, named=True)):
        lowers = rule.kind == "reads"
        absent = about(world.ask(reader, way, ABSENT, lowers=lowers), ABSENT, ABSENT)
        hidden = [each for each in hidden_from(audience_of(rule, reader)) if "{word}" in way or not each.keeps_ids]
        for thing in hidden:
            answer = world.ask(reader, way, thing, lowers=lowers)
            assert about(answer, thing, ABSENT) == absent, (reader, way, thing)
            others = [each for each in hidden_from(audience_of(rule, reader)) if each is not thing]
            assert told_of(answer, others) == []


@pytest.mark.parametrize("operation", READS)
def test_no_answer_has_a_word_of_what_one_may_not_read(world: World, operation: str):
    rule = RULES[operation]
    for reader, way in product(READERS, ways_about(rule, named=False)):
        answer = world.ask(reader, way, ABSENT, lowers=rule.kind == "reads")
        assert answer.status == 200, (reader, way)
        assert told_of(answer, hidden_from(audience_of(rule, reader))) == [], (reader, way)


@pytest.mark.parametrize("operation", [name for name in READS if RULES[name].tells])
def test_what_one_may_read_is_shown(world: World, operation: str):
    rule = RULES[operation]
    # Of what was retracted nothing counts for, or against, those who have said it.
    things = [thing for thing in THINGS if "sources" not in operation or thing.then != "retract"]
    for reader, thing in product(READERS, things):
        if thing.audience <= audience_of(rule, reader):
            answers = (world.ask(reader, way, thing, lowers=rule.kind == "reads") for way in rule.ways)
            assert any(told_of(answer, [thing]) for answer in answers), (reader, thing)


@pytest.mark.parametrize("operation", OPEN)
def test_what_is_open_tells_nothing_of_any_event_and_is_the_same_for_all(world: World, operation: str):
    for way in RULES[operation].ways:
        first = world.ask(NOBODYS, way, ABSENT)
        assert first.status in (200, 404)
        assert told_of(first, list(THINGS)) == []
        for reader in KEYS:
            assert about(world.ask(reader, way, ABSENT), ABSENT, ABSENT) == about(first, ABSENT, ABSENT)


def test_metrics_are_the_operators_and_name_no_event(world: World):
    for reader in (NOBODYS, *KEYS):
        answer = world.ask(reader, "/metrics", ABSENT)
        assert answer.status == (200 if reader.role in ("admin", "auditor") else 403 if reader.role else 401)
        assert told_of(answer, list(THINGS)) == []


def test_how_many_combinations_there_are():
    asked = sum(
        len(rule.ways) * len(READERS) * len(THINGS) for rule in RULES.values() if rule.kind in ("reads", "public")
    )
    print(f"{len(RULES)} operations, {len(READERS)} readers, {len(THINGS)} visibilities: {asked} answers of reads")  # noqa: T201
    assert asked > 10_000
