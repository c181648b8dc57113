"""What a user would write: dask-geopandas' `sjoin` on the parts, then a group-by."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from time import perf_counter, process_time

import dask_geopandas
import geopandas as gpd
from distributed import Client, LocalCluster


def main(folder: Path, workers: int, out: Path) -> None:
    areas = gpd.read_parquet(folder / "wards.parquet")
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, memory_limit=0
        ) as cluster,
        Client(cluster) as client,
    ):
        client.run(_load)
        before = client.run(process_time)
        start = perf_counter()
        points = dask_geopandas.read_parquet(folder / "parts")
        joined = points.sjoin(areas, predicate="intersects")
        counts = joined.groupby(["area_code", "category", "month"]).size().compute()
        took = perf_counter() - start
        cpu = {worker: used - before[worker] for worker, used in client.run(process_time).items()}
    frame = counts.rename("n").reset_index().astype(str)
    frame.sort_values(["area_code", "category", "month"]).to_csv(out, index=False)
    peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    figures = {"s": took, "busiest_cpu_s": max(cpu.values()), "worker_mb": peak_kb / 1024}
    sys.stdout.write(json.dumps(figures) + "\n")


def _load() -> None:
    import dask_geopandas  # noqa: F401, PLC0415 - in the workers


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
