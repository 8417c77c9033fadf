from scheduler.store.graph_cache import GraphCache
from tests.loop.engine import Engine, spec, task


def test_graphs_are_kept_by_the_number_of_their_tasks(db):
    engine = Engine(db)
    for name, size in (("small", 1), ("smaller", 1), ("large", 9)):
        engine.define(spec(*[task(f"t{at}") for at in range(size)], dag_id=name))
    small, smaller, large = (version for _, version, _ in engine.specs.values())
    cache = GraphCache(10)
    with db.read() as session:
        for version in (small, smaller, large):
            cache.get(session, version)
    assert [cache.known(version) is not None for version in (small, smaller, large)] == [False, True, True]
