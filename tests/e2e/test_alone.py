"""One service on SQLite, whatever befalls it: nothing that was answered is lost, no answer is wrong."""

from pathlib import Path

import pytest

from tests.e2e.clients import clients
from tests.e2e.cluster import check_in_the_end, services
from tests.e2e.ordeal import CALM_S, SOAK_S, Ordeal, faults_of, new_chance


def run(folder: Path, seconds: float, calm_s: float = 0) -> None:
    chance = new_chance()
    with services(folder, 1) as (nodes, key):
        with clients(nodes, key, chance.randrange(2**32)) as history:
            ordeal = Ordeal(history)
            ordeal.go_on({**faults_of(nodes, chance), "SIGTERM and a start": nodes[0].restart}, seconds, calm_s)
        check_in_the_end(nodes, key, history)
        print(ordeal.summary())  # noqa: T201


def test_for_ten_seconds_whatever_befalls_one_service(tmp_path):
    run(tmp_path, 10)


@pytest.mark.soak
def test_for_half_an_hour_whatever_befalls_one_service(tmp_path):
    run(tmp_path, SOAK_S, CALM_S)
