"""Two hundred slow clients, on every documented way of serving: nobody else waits a second."""

import asyncio
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from sqlalchemy import select

from campaign.db import count_of
from campaign.events.sign_ups.models import SignUpAsk
from tests.drills.outcome import Order, Outcome
from tests.drills.private import Private, private_on, wait_until
from tests.drills.racing import make_event, sign_up
from tests.services.programs import HERE, missing
from tests.services.proxies import proxy

WAYS = ("direct", "nginx", "caddy")
CROWDS = (1, 200)
SIGN_UPS, VISITORS = 60, 2
# Seconds that anybody else may wait for a sign-up.
WITHIN = 1.0
# Seconds between the bytes of a slow client.
DRIP = 0.5
# Some 44 kB, of which a slow reader takes a byte at a time.
LARGE = "/static/icons/og.png"


def slow_clients_drill(order: Order) -> Outcome:
    """Hold 1 and 200 slow connections on each way of serving, and let others sign up."""
    outcome = order.outcome(sign_ups=0)
    with private_on(order.database, WEB_WORKERS=2, TRUSTED_PROXIES=1) as campaign:
        campaign.start_web()
        form = make_event(campaign, capacity=10_000)
        _p95(outcome, campaign, "alone", campaign.port, form)
        for way in WAYS:
            if way != "direct" and (word := missing(way)):
                print(f"  {word}", flush=True)
                continue
            with proxy(way, to=campaign.port) as port:
                for crowd in CROWDS:
                    number = order.sized(crowd)
                    with slow_clients(port, form[0], number) as slow:
                        p95 = _p95(outcome, campaign, f"{way}_{crowd}", port, form)
                        held = slow.open
                    outcome.promise(held == number, f"{way}: {held} of {number} slow are there")
                    outcome.promise(p95 < WITHIN, f"{way}, {crowd} slow: p95 is {p95:.2f} s")
        with campaign.app.app_context():
            asked = count_of(select(SignUpAsk))
        outcome.lost = outcome.counts["sign_ups"] - asked
        outcome.promise(outcome.lost == 0, f"{outcome.lost} sign-ups are not there")
        outcome.promise(bool(campaign.answers()), "the site does not answer afterwards")
    return outcome


def _p95(outcome: Outcome, campaign: Private, name: str, port: int, form: tuple[str, str]) -> float:
    """Let people sign up; give the seconds within which nineteen of twenty were answered."""

    def press(number: int) -> tuple[int, float]:
        began, status = time.monotonic(), 0
        with suppress(OSError):
            status = sign_up(campaign, *form, f"{name}-{number}@example.org", port=port)
        return status, time.monotonic() - began

    with ThreadPoolExecutor(VISITORS) as visitors:
        taken = list(visitors.map(press, range(SIGN_UPS)))
    p95 = statistics.quantiles([seconds for _, seconds in taken], n=20)[-1]
    refused = sum(status != 303 for status, _ in taken)
    outcome.counts["sign_ups"] += len(taken) - refused
    outcome.counts[f"{name}_p95_ms"] = round(p95 * 1000)
    outcome.promise(refused == 0, f"{name}: {refused} sign-ups were not taken")
    return p95


class SlowClients:
    """Clients that never come to an end: of a head, of a body, of reading, of saying anything."""

    def __init__(self, port: int, slug: str, number: int) -> None:
        form = "application/x-www-form-urlencoded"
        head = f"POST /events/{slug}/sign-up HTTP/1.1\r\nHost: {HERE}\r\n"
        self._port, self._number = port, number
        self._kinds = [
            f"{head}Content-Type: {form}\r\nContent-Length: 5000\r\n\r\nname=",
            f"{head}X-Slow: ",
            f"{head}Content-Type: {form}\r\nTransfer-Encoding: chunked\r\n\r\n",
            f"GET {LARGE} HTTP/1.1\r\nHost: {HERE}\r\n\r\n",
        ]
        # How many are connected now, each anew as soon as it is cut off.
        self.open = 0

    async def run(self) -> None:
        """Be slow until cancelled."""
        await asyncio.gather(*(self._be_slow(n % len(self._kinds)) for n in range(self._number)))

    async def _be_slow(self, kind: int) -> None:
        while True:
            with suppress(OSError):
                await self._once(kind)
            await asyncio.sleep(0.05)

    async def _once(self, kind: int) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.setblocking(False)
            await loop.sock_connect(client, (HERE, self._port))
            await loop.sock_sendall(client, self._kinds[kind].encode())
            self.open += 1
            try:
                while True:
                    await asyncio.sleep(DRIP)
                    if kind == 3:
                        if not await loop.sock_recv(client, 1):
                            return
                    else:
                        await loop.sock_sendall(client, b"1\r\na\r\n" if kind == 2 else b"a")
            finally:
                self.open -= 1


@contextmanager
def slow_clients(port: int, slug: str, number: int) -> Iterator[SlowClients]:
    """Keep so many slow clients connected."""
    clients = SlowClients(port, slug, number)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="slow clients")
    thread.start()
    running = asyncio.run_coroutine_threadsafe(clients.run(), loop)
    try:
        wait_until(lambda: clients.open == number, within=20, what="the slow clients are there")
        yield clients
    finally:
        running.cancel()
        asyncio.run_coroutine_threadsafe(_settle(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _settle() -> None:
    mine = asyncio.current_task()
    others = [task for task in asyncio.all_tasks() if task is not mine]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
