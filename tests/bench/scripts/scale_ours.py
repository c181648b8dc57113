"""Count a country by ward, category and month on workers that are started; the counts as CSV."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from time import perf_counter, process_time

import geopandas as gpd
from distributed import Client, LocalCluster

from geo.crs import Projection
from geo.scale import AreaUnits, CountJob, CountResult, Totals, count_on_cluster, find_parts


def main(folder: Path, kind: str, workers: int, out: Path) -> None:
    areas = gpd.read_parquet(folder / "wards.parquet").set_index("area_code")
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, memory_limit=0
        ) as cluster,
        Client(cluster) as client,
    ):
        # The libraries are there, as on a cluster that runs for longer than one question.
        client.run(_load)
        before = client.run(process_time)
        start = perf_counter()
        counted = _count(folder, kind, areas, cluster.scheduler_address)
        took = perf_counter() - start
        cpu = {worker: used - before[worker] for worker, used in client.run(process_time).items()}
    frame = counted.frame().astype(str).sort_values(["area_code", "category", "month"])
    frame.to_csv(out, index=False)
    # Of the largest process that was started here: a worker.
    peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    figures = {"s": took, "busiest_cpu_s": max(cpu.values()), "worker_mb": peak_kb / 1024}
    sys.stdout.write(json.dumps(figures) + "\n")


def _load() -> None:
    import geo.locate.grid  # noqa: PLC0415 - in the workers
    import geo.locate.kernels  # noqa: PLC0415 - likewise
    import geo.scale  # noqa: F401, PLC0415 - likewise


def _count(folder: Path, kind: str, areas: gpd.GeoDataFrame, scheduler: str) -> CountResult:
    job = CountJob(AreaUnits(areas), Projection.choose())
    files = [folder / "parts"] if kind == "parts" else sorted(folder.glob("*.zip"))
    totals = Totals()
    for part in count_on_cluster(find_parts(files).parts, job, scheduler=scheduler):
        totals.add(part)
    return totals.result(job.units.codes)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
