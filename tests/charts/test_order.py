"""In which order the labels of a picture stand."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.charts.order import order_by_cluster, order_by_wheel


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9999), st.integers(0, 12))
def test_clusters_stand_together_as_those_of_scipy(seed, count):
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    rng = np.random.default_rng(seed)
    phi = np.corrcoef(rng.normal(size=(count, 30))) if count > 1 else np.ones((count, count))
    order = order_by_cluster(phi)
    assert sorted(order) == list(range(count))
    if count < 2:
        return
    distances = 1 - (phi + phi.T) / 2
    np.fill_diagonal(distances, 0)
    members = [{k} for k in range(count)]
    for first, second, *_ in linkage(squareform(distances, checks=False), "average"):
        members.append(members[int(first)] | members[int(second)])
        places = [order.index(k) for k in members[-1]]
        assert max(places) - min(places) == len(places) - 1


def test_clusters_stand_side_by_side():
    group = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    rho = np.where(group[:, None] == group[None], 0.8, -0.2)
    np.fill_diagonal(rho, 1)
    ordered = group[order_by_cluster(rho)]
    assert (np.diff(ordered) != 0).sum() == 2
    assert order_by_cluster(np.eye(2)) == [0, 1]


def test_the_order_of_the_wheel():
    names = ["x", "joy", "Fear", "pessimism", "trust"]
    assert [names[at] for at in order_by_wheel(names)] == ["Fear", "trust", "joy", "pessimism", "x"]
