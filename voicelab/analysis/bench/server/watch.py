"""Read the server's vitals from /metrics: memory, file descriptors, threads, tasks."""

from dataclasses import dataclass
from typing import Self

import httpx
from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True, slots=True)
class Vitals:
    """A server's vitals. rss_bytes, cpu_s: resident memory and processor time, including its engine processes."""

    rss_bytes: float
    fds: float
    threads: float
    tasks: float
    connections: float
    cpu_s: float

    @classmethod
    async def of(cls, address: str) -> Self:
        """Read the vitals of the server at http://host:port; httpx.HTTPError if it does not answer."""
        # Skip certificates, which are not needed and slow to load.
        async with httpx.AsyncClient(trust_env=False, timeout=30.0, verify=False) as client:
            page = (await client.get(f"{address}/metrics")).raise_for_status().text
        # A missing metric raises KeyError, because it must not look like one that has not grown.
        values: dict[str, float] = {}
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                values[sample.name] = values.get(sample.name, 0.0) + sample.value
        return cls(
            rss_bytes=values["process_resident_memory_bytes"] + values["voicelab_worker_memory_bytes"],
            fds=values["process_open_fds"],
            threads=values["voicelab_threads"],
            tasks=values["voicelab_tasks"],
            connections=values["voicelab_connections"],
            cpu_s=values["process_cpu_seconds_total"] + values["voicelab_worker_cpu_seconds_total"],
        )
