from threading import Semaphore

from scheduler.parsing.watch import Watcher


def test_a_watch_that_has_begun_says_so_for_nobody_told_of_what_came_before(tmp_path):
    told = Semaphore(0)
    watcher = Watcher(tmp_path, told.release)
    watcher.start()
    try:
        assert told.acquire(timeout=30)
    finally:
        watcher.close()
