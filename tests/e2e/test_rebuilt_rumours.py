"""Three hundred real rumours stand as expected, now and as known then, over a rebuild while events arrive."""

import threading

from tests.e2e.service_process import ServiceProcess
from tests.e2e.test_as_of import INSTANTS, check_known
from tests.e2e.test_bulk import EMERGENT, check_emergent, needs_emergent, post_lines
from tests.e2e.test_keeping import appending, check_rows_equal_following, finished, wait_for_file


@needs_emergent
def test_three_hundred_rumours_stand_as_expected_after_a_rebuild_while_they_arrive(tmp_path):
    lines = EMERGENT.read_bytes().splitlines(keepends=True)
    with (
        ServiceProcess(tmp_path / "data") as service,
        service.client(service.create_key("importer", "importer")) as client,
    ):
        post_lines(client, lines[:1000])
        thread = threading.Thread(target=post_lines, args=(client, lines[1000:]))
        thread.start()
        finished(service, "rebuild", "standing")
        thread.join(timeout=120)
        wait_for_file(service, client, "views-2.db")
        check_emergent(client)
    check_rows_equal_following(tmp_path / "data", tmp_path / "scratch.db")


@needs_emergent
def test_what_was_known_then_stays_so_over_a_rebuild_while_events_arrive(tmp_path):
    with (
        ServiceProcess(tmp_path / "data") as service,
        service.client(key := service.create_key("importer", "importer")) as client,
    ):
        post_lines(client, EMERGENT.read_bytes().splitlines(keepends=True))
        client.get("/v1/summary", params={"min_position": 2895}).raise_for_status()
        with appending(service, key, "nk-watched") as digests:
            for instant in INSTANTS:
                check_known(client, instant)
            finished(service, "rebuild")
            wait_for_file(service, client, "views-2.db")
            for instant in INSTANTS:
                check_known(client, instant)
        assert len(digests) > 10
