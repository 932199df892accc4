"""One service on SQLite, whatever befalls it: nothing that was answered is lost, no answer is wrong."""

from pathlib import Path

import pytest

from tests.e2e.cluster import services
from tests.e2e.ordeal import CALM_S, SOAK_S, endure, faults_of, new_chance


def run(folder: Path, seconds: float, calm_s: float = 0) -> None:
    chance = new_chance()
    with services(folder, 1) as (nodes, key):
        faults = {**faults_of(nodes, chance), "SIGTERM and a start": nodes[0].restart}
        endure(nodes, key, chance, faults, seconds, calm_s)


def test_whatever_befalls_one_service(tmp_path):
    run(tmp_path, 0)


@pytest.mark.soak
def test_for_half_an_hour_whatever_befalls_one_service(tmp_path):
    run(tmp_path, SOAK_S, CALM_S)
